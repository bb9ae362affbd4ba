`default_nettype none

/// Sums every channel over the PIXELS of a frame: global average pooling, but for the division, which is one of the scale.
///
/// A pixel comes in BEATS beats of LANES channels, and so do the sums, while the last pixel passes. OUT_BITS must hold
/// every partial sum; it has the sign of the input. Takes a beat a cycle and never waits except for its reader. Cuts all
/// combinatorial paths. Latency from the last pixel's first beat: one cycle.
module avgpool #(
    parameter int LANES     = 1,   // channels a beat
    parameter int BEATS     = 4,   // beats of a pixel
    parameter int PIXELS    = 16,  // pixels of a frame
    parameter int IN_BITS   = 8,   // bits of an input lane
    parameter bit IN_SIGNED = 0,   // input lanes are signed
    parameter int OUT_BITS  = 12   // bits of a sum
) (
    input  wire                       clk_i,
    input  wire                       rst_ni,
    input  wire                       in0_valid_i,
    output logic                      in0_ready_o,
    input  wire  [ LANES*IN_BITS-1:0] in0_data_i,
    output logic                      out0_valid_o,
    input  wire                       out0_ready_i,
    output logic [LANES*OUT_BITS-1:0] out0_data_o
);

  localparam int BEAT_BITS = BEATS > 1 ? $clog2(BEATS) : 1;
  localparam int PIXEL_BITS = PIXELS > 1 ? $clog2(PIXELS) : 1;

  if (OUT_BITS < IN_BITS) begin : gen_check
    $fatal(1, "%m: OUT_BITS = %0d is less than IN_BITS = %0d", OUT_BITS, IN_BITS);
  end

  logic take, ready, beat_last, pixel_last;
  logic [ BEAT_BITS-1:0] beat;
  logic [PIXEL_BITS-1:0] pixel;
  logic [LANES*OUT_BITS-1:0] data, earlier, sum;

  // read and written within a cycle: LUT-RAM, or a register if a pixel is one beat
  (* ram_style = "distributed" *) logic [LANES*OUT_BITS-1:0] sums[BEATS];

  assign in0_ready_o = ready || !pixel_last;
  assign take = in0_valid_i && in0_ready_o;

  counter #(
      .COUNT(BEATS)
  ) i_beats (
      .clk_i,
      .rst_ni,
      .step_i (take),
      .count_o(beat),
      .last_o (beat_last)
  );
  counter #(
      .COUNT(PIXELS)
  ) i_pixels (
      .clk_i,
      .rst_ni,
      .step_i (take && beat_last),
      .count_o(pixel),
      .last_o (pixel_last)
  );

  extend_lanes #(
      .LANES(LANES),
      .IN_BITS(IN_BITS),
      .SIGNED(IN_SIGNED),
      .OUT_BITS(OUT_BITS)
  ) i_extend (
      .data_i(in0_data_i),
      .data_o(data)
  );
  assign earlier = sums[beat];
  for (genvar lane = 0; lane < LANES; lane++) begin : gen_lane
    assign sum[lane*OUT_BITS+:OUT_BITS] =
        data[lane*OUT_BITS+:OUT_BITS] + (pixel == '0 ? '0 : earlier[lane*OUT_BITS+:OUT_BITS]);
  end
  always_ff @(posedge clk_i) begin
    if (take) sums[beat] <= sum;
  end

  stream_register #(
      .WIDTH(LANES * OUT_BITS)
  ) i_register (
      .clk_i,
      .rst_ni,
      .in0_valid_i(in0_valid_i && pixel_last),
      .in0_ready_o(ready),
      .in0_data_i (sum),
      .out0_valid_o,
      .out0_ready_i,
      .out0_data_o
  );

endmodule

`default_nettype wire
