`default_nettype none
// verilator lint_off PINCONNECTEMPTY

/// Whole windows of single bits, side by side: bit `(ky * KERNEL_X + kx) * BEATS * SIMD + c` is channel c of that pixel.
///
/// Pixels come in BEATS beats of SIMD channels; see `window` for the other parameters. Bits outside the frame are zero. A
/// window takes KERNEL_Y * KERNEL_X * BEATS cycles; the next one follows without a gap if it is taken when it is there.
/// The path from `out0_ready_i` to clock enables inside is combinatorial, and where WORDS = 0 to `in0_ready_o`.
module window_bits #(
    parameter int SIMD = 4,
    parameter int BEATS = 2,
    parameter int IN_Y = 4,
    parameter int IN_X = 4,
    parameter int OUT_Y = 4,
    parameter int OUT_X = 4,
    parameter int KERNEL_Y = 1,
    parameter int KERNEL_X = 1,
    parameter int STRIDE_Y = 1,
    parameter int STRIDE_X = 1,
    parameter int PAD_Y = 0,
    parameter int PAD_X = 0,
    parameter int WORDS = 0,
    parameter bit RING_BLOCK = 0,
    parameter int RING_REST = 0
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

  localparam int STEPS = KERNEL_Y * KERNEL_X * BEATS;
  localparam int STEP_BITS = STEPS > 1 ? $clog2(STEPS) : 1;

  logic valid, ready, last;
  logic [SIMD-1:0] data;

  if (WORDS == 0) begin : gen_pointwise
    assign valid = in0_valid_i;
    assign data = in0_data_i;
    assign in0_ready_o = ready;
  end else begin : gen_window
    window #(
        .WIDTH(SIMD),
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
        .TOGETHER(BEATS),
        .WORDS(WORDS),
        .BLOCK(RING_BLOCK),
        .REST(RING_REST)
    ) i_window (
        .clk_i,
        .rst_ni,
        .in0_valid_i,
        .in0_ready_o,
        .in0_data_i,
        .out0_valid_o  (valid),
        .out0_ready_i  (ready),
        .out0_data_o   (data),
        .out0_outside_o()
    );
  end

  // A shift register: when its last beat is in, the first one is in the lowest bits.
  logic [STEP_BITS-1:0] unused_step;
  counter #(
      .COUNT(STEPS)
  ) i_step (
      .clk_i,
      .rst_ni,
      .step_i (valid && ready),
      .count_o(unused_step),
      .last_o (last)
  );

  assign ready = !out0_valid_o || out0_ready_i;
  always_ff @(posedge clk_i) begin
    if (valid && ready) out0_data_o <= (STEPS * SIMD)'({data, out0_data_o} >> SIMD);
    if (ready) out0_valid_o <= valid && last;
    if (!rst_ni) out0_valid_o <= 0;
  end

endmodule

// verilator lint_on PINCONNECTEMPTY
`default_nettype wire
