`default_nettype none

/// Memory with one write port and one read port with a registered output.
///
/// `data_o` is the word of the `raddr_i` of the last cycle with `ren_i`; a word written in that very cycle is not seen yet.
/// BLOCK = 1 takes block RAM, 0 takes LUT-RAM.
module ram #(
    parameter int DEPTH = 2,
    parameter int WIDTH = 8,
    parameter bit BLOCK = 0,
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

  if (BLOCK) begin : gen_block
    // Deep memories in slices of at most 9 bits, very deep ones of 4: few block RAMs, of a number that the cost model
    // knows, and few words for the last multiplexer to choose from.
    localparam int SLICE_MAX = DEPTH > 32768 ? 4 : DEPTH > 8192 ? 9 : WIDTH;
    localparam int SLICES = (WIDTH + SLICE_MAX - 1) / SLICE_MAX;
    localparam int SLICE = (WIDTH + SLICES - 1) / SLICES;
    for (genvar s = 0; s < SLICES; s++) begin : gen_slice
      localparam int BITS = s < SLICES - 1 ? SLICE : WIDTH - s * SLICE;
      (* ram_style = "block" *) logic [BITS-1:0] memory[DEPTH];
      always_ff @(posedge clk_i) begin
        if (wen_i) memory[waddr_i] <= data_i[s*SLICE+:BITS];
        if (ren_i) data_o[s*SLICE+:BITS] <= memory[raddr_i];
      end
    end
  end else begin : gen_lut
    (* ram_style = "distributed" *) logic [WIDTH-1:0] memory[DEPTH];
    always_ff @(posedge clk_i) begin
      if (wen_i) memory[waddr_i] <= data_i;
      if (ren_i) data_o <= memory[raddr_i];
    end
  end

endmodule

`default_nettype wire
