`default_nettype none

/// Gathers beats of IN_LANES channels into beats of OUT_LANES, a multiple; the last beat of a pixel may be partly filled.
///
/// One input beat a cycle; cuts all combinatorial paths. Part of `stream_width`.
module stream_widen #(
    parameter int BITS      = 8,  // of one lane
    parameter int CHANNELS  = 4,  // of a pixel
    parameter int IN_LANES  = 1,  // channels a beat of the input
    parameter int OUT_LANES = 2   // channels a beat of the output
) (
    input  wire                       clk_i,
    input  wire                       rst_ni,
    input  wire                       in0_valid_i,
    output logic                      in0_ready_o,
    input  wire  [ IN_LANES*BITS-1:0] in0_data_i,
    output logic                      out0_valid_o,
    input  wire                       out0_ready_i,
    output logic [OUT_LANES*BITS-1:0] out0_data_o
);

  localparam int PARTS = OUT_LANES / IN_LANES;
  localparam int IN_BEATS = (CHANNELS + IN_LANES - 1) / IN_LANES;
  localparam int WIDTH = IN_LANES * BITS;

  if (PARTS < 2 || PARTS * IN_LANES != OUT_LANES) begin : gen_check
    $fatal(1, "%m: IN_LANES = %0d must be a proper divisor of OUT_LANES = %0d", IN_LANES, OUT_LANES);
  end

  logic valid, ready;
  logic [WIDTH-1:0] data;
  logic [$clog2(PARTS)-1:0] part;  // of the gathered beat
  logic last_part, last_beat;  // of it, and of the pixel

  stream_register #(
      .WIDTH(WIDTH)
  ) i_register (
      .clk_i,
      .rst_ni,
      .in0_valid_i,
      .in0_ready_o,
      .in0_data_i,
      .out0_valid_o(valid),
      .out0_ready_i(ready),
      .out0_data_o (data)
  );

  assign ready = !out0_valid_o || out0_ready_i;

  logic [IN_BEATS > 1 ? $clog2(IN_BEATS) - 1 : 0:0] unused_beat;
  counter #(
      .COUNT(IN_BEATS)
  ) i_pixel_beats (
      .clk_i,
      .rst_ni,
      .step_i (valid && ready),
      .count_o(unused_beat),
      .last_o (last_beat)
  );
  counter #(
      .COUNT(PARTS)
  ) i_parts (
      .clk_i,
      .rst_ni (rst_ni && !(valid && ready && last_beat)),
      .step_i (valid && ready),
      .count_o(part),
      .last_o (last_part)
  );

  for (genvar i = 0; i < PARTS; i++) begin : gen_part
    always_ff @(posedge clk_i) if (ready && part == $bits(part)'(i)) out0_data_o[i*WIDTH+:WIDTH] <= data;
  end

  always_ff @(posedge clk_i) begin
    if (ready) out0_valid_o <= valid && (last_part || last_beat);
    if (!rst_ni) out0_valid_o <= 0;
  end

endmodule

`default_nettype wire
