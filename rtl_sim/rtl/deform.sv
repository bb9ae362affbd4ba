`default_nettype none

/// Square deformable 3x3 depthwise convolution: `deform_window` and `vvu`, LANES channels at once; in1 are the dilations.
module deform #(
    parameter int LANES = 1,  // channels a beat
    parameter int BEATS = 4,  // beats of a pixel
    parameter int IN_Y = 4,  // rows of the input map
    parameter int IN_X = 4,  // columns of the input map
    parameter int BOUND = 2,  // largest magnitude of a dilation
    parameter int S_BITS = 2,  // bits of a dilation
    parameter bit S_SIGNED = 0,  // dilations are signed
    parameter int WORDS = 128,  // beats that the ring holds
    parameter bit RING_BLOCK = 0,  // the ring is in block RAM, else in LUT RAM
    parameter int RING_REST = 0,  // the last beats of the ring, in LUT RAM although RING_BLOCK is 1
    parameter int X_BITS = 8,  // bits of an activation
    parameter bit X_SIGNED = 0,  // activations are signed
    parameter int W_BITS = 4,  // bits of a weight, signed
    parameter int BIAS_BITS = 8,  // bits of a bias, signed
    parameter int ACC_BITS = 16,  // bits of a sum that leaves
    parameter bit MULT = 0,  // 1 makes products of LUTs, 0 takes DSP slices
    parameter bit WEIGHT_BLOCK = 0,  // weights are in block RAM, else in LUTs
    parameter bit BIAS_BLOCK = 0,  // biases are in block RAM, else in LUTs
    parameter WEIGHT_FILE = "",  // memory file of the weights
    parameter BIAS_FILE = ""  // memory file of the biases
) (
    input  wire                       clk_i,
    input  wire                       rst_ni,
    input  wire                       in0_valid_i,
    output logic                      in0_ready_o,
    input  wire  [  LANES*X_BITS-1:0] in0_data_i,
    input  wire                       in1_valid_i,
    output logic                      in1_ready_o,
    input  wire  [        S_BITS-1:0] in1_data_i,
    output logic                      out0_valid_o,
    input  wire                       out0_ready_i,
    output logic [LANES*ACC_BITS-1:0] out0_data_o
);

  logic valid, ready;
  logic [LANES*X_BITS-1:0] data;

  deform_window #(
      .WIDTH(LANES * X_BITS),
      .BEATS(BEATS),
      .IN_Y(IN_Y),
      .IN_X(IN_X),
      .BOUND(BOUND),
      .S_BITS(S_BITS),
      .S_SIGNED(S_SIGNED),
      .WORDS(WORDS),
      .BLOCK(RING_BLOCK),
      .REST(RING_REST)
  ) i_window (
      .clk_i,
      .rst_ni,
      .in0_valid_i,
      .in0_ready_o,
      .in0_data_i,
      .in1_valid_i,
      .in1_ready_o,
      .in1_data_i,
      .out0_valid_o(valid),
      .out0_ready_i(ready),
      .out0_data_o (data)
  );

  vvu #(
      .LANES(LANES),
      .TAPS(9),
      .BEATS(BEATS),
      .X_BITS(X_BITS),
      .X_SIGNED(X_SIGNED),
      .W_BITS(W_BITS),
      .BIAS_BITS(BIAS_BITS),
      .ACC_BITS(ACC_BITS),
      .MULT(MULT),
      .WEIGHT_BLOCK(WEIGHT_BLOCK),
      .BIAS_BLOCK(BIAS_BLOCK),
      .WEIGHT_FILE(WEIGHT_FILE),
      .BIAS_FILE(BIAS_FILE)
  ) i_vvu (
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

`default_nettype wire
