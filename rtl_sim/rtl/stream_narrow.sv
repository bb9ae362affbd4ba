`default_nettype none

/// Splits beats of IN_LANES channels into beats of OUT_LANES, which divides IN_LANES; sends only beats that hold channels.
///
/// One output beat a cycle, latency two cycles; cuts all combinatorial paths. Part of `stream_width`.
module stream_narrow #(
    parameter int BITS      = 8,  // of one lane
    parameter int CHANNELS  = 4,  // of a pixel
    parameter int IN_LANES  = 2,  // channels a beat of the input
    parameter int OUT_LANES = 1   // channels a beat of the output
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

  localparam int PARTS = IN_LANES / OUT_LANES;
  localparam int OUT_BEATS = (CHANNELS + OUT_LANES - 1) / OUT_LANES;
  localparam int SHIFT = OUT_LANES * BITS;

  if (PARTS < 2 || PARTS * OUT_LANES != IN_LANES) begin : gen_check
    $fatal(1, "%m: OUT_LANES = %0d must be a proper divisor of IN_LANES = %0d", OUT_LANES, IN_LANES);
  end

  logic last_part, last_beat;  // of the held input beat, of the pixel
  logic [IN_LANES*BITS-1:0] held;
  logic full, last, ready;

  assign last = last_part || last_beat;
  assign in0_ready_o = ready && (!full || last);

  logic [OUT_BEATS > 1 ? $clog2(OUT_BEATS) - 1 : 0:0] unused_beat;
  logic [$clog2(PARTS)-1:0] unused_part;
  counter #(
      .COUNT(OUT_BEATS)
  ) i_beat (
      .clk_i,
      .rst_ni,
      .step_i (full && ready),
      .count_o(unused_beat),
      .last_o (last_beat)
  );
  counter #(
      .COUNT(PARTS)
  ) i_part (
      .clk_i,
      .rst_ni (rst_ni && !(full && ready && last_beat)),
      .step_i (full && ready),
      .count_o(unused_part),
      .last_o (last_part)
  );

  always_ff @(posedge clk_i) begin
    if (ready) begin
      held <= in0_ready_o ? in0_data_i : held >> SHIFT;
      full <= in0_ready_o ? in0_valid_i : full;
    end
    if (!rst_ni) full <= 0;
  end

  stream_register #(
      .WIDTH(SHIFT)
  ) i_register (
      .clk_i,
      .rst_ni,
      .in0_valid_i(full),
      .in0_ready_o(ready),
      .in0_data_i (held[SHIFT-1:0]),
      .out0_valid_o,
      .out0_ready_i,
      .out0_data_o
  );

endmodule

`default_nettype wire
