`default_nettype none

/// One reader's end of `weight_reader`: takes bus words of 64 bits, gives units of UNIT_BITS, low bits first.
///
/// It holds WORDS words: two in registers, more in LUT-RAM. `free_o` says that it has room for a word that nobody has
/// reserved; `reserve_i` takes the room, and `load_i` brings the word some cycles later; all words may be on their way at
/// once. Units leave without a pause as long as words come in time.
module weight_port #(
    parameter int UNIT_BITS = 8,  // divides 64
    parameter int WORDS = 2  // a power of two
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
  localparam int COUNT_BITS = $clog2(WORDS + 1);

  if (64 % UNIT_BITS != 0) begin : gen_check
    $fatal(1, "%m: UNIT_BITS = %0d does not divide 64", UNIT_BITS);
  end
  if (WORDS < 2 || WORDS != 1 << $clog2(WORDS)) begin : gen_check_words
    $fatal(1, "%m: WORDS = %0d is no power of two from 2 on", WORDS);
  end

  logic [UNITS-1:0][UNIT_BITS-1:0] word;
  logic last;
  logic [COUNT_BITS-1:0] used;  // words here or on their way
  logic [INDEX_BITS-1:0] index;
  wire pop = valid_o && ready_i;
  wire done = pop && last;
  wire [COUNT_BITS-1:0] next_used = used + COUNT_BITS'(reserve_i) - COUNT_BITS'(done);

  counter #(
      .COUNT(UNITS)
  ) i_unit (
      .clk_i,
      .rst_ni,
      .step_i (pop),
      .count_o(index),
      .last_o (last)
  );
  assign data_o = word[index];

  always_ff @(posedge clk_i) begin
    used   <= next_used;
    free_o <= next_used != COUNT_BITS'(WORDS);
    if (!rst_ni) begin
      used   <= '0;
      free_o <= 1;
    end
  end

  if (WORDS == 2) begin : gen_registers
    logic [63:0] next_word;
    logic next_valid;
    wire advance = next_valid && (!valid_o || done);
    always_ff @(posedge clk_i) begin
      if (load_i) next_word <= word_i;
      if (advance) word <= next_word;
      if (load_i || advance) next_valid <= load_i;
      if (advance || done) valid_o <= advance;
      if (!rst_ni) begin
        next_valid <= 0;
        valid_o    <= 0;
      end
    end
  end else begin : gen_memory
    localparam int ADDR_BITS = $clog2(WORDS);
    (* ram_style = "distributed" *) logic [63:0] words[WORDS];
    logic [ADDR_BITS-1:0] head, tail;
    logic [COUNT_BITS-1:0] here;
    wire  [COUNT_BITS-1:0] next_here = here + COUNT_BITS'(load_i) - COUNT_BITS'(done);
    assign word = words[head];
    always_ff @(posedge clk_i) begin
      if (load_i) words[tail] <= word_i;
      if (load_i) tail <= tail + 1'b1;
      if (done) head <= head + 1'b1;
      here    <= next_here;
      valid_o <= next_here != '0;
      if (!rst_ni) begin
        head    <= '0;
        tail    <= '0;
        here    <= '0;
        valid_o <= 0;
      end
    end
  end

endmodule

`default_nettype wire
