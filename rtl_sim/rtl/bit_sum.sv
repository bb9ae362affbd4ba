`default_nettype none

/// Weighted sum of at most six bits, y = CONSTANT + sum_i WEIGHTS[i] x_i[i], modulo 2^WIDTH: one look-up table a bit.
///
/// It is written as choices between constants: of a sum, synthesis would make a chain of adders, and of an indexed table
/// a memory, into which it draws the registers before it.
module bit_sum #(
    parameter int BITS = 6,  // number of input bits, at most six
    parameter logic signed [BITS-1:0][15:0] WEIGHTS = {BITS{16'sd1}},  // weight of each bit
    parameter int CONSTANT = 0,  // what is added to the sum
    parameter int WIDTH = 3  // bits of the sum
) (
    input  wire  [ BITS-1:0] x_i,
    output logic [WIDTH-1:0] y_o
);

  if (BITS < 1 || BITS > 6) begin : gen_check
    $fatal(1, "%m: BITS = %0d must be 1 to 6", BITS);
  end

  typedef logic [2**BITS-1:0][WIDTH-1:0] table_t;

  function automatic table_t sums();
    for (int x = 0; x < 2 ** BITS; x++) begin
      int sum;
      sum = CONSTANT;
      for (int i = 0; i < BITS; i++) if (x[i]) sum += 32'($signed(WEIGHTS[i]));
      sums[x] = WIDTH'(sum);
    end
  endfunction

  localparam table_t TABLE = sums();

  // An input bit after the other halves the table.
  table_t left;
  always_comb begin
    left = TABLE;
    for (int i = 0; i < BITS; i++) begin
      for (int k = 0; k < 2 ** (BITS - 1 - i); k++) left[k] = x_i[i] ? left[2*k+1] : left[2*k];
    end
    y_o = left[0];
  end

endmodule

`default_nettype wire
