`default_nettype none

/// Tells which of two runs of beats it is: BEATS0 steps of the first, BEATS1 of the second, and again.
module channel_turn #(
    parameter int BEATS0 = 1,  // steps of the first run
    parameter int BEATS1 = 1   // steps of the second run
) (
    input  wire  clk_i,
    input  wire  rst_ni,
    input  wire  step_i,
    output logic second_o
);

  localparam int BEATS = BEATS0 + BEATS1;

  logic [$clog2(BEATS)-1:0] beat;
  logic last;

  counter #(
      .COUNT(BEATS)
  ) i_beats (
      .clk_i,
      .rst_ni,
      .step_i,
      .count_o(beat),
      .last_o (last)
  );

  always_ff @(posedge clk_i) begin
    if (step_i) second_o <= !last && (second_o || beat == $bits(beat)'(BEATS0 - 1));
    if (!rst_ni) second_o <= 0;
  end

endmodule

`default_nettype wire
