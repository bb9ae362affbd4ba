`default_nettype none
// verilator lint_off PINCONNECTEMPTY

/// Convolution, dense or in groups: a window, where the kernel is larger than 1x1 or strides, and `mvu`.
///
/// Inputs come in beats of SIMD channels; see `window` for the ring of WORDS beats, `mvu` for all other parameters.
/// TAPS > 1: so many pixels of a window come at once, in the order of `window_taps`, out of a ring of `window_columns`.
/// In a dense one all BEATS beats of a pixel make every output. In groups, only TOGETHER beats do: a vector for `mvu` is
/// what they hold of a window, the channels of one group, or of UNITS groups side by side.
module conv #(
    parameter int BEATS = 4,  // beats of a pixel
    parameter int TOGETHER = BEATS,  // beats of a pixel that make one vector
    parameter int IN_Y = 4,  // rows of the input map
    parameter int IN_X = 4,  // columns of the input map
    parameter int OUT_Y = 4,  // rows of the output map
    parameter int OUT_X = 4,  // columns of the output map
    parameter int KERNEL_Y = 1,  // rows of the kernel
    parameter int KERNEL_X = 1,  // columns of the kernel
    parameter int STRIDE_Y = 1,  // rows from one window to the next
    parameter int STRIDE_X = 1,  // columns from one window to the next
    parameter int PAD_Y = 0,  // rows of padding above the map
    parameter int PAD_X = 0,  // columns of padding left of the map
    parameter int WORDS = 0,  // beats that the ring of `window` holds; 0 without one
    parameter int TAPS = 1,  // pixels of a window taken in a cycle
    parameter int SLOTS = 1,  // as in `window_columns`; unused with TAPS = 1
    parameter bit RING_BLOCK = 0,  // the ring is in block RAM, else in LUT RAM
    parameter int RING_REST = 0,  // the last beats of the ring, in LUT RAM although RING_BLOCK is 1
    parameter int OUTPUTS = 4,  // output channels
    parameter int PE = 2,  // output channels computed at once
    parameter int SIMD = 1,  // input channels taken in a cycle
    parameter int PASSES = (OUTPUTS + PE - 1) / PE,  // groups of PE outputs of one vector
    parameter int UNITS = 1,  // runs of lanes that share nothing: groups computed side by side
    parameter int X_BITS = 8,  // bits of an activation
    parameter bit X_SIGNED = 0,  // activations are signed
    parameter int W_BITS = 4,  // bits of a weight, signed
    parameter int SUM_BITS = 18,  // bits of the sum within one DSP slice or lane
    parameter int BIAS_BITS = 8,  // bits of a bias, signed
    parameter int ACC_BITS = 18,  // bits of a sum that leaves
    parameter int OUT_LANES = 1,  // channels a beat of the output
    parameter bit PACK = 1,  // 1 packs two outputs into a DSP slice
    parameter bit MULT = 0,  // 1 makes products of LUTs, 0 takes DSP slices
    parameter bit XNOR = 0,  // 1 takes bits for -1 and +1 and counts equal ones
    parameter bit WEIGHT_BLOCK = 0,  // weights are in block RAM, else in LUTs
    parameter bit BIAS_BLOCK = 0,  // biases are in block RAM, else in LUTs
    parameter bit INPUT_BLOCK = 0,  // the two banks of the input vector are in block RAM
    parameter WEIGHT_FILE = "",  // memory file of the weights
    parameter BIAS_FILE = ""  // memory file of the biases
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
  logic [SIMD*TAPS*X_BITS-1:0] data;

  if (TAPS > 1) begin : gen_taps
    logic column_valid, column_ready, column_last;
    logic [KERNEL_Y-1:0][SIMD*X_BITS-1:0] column;
    window_columns #(
        .WIDTH(SIMD * X_BITS),
        .BEATS(BEATS),
        .IN_Y(IN_Y),
        .IN_X(IN_X),
        .OUT_Y(OUT_Y),
        .KERNEL_Y(KERNEL_Y),
        .STRIDE_Y(STRIDE_Y),
        .PAD_Y(PAD_Y),
        .SLOTS(SLOTS),
        .BLOCK(RING_BLOCK)
    ) i_columns (
        .clk_i,
        .rst_ni,
        .in0_valid_i,
        .in0_ready_o,
        .in0_data_i,
        .out0_valid_o(column_valid),
        .out0_ready_i(column_ready),
        .out0_data_o (column),
        .out0_last_o (column_last)
    );
    window_taps #(
        .LANES(SIMD),
        .BITS(X_BITS),
        .BEATS(BEATS),
        .IN_X(IN_X),
        .OUT_X(OUT_X),
        .KERNEL_Y(KERNEL_Y),
        .KERNEL_X(KERNEL_X),
        .STRIDE_X(STRIDE_X),
        .PAD_X(PAD_X),
        .TAPS(TAPS)
    ) i_window (
        .clk_i,
        .rst_ni,
        .in0_valid_i (column_valid),
        .in0_ready_o (column_ready),
        .in0_data_i  (column),
        .in0_last_i  (column_last),
        .out0_valid_o(valid),
        .out0_ready_i(ready),
        .out0_data_o (data)
    );
  end else if (WORDS == 0) begin : gen_pointwise
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
      .STEPS(KERNEL_Y * KERNEL_X * TOGETHER / TAPS),
      .OUTPUTS(OUTPUTS),
      .PE(PE),
      .SIMD(SIMD * TAPS),
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
