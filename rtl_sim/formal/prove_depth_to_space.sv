`default_nettype none

/// The beats of a frame come out once, run by run into ROWS rows; those left out at its lower and right end do not.
module prove_depth_to_space #(
    parameter int ROWS       = 2,
    parameter int RUN        = 1,
    parameter int PIXELS     = 2,
    parameter int LINES      = 1,
    parameter int CROP_ROWS  = 0,
    parameter int CROP_BEATS = 0,
    parameter int DEPTH      = 2,
    parameter int MORE       = 1
) (
    input wire                             clk_i,
    input wire [LINES*PIXELS*ROWS*RUN-1:0] mark_i,
    input wire                             in_valid_i,
    input wire                             in_data_i,
    input wire                             out_ready_i
);
  logic rst_ni = 0;  // in the first cycle only
  always_ff @(posedge clk_i) rst_ni <= 1;
  localparam int BEATS = LINES * PIXELS * ROWS * RUN;  // of a frame that comes in
  localparam int OUT_ROW = PIXELS * RUN - CROP_BEATS;
  localparam int OUT_BEATS = (LINES * ROWS - CROP_ROWS) * OUT_ROW;
  logic in_ready, out_valid, out_data;

  depth_to_space #(
      .ROWS(ROWS),
      .RUN(RUN),
      .PIXELS(PIXELS),
      .LINES(LINES),
      .CROP_ROWS(CROP_ROWS),
      .CROP_BEATS(CROP_BEATS),
      .WIDTH(1),
      .DEPTH(DEPTH),
      .MORE(MORE)
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
      .OUT_WIDTH(1),
      .WITHIN(BEATS + 4)
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
  for (genvar beat = 0; beat < BEATS; beat++) begin : gen_beat
    localparam int ROW = beat / (PIXELS * ROWS * RUN) * ROWS + beat / RUN % ROWS;
    localparam int COLUMN = beat / (ROWS * RUN) % PIXELS * RUN + beat % RUN;
    if (ROW < LINES * ROWS - CROP_ROWS && COLUMN < OUT_ROW) begin : gen_kept
      channel_order #(
          .MOST(5),
          .IN_BEATS(BEATS),
          .IN_CHANNEL(beat),
          .OUT_BEATS(OUT_BEATS),
          .OUT_CHANNEL(ROW * OUT_ROW + COLUMN)
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
  end

endmodule

`default_nettype wire
