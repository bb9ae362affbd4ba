`default_nettype none

/// For one axis of a dilated window of three taps: whether `0 <= at_i + s_i * (tap_i - 1) < SIZE`.
module tap_in_frame #(
    parameter int SIZE = 4,  // input positions
    parameter int S_BITS = 4,  // bits of a dilation
    parameter bit S_SIGNED = 0,  // dilations are signed
    localparam int AT_BITS = SIZE > 1 ? $clog2(SIZE) : 1
) (
    input  wire  [AT_BITS-1:0] at_i,
    input  wire  [ S_BITS-1:0] s_i,
    input  wire  [        1:0] tap_i,
    output logic               inside_o
);

  localparam int BITS = (AT_BITS > S_BITS ? AT_BITS : S_BITS) + 2;
  logic minus;
  logic signed [BITS-1:0] offset;
  // verilator lint_off UNUSEDSIGNAL
  logic signed [BITS:0] at;  // one more bit below, through which `minus` comes in as a carry
  // verilator lint_on UNUSEDSIGNAL
  assign minus = tap_i == 0;
  assign offset = BITS'($signed({S_SIGNED && s_i[S_BITS-1], s_i}));
  assign at = {BITS'(at_i), 1'b1} + {(tap_i == 1 ? '0 : minus ? ~offset : offset), minus};
  assign inside_o = !at[BITS] && at[BITS-1:1] < (BITS - 1)'(SIZE);

endmodule

`default_nettype wire
