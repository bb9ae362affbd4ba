`default_nettype none

/// Read-only memory with a registered output, contents from a `$readmemh` file of DEPTH words.
///
/// `data_o` is the word of the `addr_i` of the last cycle with `en_i`. BLOCK = 1 takes block RAM, 0 takes LUTs.
module rom #(
    parameter int DEPTH = 2,  // words
    parameter int WIDTH = 8,  // bits of a word
    parameter bit BLOCK = 0,  // 1 takes block RAM, 0 takes LUTs
    parameter DATA_FILE = "",  // memory file of the contents
    localparam int ADDR_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  wire                  clk_i,
    input  wire                  en_i,
    input  wire  [ADDR_BITS-1:0] addr_i,
    output logic [    WIDTH-1:0] data_o
);

  if (BLOCK) begin : gen_block
    (* rom_style = "block", ram_style = "block" *) logic [WIDTH-1:0] memory[DEPTH];
    initial $readmemh(DATA_FILE, memory);
    always_ff @(posedge clk_i) if (en_i) data_o <= memory[addr_i];
  end else begin : gen_lut
    // Tables of 256 words fill MUXF8s; deeper ones in one piece take a quarter more.
    localparam int TABLES = (DEPTH + 255) / 256;
    logic [TABLES-1:0][WIDTH-1:0] words;
    for (genvar table_index = 0; table_index < TABLES; table_index++) begin : gen_table
      localparam int FIRST = table_index * 256;
      localparam int WORDS = DEPTH - FIRST < 256 ? DEPTH - FIRST : 256;
      localparam int BITS = WORDS > 1 ? $clog2(WORDS) : 1;
      rom_table #(
          .DEPTH(DEPTH),
          .FIRST(FIRST),
          .WORDS(WORDS),
          .WIDTH(WIDTH),
          .DATA_FILE(DATA_FILE)
      ) i_words_of_table (
          .addr_i(addr_i[BITS-1:0]),
          .data_o(words[table_index])
      );
    end
    if (TABLES == 1) begin : gen_one
      always_ff @(posedge clk_i) if (en_i) data_o <= words[0];
    end else begin : gen_several
      always_ff @(posedge clk_i) if (en_i) data_o <= words[addr_i[ADDR_BITS-1:8]];
    end
  end

endmodule

`default_nettype wire
