`default_nettype none

/// Each channel of each pixel comes out of its own output, and both outputs keep going.
module prove_split #(
    parameter int LANES     = 1,
    parameter int CHANNELS0 = 2,
    parameter int CHANNELS1 = 1,
    parameter int BITS      = 1
) (
    input wire                           clk_i,
    input wire [CHANNELS0+CHANNELS1-1:0] mark_i,
    input wire                           in_valid_i,
    input wire [         LANES*BITS-1:0] in_data_i,
    input wire [                    1:0] out_ready_i
);

  logic rst_ni = 0;  // in the first cycle only
  always_ff @(posedge clk_i) rst_ni <= 1;
  localparam int CHANNELS = CHANNELS0 + CHANNELS1;
  localparam int BEATS0 = CHANNELS0 / LANES;
  localparam int BEATS1 = (CHANNELS1 + LANES - 1) / LANES;
  logic in_ready;
  logic [1:0] out_valid;
  logic [1:0][LANES*BITS-1:0] out_data;

  split #(
      .LANES(LANES),
      .CHANNELS0(CHANNELS0),
      .CHANNELS1(CHANNELS1),
      .BITS(BITS)
  ) dut (
      .clk_i,
      .rst_ni,
      .in0_valid_i (in_valid_i),
      .in0_ready_o (in_ready),
      .in0_data_i  (in_data_i),
      .out0_valid_o(out_valid[0]),
      .out0_ready_i(out_ready_i[0]),
      .out0_data_o (out_data[0]),
      .out1_valid_o(out_valid[1]),
      .out1_ready_i(out_ready_i[1]),
      .out1_data_o (out_data[1])
  );
  stream_writer #(
      .WIDTH(LANES * BITS)
  ) writer (
      .clk_i,
      .rst_ni,
      .valid_i(in_valid_i),
      .ready_i(in_ready),
      .data_i (in_data_i)
  );
  stream_progress #(
      .ENDS  (3),
      .WITHIN(BEATS0 + BEATS1 + 2)
  ) progress (
      .clk_i,
      .rst_ni,
      .valid_i  ({out_valid, in_valid_i}),
      .ready_i  ({out_ready_i, in_ready}),
      .willing_i({out_ready_i, in_valid_i})
  );
  for (genvar i = 0; i < 2; i++) begin : gen_output
    stream_stable #(
        .WIDTH(LANES * BITS)
    ) stable (
        .clk_i,
        .rst_ni,
        .valid_i(out_valid[i]),
        .ready_i(out_ready_i[i]),
        .data_i (out_data[i])
    );
  end
  for (genvar c = 0; c < CHANNELS; c++) begin : gen_channel
    localparam int PART = c < CHANNELS0 ? 0 : 1;
    channel_order #(
        .BITS(BITS),
        .IN_LANES(LANES),
        .IN_BEATS(BEATS0 + BEATS1),
        .IN_CHANNEL(c),
        .OUT_LANES(LANES),
        .OUT_BEATS(PART == 0 ? BEATS0 : BEATS1),
        .OUT_CHANNEL(c - PART * CHANNELS0)
    ) order (
        .clk_i,
        .rst_ni,
        .mark_i(mark_i[c]),
        .in_valid_i,
        .in_ready_i(in_ready),
        .in_data_i,
        .out_valid_i(out_valid[PART]),
        .out_ready_i(out_ready_i[PART]),
        .out_data_i(out_data[PART])
    );
  end

endmodule

`default_nettype wire
