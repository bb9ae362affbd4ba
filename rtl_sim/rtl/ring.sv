`default_nettype none
// verilator lint_off PINCONNECTEMPTY

/// Ring of the last pixels of a stream, in a memory of WORDS beats, for a reader of windows.
///
/// Pixels are counted on and on across frames; pixel n starts at word `n * BEATS mod WORDS`. A window starts at its origin,
/// LEAD pixels before pixel 0 for a frame's first, and reaches SPAN pixels further. `ready_o` tells that all of it that
/// lies within the frame is there. With `advance_i` the reader moves its origin by `jump_i` pixels, with `frame_end_i` to
/// the next frame. With `release_i`, at the latest when the last read of a window passes, the origin moves by
/// `release_jump_i` for the writer, who from then on may overwrite what lies before it.
/// Reads take effect with `ren_i`, `data_o` follows two cycles with `ren_i` later.
module ring #(
    parameter int WIDTH = 8,  // bits of a beat
    parameter int BEATS = 4,  // beats of a pixel
    parameter int PIXELS = 16,  // pixels of a frame
    parameter int SPAN = 10,  // pixels that a window reaches beyond its origin
    parameter int LEAD = 5,  // pixels from the origin of the first window to pixel 0
    parameter int WORDS = 64,  // beats that the ring holds
    parameter int JUMP_BITS = 2,  // bits of a jump in pixels
    parameter bit BLOCK = 0,  // 1 takes block RAM, 0 takes LUT RAM
    parameter int REST = 0,  // as in `ram`
    localparam int ADDR_BITS = $clog2(WORDS)
) (
    input  wire                  clk_i,
    input  wire                  rst_ni,
    input  wire                  in0_valid_i,
    output logic                 in0_ready_o,
    input  wire  [    WIDTH-1:0] in0_data_i,
    output logic                 ready_o,
    input  wire                  advance_i,
    input  wire  [JUMP_BITS-1:0] jump_i,
    input  wire                  frame_end_i,
    input  wire                  release_i,
    input  wire  [JUMP_BITS-1:0] release_jump_i,
    input  wire                  ren_i,
    input  wire  [ADDR_BITS-1:0] raddr_i,
    output logic [    WIDTH-1:0] data_o
);

  logic write;
  logic [ADDR_BITS-1:0] waddr;
  ring_counts #(
      .BEATS(BEATS),
      .PIXELS(PIXELS),
      .SPAN(SPAN),
      .LEAD(LEAD),
      .CAPACITY(WORDS / BEATS),
      .JUMP_BITS(JUMP_BITS)
  ) i_counts (
      .clk_i,
      .rst_ni,
      .in0_valid_i,
      .in0_ready_o,
      .write_o(write),
      .ready_o,
      .advance_i,
      .jump_i,
      .frame_end_i,
      .release_i,
      .release_jump_i
  );

  counter #(
      .COUNT(WORDS)
  ) i_waddr (
      .clk_i,
      .rst_ni,
      .step_i (write),
      .count_o(waddr),
      .last_o ()
  );

  ram #(
      .DEPTH(WORDS),
      .WIDTH(WIDTH),
      .BLOCK(BLOCK),
      .REST (REST),
      .LATE (1)
  ) i_ram (
      .clk_i,
      .wen_i  (write),
      .waddr_i(waddr),
      .data_i (in0_data_i),
      .ren_i,
      .raddr_i,
      .data_o
  );

endmodule

// verilator lint_on PINCONNECTEMPTY
`default_nettype wire
