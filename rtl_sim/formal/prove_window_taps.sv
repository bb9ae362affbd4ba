`default_nettype none

/// Every column of every row is in each window that it belongs to, at its place, and in no other; windows keep coming, and
/// none waits for a second column of another row.
///
/// Columns are single bits. One beat of one column, whichever it may be, is one, all others are zero: where windows have
/// a one tells where that beat went to. The beats of a column come without a gap, as `window_columns` gives them.
module prove_window_taps #(
    parameter int BEATS = 1,
    parameter int IN_X = 3,
    parameter int OUT_X = 3,
    parameter int KERNEL_X = 3,
    parameter int STRIDE_X = 1,
    parameter int PAD_X = 1,
    parameter int TAPS = KERNEL_X
) (
    input wire clk_i,
    input wire mark_i,
    input wire in_valid_i,
    input wire out_ready_i
);

  logic rst_ni = 0;  // in the first cycle only
  always_ff @(posedge clk_i) rst_ni <= 1;

  localparam int TURNS = KERNEL_X / TAPS;
  localparam int NEEDED = KERNEL_X - 1 - PAD_X;  // columns of a row that its first window needs, and one more
  typedef logic [2:0] count_t;  // columns, beats and turns are 8 at most

  logic in_ready, out_valid, marked;
  logic [TAPS-1:0] out_data;
  count_t in_x, in_beat, mark_x, mark_beat;  // of the beat that comes in, and of the one that is one
  count_t x, beat, turn;  // of the beat that leaves
  logic signed [2:0] ahead, left;  // rows that the columns are ahead of the windows; those before the marked one
  wire in_beat_last = in_beat == count_t'(BEATS - 1);
  wire in_last = in_beat_last && in_x == count_t'(IN_X - 1);
  wire take = in_valid_i && in_ready;
  wire leave = out_valid && out_ready_i;
  wire in_data = mark_i && !marked;

  window_taps #(
      .LANES(1),
      .BITS(1),
      .BEATS(BEATS),
      .IN_X(IN_X),
      .OUT_X(OUT_X),
      .KERNEL_Y(1),
      .KERNEL_X(KERNEL_X),
      .STRIDE_X(STRIDE_X),
      .PAD_X(PAD_X),
      .TAPS(TAPS)
  ) dut (
      .clk_i,
      .rst_ni,
      .in0_valid_i (in_valid_i),
      .in0_ready_o (in_ready),
      .in0_data_i  (in_data),
      .in0_last_i  (in_last),
      .out0_valid_o(out_valid),
      .out0_ready_i(out_ready_i),
      .out0_data_o (out_data)
  );
  stream_writer #(
      .WIDTH(1)
  ) writer (
      .clk_i,
      .rst_ni,
      .valid_i(in_valid_i),
      .ready_i(in_ready),
      .data_i (in_data)
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

  wire turn_last = turn == count_t'(TURNS - 1);
  wire beat_last = turn_last && beat == count_t'(BEATS - 1);
  wire x_last = beat_last && x == count_t'(OUT_X - 1);
  always_ff @(posedge clk_i) begin
    if (take) begin
      in_beat <= in_beat_last ? '0 : in_beat + 1'b1;
      if (in_beat_last) in_x <= in_last ? '0 : in_x + 1'b1;
      if (in_data) {marked, mark_x, mark_beat} <= {1'b1, in_x, in_beat};
    end
    if (leave) begin
      turn <= turn_last ? '0 : turn + 1'b1;
      if (turn_last) beat <= beat_last ? '0 : beat + 1'b1;
      if (beat_last) x <= x_last ? '0 : x + 1'b1;
    end
    ahead <= ahead + 3'(take && in_last) - 3'(leave && x_last);
    if (take && in_data) left <= ahead - 3'(leave && x_last);
    else if (leave && x_last && left >= 0) left <= left - 3'd1;
    if (!rst_ni) begin
      {marked, in_x, in_beat} <= '0;
      {x, beat, turn} <= '0;
      {ahead, left} <= '0;
    end
  end

  always_comb begin
    if (rst_ni) begin
      // What `window_columns` gives: the beats of a column without a gap.
      assume (in_beat == '0 || in_valid_i);
      // With all of its own row's columns there, a row's windows leave whatever comes of the next.
      no_window_waits_for_another_row : assert (ahead <= 0 || in_ready || !in_valid_i || out_valid);
      windows_follow_their_columns : assert (ahead >= -1 && ahead <= 1);
      a_row_that_has_come_leaves : assert (ahead < 1 || out_valid || dut.missing != '0);
    end
  end
  for (genvar t = 0; t < TAPS; t++) begin : gen_tap
    // The bit that comes in now may be the newest of this very window.
    logic now, here;
    always_comb begin
      now = in_valid_i && in_data && ahead == 0 && beat == in_beat
          && int'(x) * STRIDE_X - PAD_X + (TURNS == 1 ? t : int'(turn)) == int'(in_x);
      here = marked && left == 0 && beat == mark_beat
          && int'(x) * STRIDE_X - PAD_X + (TURNS == 1 ? t : int'(turn)) == int'(mark_x);
      if (rst_ni) begin
        each_column_is_at_its_place_in_windows : assert (!out_valid || out_data[t] == (here || now));
      end
    end
  end

endmodule

`default_nettype wire
