`default_nettype none
// verilator lint_off PINCONNECTEMPTY

/// Vector-vector unit: LANES channels at once, each the sum of TAPS products one after another, with bias.
///
/// Taps come one a cycle, all of a group of channels, then those of the next of BEATS groups, over and over.
/// WEIGHT_FILE holds LANES weights a word in this order, BIAS_FILE LANES biases a group. Sums are modulo 2^ACC_BITS.
/// Interval TAPS cycles a group; MULT as in `mac`. The path from `out0_ready_i` to `in0_ready_o` is combinatorial.
module vvu #(
    parameter int LANES = 1,  // channels a beat
    parameter int TAPS = 9,  // products of a sum
    parameter int BEATS = 4,  // groups of LANES channels
    parameter int X_BITS = 8,  // bits of an activation
    parameter bit X_SIGNED = 0,  // activations are signed
    parameter int W_BITS = 4,  // bits of a weight, signed
    parameter int BIAS_BITS = 8,  // bits of a bias, signed
    parameter int ACC_BITS = 16,  // bits of a sum that leaves
    parameter bit MULT = 0,  // 1 makes products of LUTs, 0 takes DSP slices
    parameter bit WEIGHT_BLOCK = 0,  // weights are in block RAM, else in LUTs
    parameter bit BIAS_BLOCK = 0,  // biases are in block RAM, else in LUTs
    parameter WEIGHT_FILE = "",  // memory file of the weights
    parameter BIAS_FILE = ""  // memory file of the biases
) (
    input  wire                       clk_i,
    input  wire                       rst_ni,
    input  wire                       in0_valid_i,
    output logic                      in0_ready_o,
    input  wire  [  LANES*X_BITS-1:0] in0_data_i,
    output logic                      out0_valid_o,
    input  wire                       out0_ready_i,
    output logic [LANES*ACC_BITS-1:0] out0_data_o
);

  localparam int TAP_BITS = TAPS > 1 ? $clog2(TAPS) : 1;
  localparam int BEAT_BITS = BEATS > 1 ? $clog2(BEATS) : 1;
  localparam int WEIGHT_ADDR_BITS = TAPS * BEATS > 1 ? $clog2(TAPS * BEATS) : 1;

  logic ce, take, tap_last;
  logic [TAP_BITS-1:0] tap;
  logic [BEAT_BITS-1:0] beat;
  logic [WEIGHT_ADDR_BITS-1:0] weight_addr;
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
  counter #(
      .COUNT(BEATS)
  ) i_beat (
      .clk_i,
      .rst_ni,
      .step_i (take && tap_last),
      .count_o(beat),
      .last_o ()
  );
  counter #(
      .COUNT(TAPS * BEATS)
  ) i_weight_addr (
      .clk_i,
      .rst_ni,
      .step_i (take),
      .count_o(weight_addr),
      .last_o ()
  );

  logic [LANES*W_BITS-1:0] w;
  logic [LANES*BIAS_BITS-1:0] bias;
  logic [LANES*X_BITS-1:0] x;
  rom #(
      .DEPTH(TAPS * BEATS),
      .WIDTH(LANES * W_BITS),
      .BLOCK(WEIGHT_BLOCK),
      .DATA_FILE(WEIGHT_FILE)
  ) i_weights (
      .clk_i,
      .en_i  (ce),
      .addr_i(weight_addr),
      .data_o(w)
  );
  rom #(
      .DEPTH(BEATS),
      .WIDTH(LANES * BIAS_BITS),
      .BLOCK(BIAS_BLOCK),
      .DATA_FILE(BIAS_FILE)
  ) i_bias (
      .clk_i,
      .en_i  (ce),
      .addr_i(beat),
      .data_o(bias)
  );

  // last[i]: the group's last tap is i + 1 steps behind its taking; sums are complete at last[3].
  logic valid, first;
  logic [3:0] last;
  assign ce = !last[3] || !out0_valid_o || out0_ready_i;
  always_ff @(posedge clk_i) begin
    if (ce) begin
      x <= in0_data_i;
      valid <= take;
      first <= tap == '0;
      last <= {last[2:0], take && tap_last};
    end
    if (!rst_ni) begin
      valid <= 0;
      last  <= '0;
    end
  end

  logic [LANES*ACC_BITS-1:0] sums;
  for (genvar l = 0; l < LANES; l++) begin : gen_lane
    mac #(
        .W_BITS(W_BITS),
        .X_BITS(X_BITS),
        .X_SIGNED(X_SIGNED),
        .SUM_BITS(ACC_BITS),
        .MULT(MULT)
    ) i_mac (
        .clk_i,
        .ce_i   (ce),
        .valid_i(valid),
        .first_i(first),
        .start_i(ACC_BITS'($signed(bias[l*BIAS_BITS+:BIAS_BITS]))),
        .x_i    (x[l*X_BITS+:X_BITS]),
        .w_i    (w[l*W_BITS+:W_BITS]),
        .sum_o  (sums[l*ACC_BITS+:ACC_BITS])
    );
  end

  always_ff @(posedge clk_i) begin
    if (!out0_valid_o || out0_ready_i) begin
      out0_valid_o <= last[3];
      out0_data_o  <= sums;
    end
    if (!rst_ni) out0_valid_o <= 0;
  end

endmodule

// verilator lint_on PINCONNECTEMPTY
`default_nettype wire
