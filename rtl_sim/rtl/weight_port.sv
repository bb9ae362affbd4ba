`default_nettype none

/// One reader's end of `weight_reader`: takes bus words of 64 bits, gives units of UNIT_BITS, low bits first.
///
/// It holds two words. `free_o` says that it has room for a word that nobody has reserved; `reserve_i` takes the room, and
/// `load_i` brings the word some cycles later; both words may be on their way at once. Units leave without a pause as long as words come in time.
module weight_port #(
    parameter int UNIT_BITS = 8  // divides 64
) (
    input  wire                  clk_i,
    input  wire                  rst_ni,
    output logic                 free_o,
    input  wire                  reserve_i,
    input  wire                  load_i,
    input  wire  [         63:0] word_i,
    output logic                 valid_o,
    input  wire                  ready_i,
    output logic [UNIT_BITS-1:0] data_o
);

  localparam int UNITS = 64 / UNIT_BITS;
  localparam int INDEX_BITS = UNITS > 1 ? $clog2(UNITS) : 1;

  if (64 % UNIT_BITS != 0) begin : gen_check
    $fatal(1, "%m: UNIT_BITS = %0d does not divide 64", UNIT_BITS);
  end

  logic [UNITS-1:0][UNIT_BITS-1:0] word;
  logic [63:0] next_word;
  logic next_valid, last;
  logic [1:0] used;  // words here or on their way
  logic [INDEX_BITS-1:0] index;
  wire pop = valid_o && ready_i;
  wire advance = next_valid && (!valid_o || (pop && last));
  wire [1:0] next_used = used + 2'(reserve_i) - 2'(pop && last);

  counter #(.COUNT(UNITS)) i_unit (.clk_i, .rst_ni, .step_i(pop), .count_o(index), .last_o(last));
  assign data_o = word[index];

  always_ff @(posedge clk_i) begin
    if (load_i) next_word <= word_i;
    if (advance) word <= next_word;
    if (load_i || advance) next_valid <= load_i;
    used   <= next_used;
    free_o <= next_used != 2'd2;
    if (advance || (pop && last)) valid_o <= advance;
    if (!rst_ni) begin
      next_valid <= 0;
      used       <= '0;
      free_o     <= 1;
      valid_o    <= 0;
    end
  end

endmodule

`default_nettype wire
