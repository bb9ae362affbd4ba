`default_nettype none
// verilator lint_off PINCONNECTEMPTY

/// Whole windows of single bits, one a cycle: bit `(ky * KERNEL_X + kx) * BEATS * SIMD + c` is channel c of that pixel.
///
/// Pixels come in BEATS beats of SIMD channels and pass along KERNEL_Y rows of registers; between two rows they wait in a
/// memory (BLOCK: in block RAM). Frames follow one another without a gap: a window at the right or lower edge reaches
/// into the next row or frame, and what lies outside of its own frame is zero. Where no next frame comes, the last rows
/// are pushed out. At least that much of a frame must lie in front of its last windows: AFTER < IN_Y * IN_X.
/// The path from `out0_ready_i` to clock enables inside and to `in0_ready_o` is combinatorial.
module window_bits #(
    parameter int SIMD = 4,  // channels a beat, one bit each
    parameter int BEATS = 2,  // beats of a pixel
    parameter int IN_Y = 4,  // rows of the input map
    parameter int IN_X = 4,  // columns of the input map
    parameter int OUT_Y = 4,  // rows of the output map
    parameter int OUT_X = 4,  // columns of the output map
    parameter int KERNEL_Y = 3,  // rows of the kernel
    parameter int KERNEL_X = 3,  // columns of the kernel
    parameter int STRIDE_Y = 1,  // rows from one window to the next
    parameter int STRIDE_X = 1,  // columns from one window to the next
    parameter int PAD_Y = 1,  // rows of padding above the map
    parameter int PAD_X = 1,  // columns of padding left of the map
    parameter bit BLOCK = 0  // rows wait in block RAM, else in LUT RAM
) (
    input  wire                                     clk_i,
    input  wire                                     rst_ni,
    input  wire                                     in0_valid_i,
    output logic                                    in0_ready_o,
    input  wire  [                        SIMD-1:0] in0_data_i,
    output logic                                    out0_valid_o,
    input  wire                                     out0_ready_i,
    output logic [KERNEL_Y*KERNEL_X*BEATS*SIMD-1:0] out0_data_o
);

  localparam int BITS = BEATS * SIMD;
  localparam int PIXELS = IN_Y * IN_X;
  // Pixels, counted on past the end of the frame, with which its first and its last window are complete.
  localparam int FIRST = (KERNEL_Y - 1 - PAD_Y) * IN_X + KERNEL_X - 1 - PAD_X;
  localparam int LAST = FIRST + (OUT_Y - 1) * STRIDE_Y * IN_X + (OUT_X - 1) * STRIDE_X;
  localparam int AFTER = LAST >= PIXELS ? LAST - PIXELS + 1 : 0;
  // Pixels from one window to the next.
  localparam int JUMP = STRIDE_X;
  localparam int JUMP_ROW = STRIDE_Y * IN_X - (OUT_X - 1) * STRIDE_X;
  localparam int JUMP_FRAME = PIXELS + FIRST - LAST;
  function automatic int larger(input int a, input int b);
    return a > b ? a : b;
  endfunction
  localparam int MISSING_MAX = larger(larger(FIRST + 1, JUMP), larger(JUMP_ROW, JUMP_FRAME + AFTER));
  localparam int MISSING_BITS = $clog2(MISSING_MAX + 1);

  if (FIRST < 0 || JUMP_ROW < 1 || JUMP_FRAME < 1) begin : gen_check
    $fatal(1, "%m: padding must be smaller than the kernel");
  end
  if (FIRST >= PIXELS || AFTER >= PIXELS) begin : gen_check_after
    $fatal(1, "%m: a frame of %0d pixels is too small for windows that reach %0d further", PIXELS, AFTER);
  end

  // A step moves all pixels on by one: another pixel comes in or, where a frame is pushed out, none.
  logic ce, hit, take, may_step, pixel_valid, push, step;
  logic beat_last, pixel_last, x_last, y_last, frame_last;
  logic [BITS-1:0] pixel;

  counter #(
      .COUNT(BEATS)
  ) i_beat (
      .clk_i,
      .rst_ni,
      .step_i (in0_valid_i && in0_ready_o),
      .count_o(),
      .last_o (beat_last)
  );
  if (BEATS > 1) begin : gen_held
    logic [BITS-SIMD-1:0] held;
    always_ff @(posedge clk_i) begin
      if (in0_valid_i && !beat_last) held <= (BITS - SIMD)'({in0_data_i, held} >> SIMD);
    end
    assign pixel = {in0_data_i, held};
  end else begin : gen_whole
    assign pixel = in0_data_i;
  end

  localparam int PIXEL_BITS = PIXELS > 1 ? $clog2(PIXELS) : 1;
  logic [PIXEL_BITS-1:0] pixel_index;
  counter #(
      .COUNT(PIXELS)
  ) i_pixel (
      .clk_i,
      .rst_ni,
      .step_i (step && pixel_valid),
      .count_o(pixel_index),
      .last_o (pixel_last)
  );

  localparam int X_BITS = OUT_X > 1 ? $clog2(OUT_X) : 1;
  localparam int Y_BITS = OUT_Y > 1 ? $clog2(OUT_Y) : 1;
  logic [X_BITS-1:0] x;
  logic [Y_BITS-1:0] y;
  counter #(
      .COUNT(OUT_X)
  ) i_x (
      .clk_i,
      .rst_ni,
      .step_i (take),
      .count_o(x),
      .last_o (x_last)
  );
  counter #(
      .COUNT(OUT_Y)
  ) i_y (
      .clk_i,
      .rst_ni,
      .step_i (take && x_last),
      .count_o(y),
      .last_o (y_last)
  );
  assign frame_last = x_last && y_last;

  // Steps until the next window is complete; frames that have come in completely and wait for their last window.
  logic [MISSING_BITS-1:0] missing, jump;
  logic signed [1:0] whole;
  assign hit = missing == '0;
  assign ce = !out0_valid_o || out0_ready_i;
  assign take = hit && ce;
  assign may_step = !hit || ce;
  assign in0_ready_o = !beat_last || may_step;
  assign pixel_valid = in0_valid_i && beat_last;
  assign step = may_step && (pixel_valid || push);

  // Pushed steps lie between two frames: the next one's first window is as many steps later.
  logic [MISSING_BITS-1:0] pushed;
  if (AFTER > 0) begin : gen_push
    assign push = whole > 0 && pixel_index == '0 && !(hit && frame_last);
    always_ff @(posedge clk_i) begin
      if (step && !pixel_valid) pushed <= pushed + 1'b1;
      if (take && frame_last || !rst_ni) pushed <= '0;
    end
  end else begin : gen_no_push
    assign push   = 0;
    assign pushed = '0;
    wire unused = &{whole, pixel_index};
  end

  always_comb begin
    jump = x_last ? MISSING_BITS'(JUMP_ROW) : MISSING_BITS'(JUMP);
    if (frame_last) jump = MISSING_BITS'(JUMP_FRAME) + pushed;
  end
  always_ff @(posedge clk_i) begin
    missing <= missing + (take ? jump : '0) - MISSING_BITS'(step);
    whole   <= whole + 2'(step && pixel_valid && pixel_last) - 2'(take && frame_last);
    if (!rst_ni) begin
      missing <= MISSING_BITS'(FIRST + 1);
      whole   <= '0;
    end
  end

  // The pixel that comes in, and those 1, 2, .. rows before it.
  logic [KERNEL_Y-1:0][BITS-1:0] entering;
  assign entering[0] = pixel;
  if (KERNEL_Y > 1) begin : gen_rows
    logic [KERNEL_Y-2:0][BITS-1:0] delayed;
    assign entering[KERNEL_Y-1:1] = delayed;
    if (IN_X < 4) begin : gen_registers
      logic [IN_X-1:0][KERNEL_Y-2:0][BITS-1:0] waiting;
      assign delayed = waiting[IN_X-1];
      always_ff @(posedge clk_i) begin
        if (step) waiting <= (IN_X * (KERNEL_Y - 1) * BITS)'({waiting, entering[KERNEL_Y-2:0]});
      end
    end else begin : gen_memory
      localparam int WORDS = IN_X - 2;  // what is read comes two steps later
      logic [$clog2(WORDS)-1:0] address;
      counter #(
          .COUNT(WORDS)
      ) i_address (
          .clk_i,
          .rst_ni,
          .step_i (step),
          .count_o(address),
          .last_o ()
      );
      ram #(
          .DEPTH(WORDS),
          .WIDTH((KERNEL_Y - 1) * BITS),
          .BLOCK(BLOCK),
          .LATE (1)
      ) i_ram (
          .clk_i,
          .wen_i  (step),
          .waddr_i(address),
          .data_i (entering[KERNEL_Y-2:0]),
          .ren_i  (step),
          .raddr_i(address),
          .data_o (delayed)
      );
    end
  end

  logic [KERNEL_Y-1:0] y_inside;
  logic [KERNEL_X-1:0] x_inside;
  for (genvar kx = 0; kx < KERNEL_X; kx++) begin : gen_kx
    localparam int KX_BITS = KERNEL_X > 1 ? $clog2(KERNEL_X) : 1;
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
  for (genvar ky = 0; ky < KERNEL_Y; ky++) begin : gen_ky
    localparam int KY_BITS = KERNEL_Y > 1 ? $clog2(KERNEL_Y) : 1;
    in_frame #(
        .SIZE(IN_Y),
        .OUT(OUT_Y),
        .KERNEL(KERNEL_Y),
        .STRIDE(STRIDE_Y),
        .PAD(PAD_Y)
    ) i_inside (
        .out_i   (y),
        .kernel_i(KY_BITS'(ky)),
        .inside_o(y_inside[ky])
    );

    logic [KERNEL_X-1:0][BITS-1:0] row;  // the newest pixel is the last
    always_ff @(posedge clk_i) begin
      if (step) row <= (KERNEL_X * BITS)'({entering[KERNEL_Y-1-ky], row} >> BITS);
    end
    for (genvar kx = 0; kx < KERNEL_X; kx++) begin : gen_tap
      always_ff @(posedge clk_i) begin
        if (ce) out0_data_o[(ky*KERNEL_X+kx)*BITS+:BITS] <= row[kx] & {BITS{y_inside[ky] && x_inside[kx]}};
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (ce) out0_valid_o <= hit;
    if (!rst_ni) out0_valid_o <= 0;
  end

endmodule

// verilator lint_on PINCONNECTEMPTY
`default_nettype wire
