`default_nettype none

/// Nearest-neighbour upsampling: every pixel FACTOR times in its row, every row FACTOR times.
///
/// A ring of DEPTH beats, at least a row, holds what is repeated. A writer of constant speed, which sends one beat while
/// FACTOR^2 leave, never waits if it holds two rows and a pixel times 1 - 1 / FACTOR; four beats are the least for one
/// output beat a cycle. Latency two cycles; cuts all combinatorial paths.
module upsample #(
    parameter int FACTOR = 2,  // repetitions in each direction
    parameter int PIXELS = 4,  // of an input row
    parameter int BEATS  = 1,  // of a pixel
    parameter int WIDTH  = 8,  // bits of a beat
    parameter int DEPTH  = 8,  // beats of the ring; at least a row
    parameter bit BLOCK  = 0   // 1 takes block RAM, 0 takes LUT RAM
) (
    input  wire              clk_i,
    input  wire              rst_ni,
    input  wire              in0_valid_i,
    output logic             in0_ready_o,
    input  wire  [WIDTH-1:0] in0_data_i,
    output logic             out0_valid_o,
    input  wire              out0_ready_i,
    output logic [WIDTH-1:0] out0_data_o
);

  localparam int ADDRESS = $clog2(DEPTH);
  localparam int LEVEL = $clog2(DEPTH + 1);

  if (FACTOR < 1 || PIXELS < 1 || BEATS < 1) begin : gen_check
    $fatal(1, "%m: FACTOR, PIXELS and BEATS must be positive");
  end
  if (DEPTH < PIXELS * BEATS || DEPTH < 2) begin : gen_check_depth
    $fatal(1, "%m: DEPTH = %0d does not hold a row of %0d beats", DEPTH, PIXELS * BEATS);
  end

  logic write, read, fresh, free;  // fresh: read for the first time, free: for the last
  logic [ADDRESS-1:0] tail, head, next, pixel, row;
  logic [LEVEL-1:0] held, unread;  // words until they are free, words never read
  logic last_beat, last_repeat, last_pixel, last_row;

  assign in0_ready_o = held != LEVEL'(DEPTH);
  assign write = in0_valid_i && in0_ready_o;
  assign read = (unread != 0 || !fresh) && (!out0_valid_o || out0_ready_i);
  assign free = last_repeat && last_row;

  // Order of the output: rows, repeats of a row, pixels, repeats of a pixel, beats.
  localparam int B = BEATS > 1 ? $clog2(BEATS) : 1;
  localparam int P = PIXELS > 1 ? $clog2(PIXELS) : 1;
  localparam int F = FACTOR > 1 ? $clog2(FACTOR) : 1;
  logic [B-1:0] unused_beat;
  logic [P-1:0] unused_pixel;
  logic [F-1:0] repeated, row_repeated;
  logic unused_tail;
  logic end_pixel, end_row;
  assign end_pixel = read && last_beat && last_repeat;
  assign end_row = end_pixel && last_pixel;
  assign fresh = repeated == 0 && row_repeated == 0;

  counter #(
      .COUNT(DEPTH)
  ) i_writes (
      .clk_i,
      .rst_ni,
      .step_i (write),
      .count_o(tail),
      .last_o (unused_tail)
  );
  counter #(
      .COUNT(BEATS)
  ) i_beats (
      .clk_i,
      .rst_ni,
      .step_i (read),
      .count_o(unused_beat),
      .last_o (last_beat)
  );
  counter #(
      .COUNT(FACTOR)
  ) i_repeats (
      .clk_i,
      .rst_ni,
      .step_i (read && last_beat),
      .count_o(repeated),
      .last_o (last_repeat)
  );
  counter #(
      .COUNT(PIXELS)
  ) i_pixels (
      .clk_i,
      .rst_ni,
      .step_i (end_pixel),
      .count_o(unused_pixel),
      .last_o (last_pixel)
  );
  counter #(
      .COUNT(FACTOR)
  ) i_row_repeats (
      .clk_i,
      .rst_ni,
      .step_i (end_row),
      .count_o(row_repeated),
      .last_o (last_row)
  );

  assign next = head == ADDRESS'(DEPTH - 1) ? '0 : head + 1'b1;

  always_ff @(posedge clk_i) begin
    if (read) begin
      if (!last_beat) head <= next;
      else if (!last_repeat) head <= pixel;
      else if (last_pixel && !last_row) head <= row;
      else head <= next;
    end
    if (end_pixel) pixel <= last_pixel && !last_row ? row : next;
    if (end_row && last_row) row <= next;
    if (write != (read && free)) held <= write ? held + 1'b1 : held - 1'b1;
    if (write != (read && fresh)) unread <= write ? unread + 1'b1 : unread - 1'b1;
    if (!out0_valid_o || out0_ready_i) out0_valid_o <= read;
    if (!rst_ni) begin
      head         <= '0;
      pixel        <= '0;
      row          <= '0;
      held         <= '0;
      unread       <= '0;
      out0_valid_o <= 0;
    end
  end

  ram #(
      .DEPTH(DEPTH),
      .WIDTH(WIDTH),
      .BLOCK(BLOCK)
  ) i_rows (
      .clk_i,
      .wen_i  (write),
      .waddr_i(tail),
      .data_i (in0_data_i),
      .ren_i  (read),
      .raddr_i(head),
      .data_o (out0_data_o)
  );

endmodule

`default_nettype wire
