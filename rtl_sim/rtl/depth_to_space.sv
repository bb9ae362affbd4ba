`default_nettype none

/// Depth to space: the channels of a pixel, ROWS runs of RUN beats, become ROWS rows of pixels.
///
/// The runs go to ROWS FIFOs in turn, which are read one after another, a whole output row each. Rows at the frame's
/// lower end and beats at the right one that are left out are taken and written nowhere. A writer of constant speed never
/// waits if the first FIFO holds 1 - 1 / ROWS of an output row and a run, and each further one 1 / ROWS of it more.
/// Latency and paths are those of `stream_fifo`.
module depth_to_space #(
    parameter int ROWS = 2,  // of a block
    parameter int RUN = 2,  // beats of an input pixel that lie in the same output row
    parameter int PIXELS = 4,  // of an input row
    parameter int LINES = 4,  // input rows of a frame
    parameter int CROP_ROWS = 0,  // of a frame's last blocks that are left out, less than ROWS
    parameter int CROP_BEATS = 0,  // of an output row's last run that are left out, less than RUN
    parameter int WIDTH = 8,  // bits of a beat
    parameter int DEPTH = 10,  // beats of the first row's FIFO
    parameter int MORE = 4,  // beats that each further row's has more than the one before; half an output row if not 0
    parameter bit [ROWS-1:0] BLOCK = '0  // of each FIFO: 1 takes block RAM, 0 takes LUT RAM
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

  localparam int R = ROWS > 1 ? $clog2(ROWS) : 1;
  localparam int B = RUN > 1 ? $clog2(RUN) : 1;
  localparam int OUT_BEATS = PIXELS * RUN - CROP_BEATS;  // of an output row
  localparam int O = OUT_BEATS > 1 ? $clog2(OUT_BEATS) : 1;
  localparam int L = LINES > 1 ? $clog2(LINES) : 1;
  localparam int PX = PIXELS > 1 ? $clog2(PIXELS) : 1;

  if (ROWS < 1 || RUN < 1 || PIXELS < 1 || LINES < 1) begin : gen_check
    $fatal(1, "%m: ROWS, RUN, PIXELS and LINES must be positive");
  end
  if (CROP_ROWS >= ROWS || CROP_BEATS >= RUN) begin : gen_check_crop
    $fatal(
        1,
        "%m: nothing is left of a block of %0d rows without %0d, or of a run of %0d beats without %0d",
        ROWS,
        CROP_ROWS,
        RUN,
        CROP_BEATS
    );
  end
  if (ROWS > 1 && DEPTH + MORE < PIXELS * RUN) begin : gen_check_depth
    $fatal(1, "%m: %0d beats do not hold a row of %0d", DEPTH + MORE, PIXELS * RUN);
  end

  // Where an input beat belongs: beats of a run, rows of a block, pixels.
  logic take, cut, last_beat, last_row, last_pixel;
  logic [ B-1:0] beat;
  logic [ R-1:0] row;
  logic [PX-1:0] unused_pixel;
  assign take = in0_valid_i && in0_ready_o;
  counter #(
      .COUNT(RUN)
  ) i_beats (
      .clk_i,
      .rst_ni,
      .step_i (take),
      .count_o(beat),
      .last_o (last_beat)
  );
  counter #(
      .COUNT(ROWS)
  ) i_rows (
      .clk_i,
      .rst_ni,
      .step_i (take && last_beat),
      .count_o(row),
      .last_o (last_row)
  );
  counter #(
      .COUNT(PIXELS)
  ) i_pixels (
      .clk_i,
      .rst_ni,
      .step_i (take && last_beat && last_row),
      .count_o(unused_pixel),
      .last_o (last_pixel)
  );

  logic cut_beat, cut_row;
  if (CROP_BEATS > 0) begin : gen_crop_beats
    assign cut_beat = last_pixel && beat >= B'(RUN - CROP_BEATS);
  end else begin : gen_all_beats
    wire unused = &{beat};
    assign cut_beat = 0;
  end
  if (CROP_ROWS > 0) begin : gen_crop_rows
    logic last_line;
    logic [L-1:0] unused_line;
    counter #(
        .COUNT(LINES)
    ) i_lines (
        .clk_i,
        .rst_ni,
        .step_i (take && last_beat && last_row && last_pixel),
        .count_o(unused_line),
        .last_o (last_line)
    );
    assign cut_row = last_line && row >= R'(ROWS - CROP_ROWS);
  end else begin : gen_all_rows
    wire unused = &{last_pixel};
    assign cut_row = 0;
  end
  assign cut = cut_beat || cut_row;

  logic [ROWS-1:0] room, ready, valid, turn;
  logic [ROWS-1:0][WIDTH-1:0] data;
  assign in0_ready_o = cut || |room;
  for (genvar i = 0; i < ROWS; i++) begin : gen_row
    logic here;
    assign here = row == R'(i);
    assign room[i] = here && ready[i];
    stream_fifo #(
        .WIDTH(WIDTH),
        .DEPTH(DEPTH + i * MORE),
        .BLOCK(BLOCK[i])
    ) i_waiting (
        .clk_i,
        .rst_ni,
        .in0_valid_i (in0_valid_i && here && !cut),
        .in0_ready_o (ready[i]),
        .in0_data_i,
        .out0_valid_o(valid[i]),
        .out0_ready_i(out0_ready_i && turn[i]),
        .out0_data_o (data[i])
    );
  end

  // Whose turn it is to leave: a whole output row, the rows of a block one after another.
  logic leave, last_out_beat, last_out_row, last_out_line;
  logic [R-1:0] out_row;
  logic [O-1:0] unused_out_beat;
  logic [(CROP_ROWS > 0 ? L : 1)-1:0] unused_out_line;
  assign leave = out0_valid_o && out0_ready_i;
  assign last_out_row = out_row == (CROP_ROWS > 0 && last_out_line ? R'(ROWS - 1 - CROP_ROWS) : R'(ROWS - 1));
  counter #(
      .COUNT(OUT_BEATS)
  ) i_out_beats (
      .clk_i,
      .rst_ni,
      .step_i (leave),
      .count_o(unused_out_beat),
      .last_o (last_out_beat)
  );
  counter #(
      .COUNT(CROP_ROWS > 0 ? LINES : 1)
  ) i_out_lines (
      .clk_i,
      .rst_ni,
      .step_i (leave && last_out_beat && last_out_row),
      .count_o(unused_out_line),
      .last_o (last_out_line)
  );
  always_ff @(posedge clk_i) begin
    if (leave && last_out_beat) out_row <= last_out_row ? '0 : out_row + 1'b1;
    if (!rst_ni) out_row <= '0;
  end

  always_comb begin
    out0_data_o = '0;
    for (int i = 0; i < ROWS; i++) begin
      turn[i] = out_row == R'(i);
      if (turn[i]) out0_data_o |= data[i];
    end
  end
  assign out0_valid_o = |(valid & turn);

endmodule

`default_nettype wire
