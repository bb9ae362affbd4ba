`default_nettype none
// verilator lint_off PINCONNECTEMPTY

/// Max-pooling: `window` and `pool`, LANES channels at once; padded positions never win.
module maxpool #(
    parameter int LANES = 1,  // channels a beat
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
    parameter int WORDS = 64,  // beats that the ring holds
    parameter bit RING_BLOCK = 0,  // the ring is in block RAM, else in LUT RAM
    parameter int RING_REST = 0,  // the last beats of the ring, in LUT RAM although RING_BLOCK is 1
    parameter int BITS = 8,  // bits of one lane
    parameter bit SIGNED = 0  // lanes are signed
) (
    input  wire                   clk_i,
    input  wire                   rst_ni,
    input  wire                   in0_valid_i,
    output logic                  in0_ready_o,
    input  wire  [LANES*BITS-1:0] in0_data_i,
    output logic                  out0_valid_o,
    input  wire                   out0_ready_i,
    output logic [LANES*BITS-1:0] out0_data_o
);

  logic valid, ready, outside;
  logic [LANES*BITS-1:0] data;

  window #(
      .WIDTH(LANES * BITS),
      .BEATS(BEATS),
      .IN_Y(IN_Y),
      .IN_X(IN_X),
      .OUT_Y(OUT_Y),
      .OUT_X(OUT_X),
      .KERNEL_Y(KERNEL_Y),
      .KERNEL_X(KERNEL_X),
      .STRIDE_Y(STRIDE_Y),
      .STRIDE_X(STRIDE_X),
      .DILATION_Y(DILATION_Y),
      .DILATION_X(DILATION_X),
      .PAD_Y(PAD_Y),
      .PAD_X(PAD_X),
      .TOGETHER(1),
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
      .out0_outside_o(outside)
  );

  pool #(
      .LANES (LANES),
      .BITS  (BITS),
      .SIGNED(SIGNED),
      .TAPS  (KERNEL_Y * KERNEL_X)
  ) i_pool (
      .clk_i,
      .rst_ni,
      .in0_valid_i  (valid),
      .in0_ready_o  (ready),
      .in0_outside_i(outside),
      .in0_data_i   (data),
      .out0_valid_o,
      .out0_ready_i,
      .out0_data_o,
      .out0_centre_o()
  );

endmodule

// verilator lint_on PINCONNECTEMPTY
`default_nettype wire
