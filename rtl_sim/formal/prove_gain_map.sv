`default_nettype none

/// Each bit of a frame comes out once, in order, shifted by the gains 1, 2 of its row and 1, 4 of its column.
module prove_gain_map #(
    parameter int BEATS = 1
) (
    input wire               clk_i,
    input wire [4*BEATS-1:0] mark_i,
    input wire               in_valid_i,
    input wire               in_data_i,
    input wire               out_ready_i
);
  logic rst_ni = 0;  // in the first cycle only
  always_ff @(posedge clk_i) rst_ni <= 1;
  logic in_ready, out_valid;
  logic [3:0] out_data;

  gain_map #(
      .BEATS(BEATS),
      .ROWS(2),
      .COLUMNS(2),
      .IN_BITS(1),
      .ROW_BITS(2),
      .COLUMN_BITS(3),
      .GAIN_BITS(4),
      .OUT_BITS(4),
      .ROW_FILE("gain_of_rows.mem"),
      .COLUMN_FILE("gain_of_columns.mem")
  ) dut (
      .clk_i,
      .rst_ni,
      .in0_valid_i (in_valid_i),
      .in0_ready_o (in_ready),
      .in0_data_i  (in_data_i),
      .out0_valid_o(out_valid),
      .out0_ready_i(out_ready_i),
      .out0_data_o (out_data)
  );
  stream_ends #(
      .IN_WIDTH(1),
      .OUT_WIDTH(4),
      .WITHIN(8)
  ) i_ends (
      .clk_i,
      .rst_ni,
      .enable_i(1'b1),
      .in_valid_i,
      .in_ready_i(in_ready),
      .in_data_i,
      .out_valid_i(out_valid),
      .out_ready_i,
      .out_data_i(out_data)
  );
  for (genvar beat = 0; beat < 4 * BEATS; beat++) begin : gen_beat
    localparam int PIXEL = beat / BEATS;
    channel_order #(
        .MOST(4),
        .IN_BEATS(4 * BEATS),
        .IN_CHANNEL(beat),
        .OUT_LANES(4),  // a bit each
        .OUT_BEATS(4 * BEATS),
        .OUT_CHANNEL(4 * beat + PIXEL / 2 + 2 * (PIXEL % 2))
    ) order (
        .clk_i,
        .rst_ni,
        .mark_i(mark_i[beat]),
        .in_valid_i,
        .in_ready_i(in_ready),
        .in_data_i,
        .out_valid_i(out_valid),
        .out_ready_i,
        .out_data_i(out_data)
    );
  end

endmodule

`default_nettype wire
