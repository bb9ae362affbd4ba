`default_nettype none

/// Sums up how many of SIMD bits equal their weights, over the cycles of a vector; the sum is twice that.
///
/// Three steps as in `mac`: bits that agree, their number, the sum. `first_i` comes with a vector's first bits.
module mac_xnor #(
    parameter int SIMD = 8,  // bits compared in a cycle
    parameter int SUM_BITS = 10  // bits of the sum
) (
    input  wire                 clk_i,
    input  wire                 ce_i,
    input  wire                 first_i,
    input  wire  [    SIMD-1:0] x_i,
    input  wire  [    SIMD-1:0] w_i,
    output logic [SUM_BITS-1:0] sum_o
);

  localparam int COUNT_BITS = $clog2(SIMD + 1);

  if (SUM_BITS <= COUNT_BITS) begin : gen_check
    $fatal(1, "%m: SUM_BITS = %0d cannot hold twice a count of %0d bits", SUM_BITS, SIMD);
  end

  logic [SIMD-1:0] agree;
  logic [COUNT_BITS-1:0] count, ones;
  logic [1:0] first;
  always_comb begin
    ones = '0;
    for (int i = 0; i < SIMD; i++) ones += COUNT_BITS'(agree[i]);
  end
  always_ff @(posedge clk_i) begin
    if (ce_i) begin
      first <= {first[0], first_i};
      agree <= x_i ~^ w_i;
      count <= ones;
      sum_o <= (first[1] ? '0 : sum_o) + (SUM_BITS'(count) << 1);
    end
  end

endmodule

`default_nettype wire
