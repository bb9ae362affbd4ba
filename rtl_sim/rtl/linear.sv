`default_nettype none

/// Fully connected layer: `mvu` over the STEPS beats of a frame; see there.
module linear #(
    parameter int STEPS = 4,  // beats of a frame
    parameter int OUTPUTS = 4,  // output features
    parameter int PE = 2,  // output features computed at once
    parameter int SIMD = 1,  // input values taken in a cycle
    parameter int X_BITS = 8,  // bits of an activation
    parameter bit X_SIGNED = 0,  // activations are signed
    parameter int W_BITS = 4,  // bits of a weight, signed
    parameter int SUM_BITS = 18,  // bits of the sum within one DSP slice or lane
    parameter int BIAS_BITS = 8,  // bits of a bias, signed
    parameter int ACC_BITS = 18,  // bits of a sum that leaves
    parameter int OUT_LANES = 1,  // channels a beat of the output
    parameter bit PACK = 1,  // 1 packs two outputs into a DSP slice
    parameter bit MULT = 0,  // 1 makes products of LUTs, 0 takes DSP slices
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

  mvu #(
      .STEPS(STEPS),
      .OUTPUTS(OUTPUTS),
      .PE(PE),
      .SIMD(SIMD),
      .X_BITS(X_BITS),
      .X_SIGNED(X_SIGNED),
      .W_BITS(W_BITS),
      .SUM_BITS(SUM_BITS),
      .BIAS_BITS(BIAS_BITS),
      .ACC_BITS(ACC_BITS),
      .OUT_LANES(OUT_LANES),
      .PACK(PACK),
      .MULT(MULT),
      .WEIGHT_BLOCK(WEIGHT_BLOCK),
      .BIAS_BLOCK(BIAS_BLOCK),
      .INPUT_BLOCK(INPUT_BLOCK),
      .WEIGHT_FILE(WEIGHT_FILE),
      .BIAS_FILE(BIAS_FILE)
  ) i_mvu (
      .clk_i,
      .rst_ni,
      .in0_valid_i,
      .in0_ready_o,
      .in0_data_i,
      .out0_valid_o,
      .out0_ready_i,
      .out0_data_o
  );

endmodule

`default_nettype wire
