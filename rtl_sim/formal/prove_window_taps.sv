`default_nettype none

/// Every pixel of every frame is in each window that it belongs to, at its place, and in no other; and windows keep coming.
///
/// Pixels are single bits. One beat of one frame, whichever it may be, is one, all others are zero: where windows have a
/// one tells where that beat went to.
module prove_window_taps #(
    parameter int BEATS = 1,
    parameter int IN_Y = 2,
    parameter int IN_X = 2,
    parameter int KERNEL_Y = 2,
    parameter int KERNEL_X = 2,
    parameter int STRIDE_Y = 1,
    parameter int STRIDE_X = 1,
    parameter int PAD_Y = 1,
    parameter int PAD_X = 0,
    parameter int OUT_Y = IN_Y,
    parameter int OUT_X = IN_X,
    parameter int TAPS = KERNEL_Y * KERNEL_X,
    parameter int SLOTS = 2
) (
    input wire clk_i,
    input wire mark_i,
    input wire in_valid_i,
    input wire out_ready_i
);

  logic rst_ni = 0;  // in the first cycle only
  always_ff @(posedge clk_i) rst_ni <= 1;

  localparam int TURNS = KERNEL_Y * KERNEL_X / TAPS;
  typedef logic [1:0] count_t;  // sides, beats and turns are 4 at most
  typedef struct packed {
    count_t y;
    count_t x;
    count_t beat;
  } place_t;

  logic in_ready, out_valid, marked;
  logic [TAPS-1:0] out_data;
  place_t in, mark;  // of the beat that comes in, and of the one that is one
  count_t y, x, beat, turn;  // of the beat that leaves
  logic signed [2:0] ahead, left;  // frames that the writer is ahead of the reader; those before the marked one
  logic in_data;
  wire write = in_valid_i && in_ready;
  wire leave = out_valid && out_ready_i;
  assign in_data = mark_i && !marked;

  window_taps #(
      .LANES(1),
      .BITS(1),
      .BEATS(BEATS),
      .IN_Y(IN_Y),
      .IN_X(IN_X),
      .OUT_Y(OUT_Y),
      .OUT_X(OUT_X),
      .KERNEL_Y(KERNEL_Y),
      .KERNEL_X(KERNEL_X),
      .STRIDE_Y(STRIDE_Y),
      .STRIDE_X(STRIDE_X),
      .PAD_Y(PAD_Y),
      .PAD_X(PAD_X),
      .TAPS(TAPS),
      .SLOTS(SLOTS)
  ) dut (
      .clk_i,
      .rst_ni,
      .in0_valid_i (in_valid_i),
      .in0_ready_o (in_ready),
      .in0_data_i  (in_data),
      .out0_valid_o(out_valid),
      .out0_ready_i(out_ready_i),
      .out0_data_o (out_data)
  );
  stream_stable #(
      .WIDTH(TAPS)
  ) stable (
      .clk_i,
      .rst_ni,
      .valid_i(out_valid),
      .ready_i(out_ready_i),
      .data_i (out_data)
  );
  stream_progress #(
      .ENDS(2),
      .WITHIN(2 * IN_Y * IN_X * BEATS * TURNS + 6)
  ) progress (
      .clk_i,
      .rst_ni,
      .valid_i  ({out_valid, in_valid_i}),
      .ready_i  ({out_ready_i, in_ready}),
      .willing_i({out_ready_i, in_valid_i})
  );

  wire in_beat_last = in.beat == count_t'(BEATS - 1);
  wire in_x_last = in_beat_last && in.x == count_t'(IN_X - 1);
  wire in_last = in_x_last && in.y == count_t'(IN_Y - 1);
  wire turn_last = turn == count_t'(TURNS - 1);
  wire beat_last = turn_last && beat == count_t'(BEATS - 1);
  wire x_last = beat_last && x == count_t'(OUT_X - 1);
  wire out_last = x_last && y == count_t'(OUT_Y - 1);
  always_ff @(posedge clk_i) begin
    if (write) begin
      in.beat <= in_beat_last ? '0 : in.beat + 1'b1;
      if (in_beat_last) in.x <= in_x_last ? '0 : in.x + 1'b1;
      if (in_x_last) in.y <= in_last ? '0 : in.y + 1'b1;
      if (in_data) begin
        marked <= 1;
        mark <= in;
      end
    end
    if (leave) begin
      turn <= turn_last ? '0 : turn + 1'b1;
      if (turn_last) beat <= beat_last ? '0 : beat + 1'b1;
      if (beat_last) x <= x_last ? '0 : x + 1'b1;
      if (x_last) y <= out_last ? '0 : y + 1'b1;
    end
    ahead <= ahead + 3'(write && in_last) - 3'(leave && out_last);
    if (write && in_data) left <= ahead - 3'(leave && out_last);
    else if (leave && out_last && left >= 0) left <= left - 3'd1;
    if (!rst_ni) begin
      marked <= 0;
      in <= '0;
      {y, x, beat, turn} <= '0;
      ahead <= '0;
      left <= '0;
    end
  end

  for (genvar t = 0; t < TAPS; t++) begin : gen_tap
    logic here;
    always_comb begin
      here = marked && left == 0 && beat == mark.beat
          && int'(y) * STRIDE_Y - PAD_Y + (TURNS == 1 ? t / KERNEL_X : t) == int'(mark.y)
          && int'(x) * STRIDE_X - PAD_X + (TURNS == 1 ? t % KERNEL_X : int'(turn)) == int'(mark.x);
      if (rst_ni) begin
        each_pixel_is_at_its_place_in_windows : assert (!out_valid || out_data[t] == here);
      end
    end
  end

endmodule

`default_nettype wire
