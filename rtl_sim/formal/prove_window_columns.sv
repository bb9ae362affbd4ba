`default_nettype none

/// Every pixel of every frame is in each column that it belongs to, at its place, and in no other; and columns keep coming,
/// the beats of each without a gap.
///
/// Pixels are single bits. One beat of one pixel, whichever it may be, is one, all others are zero: where columns have a
/// one tells where that beat went to.
module prove_window_columns #(
    parameter int BEATS = 1,
    parameter int IN_Y = 2,
    parameter int IN_X = 2,
    parameter int OUT_Y = 2,
    parameter int KERNEL_Y = 2,
    parameter int STRIDE_Y = 1,
    parameter int PAD_Y = 1,
    parameter int SLOTS = 1
) (
    input wire clk_i,
    input wire mark_i,
    input wire in_valid_i,
    input wire out_ready_i
);

  logic rst_ni = 0;  // in the first cycle only
  always_ff @(posedge clk_i) rst_ni <= 1;

  typedef logic [1:0] count_t;  // rows, columns and beats are 4 at most

  logic in_ready, out_valid, out_last, marked;
  logic [KERNEL_Y-1:0] out_data;
  count_t in_y, in_x, in_beat, mark_y, mark_x, mark_beat;  // of the beat that comes in, and of the one that is one
  count_t y, x, beat;  // of the beat that leaves
  logic signed [2:0] ahead, left;  // frames that pixels are ahead of columns; those before the marked one
  wire in_beat_last = in_beat == count_t'(BEATS - 1);
  wire in_x_last = in_beat_last && in_x == count_t'(IN_X - 1);
  wire in_last = in_x_last && in_y == count_t'(IN_Y - 1);
  wire take = in_valid_i && in_ready;
  wire leave = out_valid && out_ready_i;
  wire in_data = mark_i && !marked;

  window_columns #(
      .WIDTH(1),
      .BEATS(BEATS),
      .IN_Y(IN_Y),
      .IN_X(IN_X),
      .OUT_Y(OUT_Y),
      .KERNEL_Y(KERNEL_Y),
      .STRIDE_Y(STRIDE_Y),
      .PAD_Y(PAD_Y),
      .SLOTS(SLOTS)
  ) dut (
      .clk_i,
      .rst_ni,
      .in0_valid_i (in_valid_i),
      .in0_ready_o (in_ready),
      .in0_data_i  (in_data),
      .out0_valid_o(out_valid),
      .out0_ready_i(out_ready_i),
      .out0_data_o (out_data),
      .out0_last_o (out_last)
  );
  stream_stable #(
      .WIDTH(KERNEL_Y + 1)
  ) stable (
      .clk_i,
      .rst_ni,
      .valid_i(out_valid),
      .ready_i(out_ready_i),
      .data_i ({out_last, out_data})
  );

  wire beat_last = beat == count_t'(BEATS - 1);
  wire x_last = beat_last && x == count_t'(IN_X - 1);
  wire out_row = x_last && y == count_t'(OUT_Y - 1);
  always_ff @(posedge clk_i) begin
    if (take) begin
      in_beat <= in_beat_last ? '0 : in_beat + 1'b1;
      if (in_beat_last) in_x <= in_x_last ? '0 : in_x + 1'b1;
      if (in_x_last) in_y <= in_last ? '0 : in_y + 1'b1;
      if (in_data) {marked, mark_y, mark_x, mark_beat} <= {1'b1, in_y, in_x, in_beat};
    end
    if (leave) begin
      beat <= beat_last ? '0 : beat + 1'b1;
      if (beat_last) x <= x_last ? '0 : x + 1'b1;
      if (x_last) y <= out_row ? '0 : y + 1'b1;
    end
    ahead <= ahead + 3'(take && in_last) - 3'(leave && out_row);
    if (take && in_data) left <= ahead - 3'(leave && out_row);
    else if (leave && out_row && left >= 0) left <= left - 3'd1;
    if (!rst_ni) begin
      {marked, in_y, in_x, in_beat} <= '0;
      {y, x, beat} <= '0;
      {ahead, left} <= '0;
    end
  end

  always_comb begin
    if (rst_ni) begin
      a_row_ends_where_it_ends : assert (!out_valid || out_last == x_last);
      a_column_leaves_without_a_gap : assert (out_valid || beat == '0);
    end
  end
  for (genvar ky = 0; ky < KERNEL_Y; ky++) begin : gen_ky
    logic here;
    always_comb begin
      here = marked && left == 0 && beat == mark_beat && x == mark_x && int'(y) * STRIDE_Y - PAD_Y + ky == int'(mark_y);
      if (rst_ni) begin
        each_pixel_is_at_its_place_in_columns : assert (!out_valid || out_data[ky] == here);
      end
    end
  end

endmodule

`default_nettype wire
