`default_nettype none

/// Sum of products `start + sum_t w(t) x(t)`, modulo 2^SUM_BITS.
///
/// MULT = 0 takes one DSP slice, MULT = 1 look-up tables only, by digits of two weight bits.
/// Everything moves in cycles with `ce_i` only. A term goes in with `valid_i`, the first of a sum with `first_i` and
/// `start_i` too, and is in `sum_o` three such cycles later.
module mac #(
    parameter int W_BITS = 4,  // bits of a weight, signed
    parameter int X_BITS = 8,  // bits of an activation
    parameter bit X_SIGNED = 0,  // activations are signed
    parameter int SUM_BITS = 18,  // bits of the sum
    parameter bit MULT = 0  // 1 makes products of LUTs, 0 takes DSP slices
) (
    input  wire                 clk_i,
    input  wire                 ce_i,
    input  wire                 valid_i,
    input  wire                 first_i,
    input  wire  [SUM_BITS-1:0] start_i,
    input  wire  [  X_BITS-1:0] x_i,
    input  wire  [  W_BITS-1:0] w_i,
    output logic [SUM_BITS-1:0] sum_o
);

  // The activation as a signed number.
  localparam int B_BITS = X_BITS + (X_SIGNED ? 0 : 1);
  localparam int P_BITS = B_BITS + W_BITS;
  logic signed [B_BITS-1:0] b;
  logic signed [W_BITS-1:0] w;
  // verilator lint_off UNUSEDSIGNAL
  logic signed [P_BITS-1:0] product;  // its top bits, where SUM_BITS are fewer
  // verilator lint_on UNUSEDSIGNAL
  logic signed [SUM_BITS-1:0] start1, start2, base;
  logic valid1, valid2, first1, first2;
  assign base = first2 ? start2 : sum_o;
  always_ff @(posedge clk_i) begin
    if (ce_i) begin
      b <= B_BITS'({!X_SIGNED ? 1'b0 : x_i[X_BITS-1], x_i});
      w <= w_i;
      {valid2, valid1} <= {valid1, valid_i};
      {first2, first1} <= {first1, first_i};
      {start2, start1} <= {start1, start_i};
      if (valid2) sum_o <= SUM_BITS'(product) + base;
    end
  end

  if (!MULT) begin : gen_dsp
    always_ff @(posedge clk_i) if (ce_i) product <= w * b;
  end else begin : gen_lut
    localparam int DIGITS = (W_BITS + 1) / 2;
    localparam int TOP = 2 * DIGITS - 2;
    localparam logic signed [P_BITS-1:0] LOW = ~('1 << TOP);
    logic signed [2*DIGITS-1:0] digits;
    // The multiples that digits choose from; shared by all sums of this activation.
    logic signed [P_BITS-1:0] b1, b2, b3, rows;
    logic signed [P_BITS-TOP-1:0] top;
    logic signed [  P_BITS-TOP:0] upper;
    assign digits = (2 * DIGITS)'(w);
    assign b1 = P_BITS'(b);
    assign b2 = b1 <<< 1;
    assign b3 = b1 + b2;
    // The lower digits are 0 to 3. The top one is -2 to 1: inverted below zero, and one added as the lowest carry.
    always_comb begin
      rows = '0;
      for (int d = 0; d < DIGITS - 1; d++) begin
        rows += (digits[2*d+1] ? (digits[2*d] ? b3 : b2) : (digits[2*d] ? b1 : '0)) <<< (2 * d);
      end
      top = digits[TOP] ? b1[P_BITS-TOP-1:0] : '0;
      if (digits[TOP+1]) top = digits[TOP] ? ~b1[P_BITS-TOP-1:0] : ~b2[P_BITS-TOP-1:0];
      upper = {rows[P_BITS-1:TOP], 1'b1} + {top, digits[TOP+1]};
    end
    always_ff @(posedge clk_i) if (ce_i) product <= (P_BITS'(upper >>> 1) <<< TOP) | (rows & LOW);
  end

endmodule

`default_nettype wire
