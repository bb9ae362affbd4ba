`default_nettype none

/// Two sums of products `sum_l = sum_t w_l(t) x(t)` that share the activation: one DSP slice.
///
/// The weights are packed as `w1 2^SUM_BITS + w0` by the slice's pre-adder, so that its accumulator holds both sums; the
/// low one starts at 2^(SUM_BITS-1), which keeps its field non-negative, so that nothing is borrowed from the high one.
/// The packed factor must fit 25 bits: W_BITS + SUM_BITS <= 25, or 24 where a weight may be -2^(W_BITS-1).
/// SUM_BITS (signed) must hold the sums; partial sums may exceed it. Timing as in `mac`.
module mac_pair #(
    parameter int W_BITS   = 4,  // bits of a weight, signed
    parameter int X_BITS   = 8,  // bits of an activation
    parameter bit X_SIGNED = 0,  // activations are signed
    parameter int SUM_BITS = 18  // bits of each sum, signed
) (
    input  wire                   clk_i,
    input  wire                   ce_i,
    input  wire                   valid_i,
    input  wire                   first_i,
    input  wire  [    X_BITS-1:0] x_i,
    input  wire  [  2*W_BITS-1:0] w_i,
    output logic [2*SUM_BITS-1:0] sum_o
);

  if (W_BITS + SUM_BITS > 25) begin : gen_check
    $fatal(1, "%m: weights of %0d bits and sums of %0d do not pack into 25 bits", W_BITS, SUM_BITS);
  end

  localparam int A_BITS = W_BITS + SUM_BITS < 25 ? W_BITS + SUM_BITS + 1 : 25;
  localparam int B_BITS = X_BITS + (X_SIGNED ? 0 : 1);
  localparam logic signed [2*SUM_BITS-1:0] START = (2 * SUM_BITS)'(1) << (SUM_BITS - 1);
  logic signed [A_BITS-1:0] packed_w;
  logic signed [B_BITS-1:0] b;
  // verilator lint_off UNUSEDSIGNAL
  logic signed [A_BITS+B_BITS-1:0] product;  // its top bits, where SUM_BITS are fewer
  // verilator lint_on UNUSEDSIGNAL
  logic signed [2*SUM_BITS-1:0] sums, base;
  logic valid1, valid2, first1, first2;
  assign base = first2 ? START : sums;
  always_ff @(posedge clk_i) begin
    if (ce_i) begin
      b <= B_BITS'({!X_SIGNED ? 1'b0 : x_i[X_BITS-1], x_i});
      packed_w <= A_BITS'($signed(w_i[0+:W_BITS])) + A_BITS'($signed({w_i[W_BITS+:W_BITS], {SUM_BITS{1'b0}}}));
      {valid2, valid1} <= {valid1, valid_i};
      {first2, first1} <= {first1, first_i};
      product <= packed_w * b;
      if (valid2) sums <= base + (2 * SUM_BITS)'(product);
    end
  end
  assign sum_o = {sums[SUM_BITS+:SUM_BITS], ~sums[SUM_BITS-1], sums[0+:SUM_BITS-1]};

endmodule

`default_nettype wire
