`default_nettype none

/// Words FIRST to FIRST + WORDS - 1 of a `$readmemh` file of DEPTH words, as look-up tables without a register.
///
/// The hierarchy is kept in synthesis because Yosys makes twice the LUTs of a table that it may mix with other logic.
(* keep_hierarchy = "yes" *)
module rom_table #(
    parameter int DEPTH = 2,  // words of the file
    parameter int FIRST = 0,  // first word of the table
    parameter int WORDS = 2,  // words of the table
    parameter int WIDTH = 8,  // bits of a word
    parameter DATA_FILE = "",  // memory file of the contents
    localparam int ADDR_BITS = WORDS > 1 ? $clog2(WORDS) : 1
) (
    input  wire  [ADDR_BITS-1:0] addr_i,
    output logic [    WIDTH-1:0] data_o
);

  // Yosys has no "distributed" for a memory without a write port; its word for it is "logic".
  (* rom_style = "logic" *) logic [WIDTH-1:0] memory[DEPTH];
  initial $readmemh(DATA_FILE, memory);
  assign data_o = memory[FIRST+32'(addr_i)];

endmodule

`default_nettype wire
