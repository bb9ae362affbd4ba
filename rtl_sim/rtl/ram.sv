`default_nettype none

/// Memory with one write port and one read port with a registered output.
///
/// `data_o` is the word of the `raddr_i` of the last cycle with `ren_i`; a word written in that very cycle is not seen yet.
/// LATE = 1: of the last but one. Then each block RAM has a register behind it, before the choice between those that a
/// deep memory takes: a block RAM without one is slow.
/// BLOCK = 1 takes block RAM, 0 takes LUT-RAM. With BLOCK = 1, the last REST words are in LUT-RAM nevertheless; where the
/// others are a multiple of 2048 words the choice between both costs least.
module ram #(
    parameter int DEPTH = 2,  // words
    parameter int WIDTH = 8,  // bits of a word
    parameter bit BLOCK = 0,  // 1 takes block RAM, 0 takes LUT RAM
    parameter int REST = 0,  // the last words, in LUT RAM although BLOCK is 1
    parameter bit LATE = 0,  // 1 adds a register behind each block RAM
    localparam int ADDR_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  wire                  clk_i,
    input  wire                  wen_i,
    input  wire  [ADDR_BITS-1:0] waddr_i,
    input  wire  [    WIDTH-1:0] data_i,
    input  wire                  ren_i,
    input  wire  [ADDR_BITS-1:0] raddr_i,
    output logic [    WIDTH-1:0] data_o
);

  if (REST != 0 && (!BLOCK || REST >= DEPTH)) begin : gen_check
    $fatal(1, "%m: REST = %0d must be less than DEPTH = %0d, with BLOCK = 1", REST, DEPTH);
  end

  // Deep memories are cut into slices of at most 9 bits, very deep ones of 4: few block RAMs, of a number that the cost
  // model knows, and few words for the last multiplexer to choose from.
  localparam int SLICE_MAX = DEPTH > 32768 ? 4 : DEPTH > 8192 ? 9 : WIDTH;
  localparam int SLICES = BLOCK ? (WIDTH + SLICE_MAX - 1) / SLICE_MAX : 1;
  localparam int SLICE = (WIDTH + SLICES - 1) / SLICES;

  // Words of the block RAMs that a slice is made of, side by side: those that Yosys would choose, which costs a RAMB18 129,
  // a RAMB36 257, and a bit to choose from one half.
  function automatic int bank_words();
    int least, words;
    least = 2147483647;
    words = DEPTH;
    for (int double = 0; double < 2; double++) begin
      for (int shape = 0; shape < 6 + double; shape++) begin
        int deep, wide, banks, cost;
        deep  = 16384 >> shape << double;
        wide  = shape < 3 ? 1 << shape : 9 << (shape - 3);
        banks = (DEPTH + deep - 1) / deep;
        cost  = banks * ((WIDTH + wide - 1) / wide) * (258 + 256 * double) + WIDTH * (banks - 1);
        if (cost < least) begin
          least = cost;
          words = deep;
        end
      end
    end
    return words;
  endfunction
  localparam int BANK = bank_words();
  localparam int BANKS = (DEPTH + BANK - 1) / BANK;

  if (REST != 0) begin : gen_parted
    localparam int WHOLE = DEPTH - REST;
    localparam int WHOLE_BITS = WHOLE > 1 ? $clog2(WHOLE) : 1;
    localparam int REST_BITS = REST > 1 ? $clog2(REST) : 1;
    logic write_rest, read_rest;
    logic [WIDTH-1:0] whole_data, rest_data;
    logic [LATE:0] rest;  // whether the word read last, and before, was one of the rest
    assign write_rest = waddr_i >= ADDR_BITS'(WHOLE);
    assign read_rest  = raddr_i >= ADDR_BITS'(WHOLE);
    assign data_o     = rest[LATE] ? rest_data : whole_data;
    always_ff @(posedge clk_i) begin
      if (ren_i) rest <= (LATE + 1)'({rest, read_rest});
    end
    ram #(
        .DEPTH(WHOLE),
        .WIDTH(WIDTH),
        .BLOCK(1),
        .LATE (LATE)
    ) i_whole_words (
        .clk_i,
        .wen_i  (wen_i && !write_rest),
        .waddr_i(waddr_i[WHOLE_BITS-1:0]),
        .data_i,
        .ren_i,
        .raddr_i(raddr_i[WHOLE_BITS-1:0]),
        .data_o (whole_data)
    );
    ram #(
        .DEPTH(REST),
        .WIDTH(WIDTH),
        .BLOCK(0),
        .LATE (LATE)
    ) i_rest_words (
        .clk_i,
        .wen_i  (wen_i && write_rest),
        .waddr_i(REST_BITS'(waddr_i - ADDR_BITS'(WHOLE))),
        .data_i,
        .ren_i,
        .raddr_i(REST_BITS'(raddr_i - ADDR_BITS'(WHOLE))),
        .data_o (rest_data)
    );
  end else if (SLICES > 1) begin : gen_slices
    for (genvar s = 0; s < SLICES; s++) begin : gen_slice
      localparam int BITS = s < SLICES - 1 ? SLICE : WIDTH - s * SLICE;
      ram #(
          .DEPTH(DEPTH),
          .WIDTH(BITS),
          .BLOCK(1),
          .LATE (LATE)
      ) i_slice (
          .clk_i,
          .wen_i,
          .waddr_i,
          .data_i(data_i[s*SLICE+:BITS]),
          .ren_i,
          .raddr_i,
          .data_o(data_o[s*SLICE+:BITS])
      );
    end
  end else if (BLOCK && LATE && BANKS > 1) begin : gen_banks
    localparam int BANK_BITS = $clog2(BANK);
    logic [BANKS-1:0][WIDTH-1:0] words;
    logic [1:0][ADDR_BITS-BANK_BITS-1:0] bank;
    always_ff @(posedge clk_i) if (ren_i) bank <= {bank[0], raddr_i[ADDR_BITS-1:BANK_BITS]};
    assign data_o = words[bank[1]];
    for (genvar b = 0; b < BANKS; b++) begin : gen_bank
      localparam int WORDS = b < BANKS - 1 ? BANK : DEPTH - b * BANK;
      localparam int BITS = WORDS > 1 ? $clog2(WORDS) : 1;
      ram #(
          .DEPTH(WORDS),
          .WIDTH(WIDTH),
          .BLOCK(1),
          .LATE (1)
      ) i_words_of_bank (
          .clk_i,
          .wen_i  (wen_i && waddr_i[ADDR_BITS-1:BANK_BITS] == (ADDR_BITS - BANK_BITS)'(b)),
          .waddr_i(waddr_i[BITS-1:0]),
          .data_i,
          .ren_i,
          .raddr_i(raddr_i[BITS-1:0]),
          .data_o (words[b])
      );
    end
  end else begin : gen_memory
    logic [WIDTH-1:0] word;
    if (BLOCK) begin : gen_block
      (* ram_style = "block" *) logic [WIDTH-1:0] memory[DEPTH];
      always_ff @(posedge clk_i) begin
        if (wen_i) memory[waddr_i] <= data_i;
        if (ren_i) word <= memory[raddr_i];
      end
    end else begin : gen_lut
      (* ram_style = "distributed" *) logic [WIDTH-1:0] memory[DEPTH];
      always_ff @(posedge clk_i) begin
        if (wen_i) memory[waddr_i] <= data_i;
        if (ren_i) word <= memory[raddr_i];
      end
    end
    if (LATE) begin : gen_late
      always_ff @(posedge clk_i) if (ren_i) data_o <= word;
    end else begin : gen_now
      assign data_o = word;
    end
  end

endmodule

`default_nettype wire
