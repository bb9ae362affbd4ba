`default_nettype none
// verilator lint_off PINCONNECTEMPTY

/// Sliding windows of KERNEL_Y x KERNEL_X pixels, DILATION apart, over frames of BEATS beats a pixel, one beat a cycle.
///
/// TOGETHER beats of a pixel, which divide BEATS, are read one after another: for each window and each TOGETHER beats the
/// window's pixels in raster order. It is BEATS for dense operators, 1 for those that work channel by channel.
/// Beats of positions outside the frame are zero, and `out0_outside_o` is high with them. Once the first beat of a window
/// is out, the others follow without a gap. Windows and writing overlap fully if the ring of WORDS beats is long enough.
/// The path from `out0_ready_i` to clock enables inside is combinatorial, `in0_ready_o` is a register's.
module window #(
    parameter int WIDTH = 8,  // bits of a beat
    parameter int BEATS = 4,  // beats of a pixel
    parameter int IN_Y = 4,  // rows of the input map
    parameter int IN_X = 4,  // columns of the input map
    parameter int OUT_Y = 4,  // rows of the output map
    parameter int OUT_X = 4,  // columns of the output map
    parameter int KERNEL_Y = 3,  // rows of the kernel
    parameter int KERNEL_X = 3,  // columns of the kernel
    parameter int STRIDE_Y = 1,  // rows from one window to the next
    parameter int STRIDE_X = 1,  // columns from one window to the next
    parameter int DILATION_Y = 1,  // rows from one tap of a window to the next
    parameter int DILATION_X = 1,  // columns from one tap of a window to the next
    parameter int PAD_Y = 1,  // rows of padding above the map
    parameter int PAD_X = 1,  // columns of padding left of the map
    parameter int TOGETHER = 1,  // beats of a pixel that make one vector
    parameter int WORDS = 64,  // beats that the ring holds
    parameter bit BLOCK = 0,  // 1 takes block RAM, 0 takes LUT RAM
    parameter int REST = 0  // as in `ram`
) (
    input  wire              clk_i,
    input  wire              rst_ni,
    input  wire              in0_valid_i,
    output logic             in0_ready_o,
    input  wire  [WIDTH-1:0] in0_data_i,
    output logic             out0_valid_o,
    input  wire              out0_ready_i,
    output logic [WIDTH-1:0] out0_data_o,
    output logic             out0_outside_o
);

  localparam int ACROSS = (KERNEL_X - 1) * DILATION_X;
  localparam int SPAN = (KERNEL_Y - 1) * DILATION_Y * IN_X + ACROSS;
  localparam int JUMP = STRIDE_X;
  localparam int JUMP_ROW = STRIDE_Y * IN_X - (OUT_X - 1) * STRIDE_X;
  localparam int JUMP_FRAME = IN_Y * IN_X - (OUT_Y - 1) * STRIDE_Y * IN_X - (OUT_X - 1) * STRIDE_X;
  localparam int JUMP_MAX = JUMP_FRAME > JUMP_ROW ? (JUMP_FRAME > JUMP ? JUMP_FRAME : JUMP)
                                                  : (JUMP_ROW > JUMP ? JUMP_ROW : JUMP);
  localparam int JUMP_BITS = $clog2(JUMP_MAX + 1);
  localparam int ADDR_BITS = $clog2(WORDS);
  localparam bit POWER_OF_2 = WORDS == 1 << ADDR_BITS;

  if (JUMP_ROW < 1 || JUMP_FRAME < 1) begin : gen_check
    $fatal(1, "%m: padding must be smaller than the kernel");
  end
  if (BEATS % TOGETHER != 0) begin : gen_check_together
    $fatal(1, "%m: TOGETHER = %0d does not divide BEATS = %0d", TOGETHER, BEATS);
  end

  logic ce, ready, step, window_last, frame_last;
  logic kx_last, ky_last, beat_last, part_last, x_last, y_last;
  localparam int KX_BITS = KERNEL_X > 1 ? $clog2(KERNEL_X) : 1;
  localparam int KY_BITS = KERNEL_Y > 1 ? $clog2(KERNEL_Y) : 1;
  localparam int X_BITS = OUT_X > 1 ? $clog2(OUT_X) : 1;
  localparam int Y_BITS = OUT_Y > 1 ? $clog2(OUT_Y) : 1;
  logic [KX_BITS-1:0] kx;
  logic [KY_BITS-1:0] ky;
  logic [X_BITS-1:0] x;
  logic [Y_BITS-1:0] y;

  // A step reads one beat. Only a window's first waits.
  logic started;
  assign step = ce && (started || ready);
  assign window_last = kx_last && ky_last && beat_last && part_last;
  assign frame_last = x_last && y_last;

  counter #(
      .COUNT(TOGETHER)
  ) i_beat (
      .clk_i,
      .rst_ni,
      .step_i (step),
      .count_o(),
      .last_o (beat_last)
  );
  counter #(
      .COUNT(KERNEL_X)
  ) i_kx (
      .clk_i,
      .rst_ni,
      .step_i (step && beat_last),
      .count_o(kx),
      .last_o (kx_last)
  );
  counter #(
      .COUNT(KERNEL_Y)
  ) i_ky (
      .clk_i,
      .rst_ni,
      .step_i (step && beat_last && kx_last),
      .count_o(ky),
      .last_o (ky_last)
  );
  counter #(
      .COUNT(BEATS / TOGETHER)
  ) i_part (
      .clk_i,
      .rst_ni,
      .step_i (step && beat_last && kx_last && ky_last),
      .count_o(),
      .last_o (part_last)
  );
  counter #(
      .COUNT(OUT_X)
  ) i_x (
      .clk_i,
      .rst_ni,
      .step_i (step && window_last),
      .count_o(x),
      .last_o (x_last)
  );
  counter #(
      .COUNT(OUT_Y)
  ) i_y (
      .clk_i,
      .rst_ni,
      .step_i (step && window_last && x_last),
      .count_o(y),
      .last_o (y_last)
  );

  // The next address: this one and a distance, modulo WORDS.
  localparam int LEAD = PAD_Y * IN_X + PAD_X;
  localparam int BACK = SPAN * BEATS + BEATS - 1;
  typedef enum logic [2:0] {
    NEXT,
    NEXT_PIXEL,
    NEXT_LINE,
    NEXT_PART,
    NEXT_WINDOW,
    NEXT_ROW,
    NEXT_FRAME
  } move_e;
  function automatic int modulo(input int distance);
    return ((distance % WORDS) + WORDS) % WORDS;
  endfunction
  function automatic int distance(input int move);
    case (move)
      0: return modulo(1);
      1: return modulo(DILATION_X * BEATS - TOGETHER + 1);
      2: return modulo((DILATION_Y * IN_X - ACROSS) * BEATS - TOGETHER + 1);
      3: return modulo(1 - SPAN * BEATS);
      4: return modulo(JUMP * BEATS - BACK);
      5: return modulo(JUMP_ROW * BEATS - BACK);
      default: return modulo(JUMP_FRAME * BEATS - BACK);
    endcase
  endfunction

  move_e move;
  logic [ADDR_BITS-1:0] address, forward, sum;
  logic [ADDR_BITS:0] wrapped, difference;
  always_comb begin
    if (window_last) move = frame_last ? NEXT_FRAME : x_last ? NEXT_ROW : NEXT_WINDOW;
    else if (!beat_last || !kx_last && TOGETHER == BEATS && DILATION_X == 1) move = NEXT;
    else move = !kx_last ? NEXT_PIXEL : !ky_last ? NEXT_LINE : NEXT_PART;
    forward = '0;
    wrapped = '0;
    for (int m = 0; m < 7; m++) begin
      if (move == 3'(m)) begin
        forward = ADDR_BITS'(distance(m));
        wrapped = (ADDR_BITS + 1)'(distance(m) - WORDS);
      end
    end
    sum = address + forward;
    difference = {1'b0, address} + wrapped;
  end
  always_ff @(posedge clk_i) begin
    if (step) address <= POWER_OF_2 || difference[ADDR_BITS] ? sum : difference[ADDR_BITS-1:0];
    if (!rst_ni) address <= ADDR_BITS'(modulo(-LEAD * BEATS));
  end

  logic [JUMP_BITS-1:0] jump;
  assign jump = JUMP_BITS'(frame_last ? JUMP_FRAME : x_last ? JUMP_ROW : JUMP);
  logic [WIDTH-1:0] word;
  ring #(
      .WIDTH(WIDTH),
      .BEATS(BEATS),
      .PIXELS(IN_Y * IN_X),
      .SPAN(SPAN),
      .LEAD(LEAD),
      .WORDS(WORDS),
      .JUMP_BITS(JUMP_BITS),
      .BLOCK(BLOCK),
      .REST(REST)
  ) i_ring (
      .clk_i,
      .rst_ni,
      .in0_valid_i,
      .in0_ready_o,
      .in0_data_i,
      .ready_o       (ready),
      .advance_i     (step && window_last),
      .jump_i        (jump),
      .frame_end_i   (step && window_last && frame_last),
      .release_i     (step && window_last),
      .release_jump_i(jump),
      .ren_i         (ce),
      .raddr_i       (address),
      .data_o        (word)
  );

  logic y_inside, x_inside;
  in_frame #(
      .SIZE(IN_Y),
      .OUT(OUT_Y),
      .KERNEL(KERNEL_Y),
      .STRIDE(STRIDE_Y),
      .DILATION(DILATION_Y),
      .PAD(PAD_Y)
  ) i_y_inside (
      .out_i   (y),
      .kernel_i(ky),
      .inside_o(y_inside)
  );
  in_frame #(
      .SIZE(IN_X),
      .OUT(OUT_X),
      .KERNEL(KERNEL_X),
      .STRIDE(STRIDE_X),
      .DILATION(DILATION_X),
      .PAD(PAD_X)
  ) i_x_inside (
      .out_i   (x),
      .kernel_i(kx),
      .inside_o(x_inside)
  );

  logic [1:0] read_valid, read_outside;
  assign ce = !out0_valid_o || out0_ready_i;
  always_ff @(posedge clk_i) begin
    if (ce) begin
      read_valid <= {read_valid[0], step};
      read_outside <= {read_outside[0], !(y_inside && x_inside)};
      out0_valid_o <= read_valid[1];
      out0_outside_o <= read_outside[1];
      out0_data_o <= read_outside[1] ? '0 : word;
    end
    if (step) started <= !window_last;
    if (!rst_ni) begin
      started <= 0;
      read_valid <= '0;
      out0_valid_o <= 0;
    end
  end

endmodule

// verilator lint_on PINCONNECTEMPTY
`default_nettype wire
