`default_nettype none

/// Each reader gets every beat once, and no beat leaves before all have it.
module prove_stream_fork #(
    parameter int BITS    = 2,
    parameter int READERS = 3
) (
    input wire               clk_i,
    input wire [READERS-1:0] mark_i,
    input wire               in_valid_i,
    input wire [   BITS-1:0] in_data_i,
    input wire [READERS-1:0] out_ready_i
);

  logic rst_ni = 0;  // in the first cycle only
  always_ff @(posedge clk_i) rst_ni <= 1;
  logic in_ready;
  logic [READERS-1:0] out_valid;
  logic [READERS-1:0][BITS-1:0] out_data;
  logic waits;
  wire offered = in_valid_i && !waits;  // a beat shows itself: from here on readers may take it

  always_ff @(posedge clk_i) waits <= rst_ni && in_valid_i && !in_ready;

  stream_fork #(
      .WIDTH  (BITS),
      .READERS(READERS)
  ) dut (
      .clk_i,
      .rst_ni,
      .in0_valid_i(in_valid_i),
      .in0_ready_o(in_ready),
      .in0_data_i (in_data_i),
      .out_valid_o(out_valid),
      .out_ready_i,
      .out_data_o (out_data)
  );
  stream_writer #(
      .WIDTH(BITS)
  ) writer (
      .clk_i,
      .rst_ni,
      .valid_i(in_valid_i),
      .ready_i(in_ready),
      .data_i (in_data_i)
  );
  stream_progress #(
      .ENDS  (READERS + 1),
      .WITHIN(2)
  ) progress (
      .clk_i,
      .rst_ni,
      .valid_i  ({out_valid, in_valid_i}),
      .ready_i  ({out_ready_i, in_ready}),
      .willing_i({out_ready_i, in_valid_i})
  );
  for (genvar i = 0; i < READERS; i++) begin : gen_reader
    stream_stable #(
        .WIDTH(BITS)
    ) stable (
        .clk_i,
        .rst_ni,
        .valid_i(out_valid[i]),
        .ready_i(out_ready_i[i]),
        .data_i (out_data[i])
    );
    channel_order #(
        .BITS(BITS),
        .MOST(1)
    ) order (
        .clk_i,
        .rst_ni,
        .mark_i(mark_i[i]),
        .in_valid_i(offered),
        .in_ready_i(1'b1),
        .in_data_i,
        .out_valid_i(out_valid[i]),
        .out_ready_i(out_ready_i[i]),
        .out_data_i(out_data[i])
    );
  end

endmodule

`default_nettype wire
