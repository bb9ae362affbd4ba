`default_nettype none
// verilator lint_off PINCONNECTEMPTY

/// How many pixels a ring of CAPACITY holds: whether there is room for one more, and whether a window has come.
///
/// `write_o` tells that a beat is written. What the reader may do, and what pixels and windows are, says `ring`.
module ring_counts #(
    parameter int BEATS = 4,  // beats of a pixel
    parameter int PIXELS = 16,  // pixels of a frame
    parameter int SPAN = 10,  // pixels that a window reaches beyond its origin
    parameter int LEAD = 5,  // pixels from the origin of the first window to pixel 0
    parameter int CAPACITY = 16,  // pixels that the ring holds
    parameter int JUMP_BITS = 2  // bits of a jump in pixels
) (
    input  wire                  clk_i,
    input  wire                  rst_ni,
    input  wire                  in0_valid_i,
    output logic                 in0_ready_o,
    output logic                 write_o,
    output logic                 ready_o,
    input  wire                  advance_i,
    input  wire  [JUMP_BITS-1:0] jump_i,
    input  wire                  frame_end_i,
    input  wire                  release_i,
    input  wire  [JUMP_BITS-1:0] release_jump_i
);

  localparam int COUNT_BITS = $clog2(CAPACITY + SPAN + (1 << JUMP_BITS)) + 2;
  // Whole frames that the writer may be ahead, one that the reader may be ahead without having looked at its end.
  localparam int FRAME_BITS = $clog2(CAPACITY / PIXELS + 3) + 1;

  if (CAPACITY < SPAN + 1) begin : gen_check
    $fatal(1, "%m: there is room for %0d pixels, windows need %0d", CAPACITY, SPAN + 1);
  end

  // Pixels there beyond those that the window needs, pixels free beyond the one being written: usable when not negative.
  logic signed [COUNT_BITS-1:0] there, free;
  // Frames written completely that have not been read completely.
  logic signed [FRAME_BITS-1:0] frames;

  logic pixel_last, frame_last;
  assign in0_ready_o = !free[COUNT_BITS-1];
  assign write_o = in0_valid_i && in0_ready_o;

  counter #(
      .COUNT(BEATS)
  ) i_beat (
      .clk_i,
      .rst_ni,
      .step_i (write_o),
      .count_o(),
      .last_o (pixel_last)
  );
  counter #(
      .COUNT(PIXELS)
  ) i_pixel (
      .clk_i,
      .rst_ni,
      .step_i (write_o && pixel_last),
      .count_o(),
      .last_o (frame_last)
  );

  logic pixel, frame;
  assign pixel   = write_o && pixel_last;
  assign frame   = pixel && frame_last;
  assign ready_o = !there[COUNT_BITS-1] || frames > 0;
  always_ff @(posedge clk_i) begin
    there  <= there - (advance_i ? COUNT_BITS'(jump_i) : '0) + COUNT_BITS'(pixel);
    free   <= free + (release_i ? COUNT_BITS'(release_jump_i) : '0) - COUNT_BITS'(pixel);
    frames <= frames + FRAME_BITS'(frame) - FRAME_BITS'(frame_end_i);
    if (!rst_ni) begin
      there  <= COUNT_BITS'(LEAD - SPAN - 1);
      free   <= COUNT_BITS'(CAPACITY - LEAD - 1);
      frames <= '0;
    end
  end

endmodule

// verilator lint_on PINCONNECTEMPTY
`default_nettype wire
