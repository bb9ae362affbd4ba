`default_nettype none

/// Every channel of every pixel, the last beat of a pixel partly filled, comes out at its lane of its beat.
module prove_stream_width #(
    parameter int BITS = 1,
    parameter int CHANNELS = 3,
    parameter int IN_LANES = 3,
    parameter int OUT_LANES = 2
) (
    input wire                     clk_i,
    input wire [     CHANNELS-1:0] mark_i,
    input wire                     in_valid_i,
    input wire [IN_LANES*BITS-1:0] in_data_i,
    input wire                     out_ready_i
);

  logic rst_ni = 0;  // in the first cycle only
  always_ff @(posedge clk_i) rst_ni <= 1;

  logic in_ready, out_valid;
  logic [OUT_LANES*BITS-1:0] out_data;

  stream_width #(
      .BITS(BITS),
      .CHANNELS(CHANNELS),
      .IN_LANES(IN_LANES),
      .OUT_LANES(OUT_LANES)
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
      .CHANNELS(CHANNELS),
      .IN_LANES(IN_LANES),
      .OUT_LANES(OUT_LANES),
      .MOST(6),
      .WITHIN(2 * CHANNELS + 2)
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
