`default_nettype none
// verilator lint_off PINCONNECTEMPTY

/// Sliding windows of KERNEL_Y x KERNEL_X pixels, of which TAPS come at once: all, or a column of KERNEL_Y; made of the
/// columns that `window_columns` gives, which pass along registers.
///
/// For each window, and each beat of its pixels, a beat of the output holds TAPS pixels of it: lane `l * TAPS + t` is
/// channel l of pixel t in raster order, or of the column's pixel t, columns following one another. Pixels beside the
/// frame are zero.
/// Windows at the right edge are complete when columns of the next row pass, or none if there are none yet, for what lies
/// beyond the edge is zero. If windows reach further than one column beyond, all but one of these pass as empty ones: no
/// window may wait for a second column of a row that is not its own.
/// A beat a cycle leaves. The path from `out0_ready_i` to `in0_ready_o` is combinatorial.
module window_taps #(
    parameter int LANES = 4,  // channels a beat
    parameter int BITS = 8,  // bits of a channel
    parameter int BEATS = 2,  // beats of a pixel
    parameter int IN_X = 4,  // columns of the input map
    parameter int OUT_X = 4,  // windows of a row
    parameter int KERNEL_Y = 3,  // rows of the kernel
    parameter int KERNEL_X = 3,  // columns of the kernel
    parameter int STRIDE_X = 1,  // columns from one window to the next
    parameter int PAD_X = 1,  // columns of padding left of the map
    parameter int TAPS = 9  // pixels of a window that come at once: KERNEL_Y or KERNEL_Y * KERNEL_X
) (
    input  wire                                             clk_i,
    input  wire                                             rst_ni,
    input  wire                                             in0_valid_i,
    output logic                                            in0_ready_o,
    input  wire  [       KERNEL_Y-1:0][LANES-1:0][BITS-1:0] in0_data_i,
    input  wire                                             in0_last_i,    // with a row's last beat
    output logic                                            out0_valid_o,
    input  wire                                             out0_ready_i,
    output logic [LANES*TAPS*BITS-1:0]                      out0_data_o
);

  localparam int COLUMNS = TAPS / KERNEL_Y;  // of a window that leave at once
  localparam int TURNS = KERNEL_X / COLUMNS;
  // Columns before the one with which a row's first window is complete; those beyond the row's end that its last needs.
  localparam int BEFORE = KERNEL_X - 1 - PAD_X;
  localparam int LAST = BEFORE + (OUT_X - 1) * STRIDE_X;
  localparam int BEYOND = LAST >= IN_X ? LAST - IN_X + 1 : 0;
  localparam int EMPTY = BEYOND > 1 ? BEYOND - 1 : 0;  // of them that pass as empty ones
  // Steps that pass without a window: after a window, after a row of them.
  localparam int SKIP = (STRIDE_X - 1) * BEATS;
  localparam int SKIP_ROW = (IN_X - 1 - (OUT_X - 1) * STRIDE_X) * BEATS;
  function automatic int larger(input int a, input int b);
    return a > b ? a : b;
  endfunction
  localparam int MISSING_BITS = $clog2(larger(larger(BEFORE * BEATS, SKIP), SKIP_ROW + BEYOND * BEATS) + 2);

  if (COLUMNS * KERNEL_Y != TAPS || COLUMNS * TURNS != KERNEL_X || (COLUMNS != 1 && TURNS != 1)) begin : gen_check
    $fatal(1, "%m: TAPS = %0d is neither a column nor all of %0d x %0d", TAPS, KERNEL_Y, KERNEL_X);
  end
  if (BEFORE < 0 || SKIP_ROW < 0) begin : gen_check_padding
    $fatal(1, "%m: padding must be smaller than the kernel");
  end

  // A step moves all columns on by one beat: the next beat of a column comes in or, beyond a row's end, none.
  logic step, take, empty, beyond, complete, leave, done, beat_last, x_last, row_done;
  localparam int X_BITS = OUT_X > 1 ? $clog2(OUT_X) : 1;
  localparam int KX_BITS = KERNEL_X > 1 ? $clog2(KERNEL_X) : 1;
  logic [X_BITS-1:0] x;
  logic [(TURNS > 1 ? $clog2(TURNS) : 1)-1:0] turn;
  logic turn_last;
  logic [MISSING_BITS-1:0] missing, next, passed;  // steps until a window's next beat is complete
  assign complete = missing == '0;
  assign out0_valid_o = complete && (in0_valid_i || beyond);
  assign leave = out0_valid_o && out0_ready_i;
  assign done = leave && turn_last;
  assign in0_ready_o = (!complete || (out0_ready_i && turn_last)) && !empty;
  assign take = in0_valid_i && in0_ready_o;
  assign step = complete ? done : take || beyond;
  assign row_done = done && beat_last && x_last;

  counter #(
      .COUNT(TURNS)
  ) i_turn (
      .clk_i,
      .rst_ni,
      .step_i (leave),
      .count_o(turn),
      .last_o (turn_last)
  );
  counter #(
      .COUNT(BEATS)
  ) i_beat (
      .clk_i,
      .rst_ni,
      .step_i (done),
      .count_o(),
      .last_o (beat_last)
  );
  counter #(
      .COUNT(OUT_X)
  ) i_x (
      .clk_i,
      .rst_ni,
      .step_i (done && beat_last),
      .count_o(x),
      .last_o (x_last)
  );

  // Empty steps lie between two rows: the next one's first window is as many steps later.
  if (BEYOND > 0) begin : gen_beyond
    localparam int STEP_BITS = $clog2(BEYOND * BEATS + 1);
    logic [STEP_BITS-1:0] steps, empties;
    assign empty  = EMPTY > 0 && beyond && steps < STEP_BITS'(EMPTY * BEATS);
    assign passed = MISSING_BITS'(empties) + MISSING_BITS'(!take);
    always_ff @(posedge clk_i) begin
      if (step && beyond) begin
        steps   <= steps + 1'b1;
        empties <= empties + STEP_BITS'(!take);
      end
      if (row_done || !rst_ni) {steps, empties} <= '0;
      if (take && in0_last_i) beyond <= 1;
      else if (row_done) beyond <= 0;
      if (!rst_ni) beyond <= 0;
    end
  end else begin : gen_within
    assign beyond = 0;
    assign empty  = 0;
    assign passed = '0;
    wire unused = &{in0_last_i, row_done};
  end

  always_comb begin
    next = '0;
    if (beat_last) next = x_last ? MISSING_BITS'(SKIP_ROW) + passed : MISSING_BITS'(SKIP);
  end
  always_ff @(posedge clk_i) begin
    if (step) missing <= complete ? next : missing - 1'b1;
    if (!rst_ni) missing <= MISSING_BITS'(BEFORE * BEATS);
  end

  // The columns of a window, the newest last.
  logic [KERNEL_X-1:0][KERNEL_Y-1:0][LANES-1:0][BITS-1:0] pixels;
  logic [KERNEL_X-1:0] x_inside;
  assign pixels[KERNEL_X-1] = in0_data_i;
  for (genvar kx = 0; kx < KERNEL_X; kx++) begin : gen_kx
    if (kx < KERNEL_X - 1) begin : gen_older
      logic [BEATS-1:0][KERNEL_Y*LANES*BITS-1:0] waiting;
      assign pixels[kx] = waiting[BEATS-1];
      always_ff @(posedge clk_i) begin
        if (step) waiting <= (BEATS * KERNEL_Y * LANES * BITS)'({waiting, pixels[kx+1]});
      end
    end
    in_frame #(
        .SIZE(IN_X),
        .OUT(OUT_X),
        .KERNEL(KERNEL_X),
        .STRIDE(STRIDE_X),
        .PAD(PAD_X)
    ) i_inside (
        .out_i   (x),
        .kernel_i(KX_BITS'(kx)),
        .inside_o(x_inside[kx])
    );
  end

  logic [COLUMNS-1:0][KERNEL_Y-1:0][LANES-1:0][BITS-1:0] leaving;
  if (TURNS == 1) begin : gen_whole
    for (genvar kx = 0; kx < KERNEL_X; kx++) begin : gen_mask
      assign leaving[kx] = x_inside[kx] ? pixels[kx] : '0;
    end
    wire unused = &turn;
  end else begin : gen_column
    assign leaving = x_inside[turn] ? pixels[turn] : '0;
  end
  for (genvar l = 0; l < LANES; l++) begin : gen_lane
    for (genvar t = 0; t < TAPS; t++) begin : gen_tap
      assign out0_data_o[(l*TAPS+t)*BITS+:BITS] = leaving[t%COLUMNS][t/COLUMNS][l];
    end
  end

endmodule

// verilator lint_on PINCONNECTEMPTY
`default_nettype wire
