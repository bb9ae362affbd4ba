`default_nettype none

/// A FIFO holds its depth and what its output registers do, and never stands still.
module prove_stream_fifo #(
    parameter int BITS  = 1,
    parameter int DEPTH = 4,
    parameter bit BLOCK = 0
) (
    input wire              clk_i,
    input wire [     1-1:0] mark_i,
    input wire              in_valid_i,
    input wire [1*BITS-1:0] in_data_i,
    input wire              out_ready_i
);

  logic rst_ni = 0;  // in the first cycle only
  always_ff @(posedge clk_i) rst_ni <= 1;

  logic in_ready, out_valid;
  logic [1*BITS-1:0] out_data;

  stream_fifo #(
      .WIDTH(BITS),
      .DEPTH(DEPTH),
      .BLOCK(BLOCK)
  ) dut (
      .clk_i,
      .rst_ni,
      .in0_valid_i (in_valid_i),
      .in0_ready_o (in_ready),
      .in0_data_i  (in_data_i),
      .out0_valid_o(out_valid),
      .out0_ready_i(out_ready_i),
      .out0_data_o (out_data)
  );
  stream_properties #(
      .BITS(BITS),
      .CHANNELS(1),
      .IN_LANES(1),
      .OUT_LANES(1),
      .MOST(DEPTH + 1 + int'(BLOCK)),
      .WITHIN(5)
  ) properties (
      .clk_i,
      .rst_ni,
      .enable_i(1'b1),
      .mark_i,
      .in_valid_i,
      .in_ready_i(in_ready),
      .in_data_i,
      .out_valid_i(out_valid),
      .out_ready_i,
      .out_data_i(out_data)
  );

endmodule

`default_nettype wire
