`default_nettype none

/// Memory with one write port and one read port with a registered output.
///
/// `data_o` is the word of the `raddr_i` of the last cycle with `ren_i`; a word written in that very cycle is not seen yet.
/// BLOCK = 1 takes block RAM, 0 takes LUT-RAM. With BLOCK = 1, the last REST words are in LUT-RAM nevertheless; where the
/// others are a multiple of 2048 words the choice between both costs least.
module ram #(
    parameter int DEPTH = 2,
    parameter int WIDTH = 8,
    parameter bit BLOCK = 0,
    parameter int REST = 0,
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

  if (REST != 0) begin : gen_parted
    localparam int WHOLE = DEPTH - REST;
    localparam int WHOLE_BITS = WHOLE > 1 ? $clog2(WHOLE) : 1;
    localparam int REST_BITS = REST > 1 ? $clog2(REST) : 1;
    logic write_rest, read_rest, rest;
    logic [WIDTH-1:0] whole_data, rest_data;
    assign write_rest = waddr_i >= ADDR_BITS'(WHOLE);
    assign read_rest  = raddr_i >= ADDR_BITS'(WHOLE);
    assign data_o     = rest ? rest_data : whole_data;
    always_ff @(posedge clk_i) begin
      if (ren_i) rest <= read_rest;
    end
    ram #(.DEPTH(WHOLE), .WIDTH(WIDTH), .BLOCK(1)) whole_words (
        .clk_i,
        .wen_i(wen_i && !write_rest), .waddr_i(waddr_i[WHOLE_BITS-1:0]), .data_i,
        .ren_i, .raddr_i(raddr_i[WHOLE_BITS-1:0]), .data_o(whole_data)
    );
    ram #(.DEPTH(REST), .WIDTH(WIDTH), .BLOCK(0)) rest_words (
        .clk_i,
        .wen_i(wen_i && write_rest), .waddr_i(REST_BITS'(waddr_i - ADDR_BITS'(WHOLE))), .data_i,
        .ren_i, .raddr_i(REST_BITS'(raddr_i - ADDR_BITS'(WHOLE))), .data_o(rest_data)
    );
  end else if (BLOCK) begin : gen_block
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
