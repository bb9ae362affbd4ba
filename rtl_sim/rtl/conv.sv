`default_nettype none
// verilator lint_off PINCONNECTEMPTY

/// Convolution, dense or in groups: `window`, where the kernel is larger than 1x1 or strides, and `mvu`.
///
/// Inputs come in beats of SIMD channels; see `window` for the ring of WORDS beats, `mvu` for all other parameters.
/// In a dense one all BEATS beats of a pixel make every output. In groups, only TOGETHER beats do: a vector for `mvu` is
/// what they hold of a window, the channels of one group, or of UNITS groups side by side.
module conv #(
    parameter int BEATS = 4,
    parameter int TOGETHER = BEATS,
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
    parameter int RING_REST = 0,
    parameter int OUTPUTS = 4,
    parameter int PE = 2,
    parameter int SIMD = 1,
    parameter int PASSES = (OUTPUTS + PE - 1) / PE,
    parameter int UNITS = 1,
    parameter int X_BITS = 8,
    parameter bit X_SIGNED = 0,
    parameter int W_BITS = 4,
    parameter int SUM_BITS = 18,
    parameter int BIAS_BITS = 8,
    parameter int ACC_BITS = 18,
    parameter int OUT_LANES = 1,
    parameter bit PACK = 1,
    parameter bit MULT = 0,
    parameter bit XNOR = 0,
    parameter bit WEIGHT_BLOCK = 0,
    parameter bit BIAS_BLOCK = 0,
    parameter bit INPUT_BLOCK = 0,
    parameter WEIGHT_FILE = "",
    parameter BIAS_FILE = ""
) (
    input  wire                           clk_i,
    input  wire                           rst_ni,
    input  wire                           in0_valid_i,
    output logic                          in0_ready_o,
    input  wire  [       SIMD*X_BITS-1:0] in0_data_i,
    output logic                          out0_valid_o,
    input  wire                           out0_ready_i,
    output logic [OUT_LANES*ACC_BITS-1:0] out0_data_o
);

  logic valid, ready;
  logic [SIMD*X_BITS-1:0] data;

  if (WORDS == 0) begin : gen_pointwise
    assign valid = in0_valid_i;
    assign data = in0_data_i;
    assign in0_ready_o = ready;
  end else begin : gen_window
    window #(
        .WIDTH(SIMD * X_BITS),
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
        .TOGETHER(TOGETHER),
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

  mvu #(
      .STEPS(KERNEL_Y * KERNEL_X * TOGETHER),
      .OUTPUTS(OUTPUTS),
      .PE(PE),
      .SIMD(SIMD),
      .PASSES(PASSES),
      .UNITS(UNITS),
      .X_BITS(X_BITS),
      .X_SIGNED(X_SIGNED),
      .W_BITS(W_BITS),
      .SUM_BITS(SUM_BITS),
      .BIAS_BITS(BIAS_BITS),
      .ACC_BITS(ACC_BITS),
      .OUT_LANES(OUT_LANES),
      .PACK(PACK),
      .MULT(MULT),
      .XNOR(XNOR),
      .WEIGHT_BLOCK(WEIGHT_BLOCK),
      .BIAS_BLOCK(BIAS_BLOCK),
      .INPUT_BLOCK(INPUT_BLOCK),
      .WEIGHT_FILE(WEIGHT_FILE),
      .BIAS_FILE(BIAS_FILE)
  ) i_mvu (
      .clk_i,
      .rst_ni,
      .in0_valid_i(valid),
      .in0_ready_o(ready),
      .in0_data_i (data),
      .out0_valid_o,
      .out0_ready_i,
      .out0_data_o
  );

endmodule

// verilator lint_on PINCONNECTEMPTY
`default_nettype wire
