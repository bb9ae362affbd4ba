`default_nettype none

/// Largest of every TAPS beats, lane by lane, and the beat at position CENTRE among them.
///
/// Beats with `in0_outside_i` never win; at least one of the TAPS must be without it. One beat in a cycle. The path from
/// `out0_ready_i` to `in0_ready_o` is combinatorial.
module pool #(
    parameter int LANES  = 1,  // channels a beat
    parameter int BITS   = 8,  // bits of one lane
    parameter bit SIGNED = 0,  // lanes are signed
    parameter int TAPS   = 9,  // beats of a window
    parameter int CENTRE = 4   // the beat of a window that is handed on beside the maximum
) (
    input  wire                        clk_i,
    input  wire                        rst_ni,
    input  wire                        in0_valid_i,
    output logic                       in0_ready_o,
    input  wire                        in0_outside_i,
    input  wire  [LANES-1:0][BITS-1:0] in0_data_i,
    output logic                       out0_valid_o,
    input  wire                        out0_ready_i,
    output logic [LANES-1:0][BITS-1:0] out0_data_o,
    output logic [LANES-1:0][BITS-1:0] out0_centre_o
);

  localparam int TAP_BITS = TAPS > 1 ? $clog2(TAPS) : 1;
  // With the sign bit inverted, signed numbers compare as unsigned ones do.
  localparam logic [BITS-1:0] SIGN = SIGNED ? {1'b1, {(BITS - 1) {1'b0}}} : '0;

  logic ce, take, tap_last, done;
  logic [TAP_BITS-1:0] tap;
  logic [LANES-1:0][BITS-1:0] highest, centre;
  assign ce = !done || !out0_valid_o || out0_ready_i;
  assign in0_ready_o = ce;
  assign take = in0_valid_i && ce;

  counter #(
      .COUNT(TAPS)
  ) i_tap (
      .clk_i,
      .rst_ni,
      .step_i (take),
      .count_o(tap),
      .last_o (tap_last)
  );

  for (genvar l = 0; l < LANES; l++) begin : gen_lane
    logic [BITS-1:0] candidate;
    assign candidate = in0_outside_i ? '0 : in0_data_i[l] ^ SIGN;
    always_ff @(posedge clk_i) begin
      if (take && (tap == '0 || candidate > highest[l])) highest[l] <= candidate;
      if (take && tap == TAP_BITS'(CENTRE)) centre[l] <= in0_data_i[l];
    end
    always_ff @(posedge clk_i) begin
      if (!out0_valid_o || out0_ready_i) begin
        out0_data_o[l]   <= highest[l] ^ SIGN;
        out0_centre_o[l] <= centre[l];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (ce) done <= take && tap_last;
    if (!out0_valid_o || out0_ready_i) out0_valid_o <= done;
    if (!rst_ni) {done, out0_valid_o} <= '0;
  end

endmodule

`default_nettype wire
