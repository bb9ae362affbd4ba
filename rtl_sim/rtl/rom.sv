`default_nettype none

/// Read-only memory with a registered output, contents from a `$readmemh` file of DEPTH words.
///
/// `data_o` is the word of the `addr_i` of the last cycle with `en_i`. BLOCK = 1 takes block RAM, 0 takes LUTs.
/// The hierarchy is kept in synthesis because Yosys makes twice the LUTs of a table that it may mix with other logic.
(* keep_hierarchy = "yes" *)
module rom #(
    parameter int DEPTH = 2,
    parameter int WIDTH = 8,
    parameter bit BLOCK = 0,
    parameter DATA_FILE = "",
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
    // Yosys has no "distributed" for a memory without a write port; its word for it is "logic".
    (* rom_style = "logic" *) logic [WIDTH-1:0] memory[DEPTH];
    initial $readmemh(DATA_FILE, memory);
    always_ff @(posedge clk_i) if (en_i) data_o <= memory[addr_i];
  end

endmodule

`default_nettype wire
