`default_nettype none
// verilator lint_off PINCONNECTEMPTY

/// Peaks of heat maps, LANES channels at once: x where it is the largest of its 3x3 neighbourhood and >= THRESHOLD, else
/// FLOOR.
///
/// THRESHOLD lies between the smallest x and one above the largest; x and FLOOR fit OUT_BITS.
module peak #(
    parameter int LANES = 1,  // channels a beat
    parameter int BEATS = 4,  // beats of a pixel
    parameter int IN_Y = 4,  // rows of the input map
    parameter int IN_X = 4,  // columns of the input map
    parameter int WORDS = 64,  // beats that the ring holds
    parameter bit RING_BLOCK = 0,  // the ring is in block RAM, else in LUT RAM
    parameter int RING_REST = 0,  // the last beats of the ring, in LUT RAM although RING_BLOCK is 1
    parameter int BITS = 8,  // bits of one lane of the input
    parameter bit SIGNED = 0,  // lanes are signed
    parameter int OUT_BITS = 8,  // bits of an output lane
    parameter int THRESHOLD = 1,  // least value of a peak
    parameter int FLOOR = 0  // the value that says that there is no peak
) (
    input  wire                       clk_i,
    input  wire                       rst_ni,
    input  wire                       in0_valid_i,
    output logic                      in0_ready_o,
    input  wire  [    LANES*BITS-1:0] in0_data_i,
    output logic                      out0_valid_o,
    input  wire                       out0_ready_i,
    output logic [LANES*OUT_BITS-1:0] out0_data_o
);

  logic valid, ready, outside;
  logic [LANES*BITS-1:0] data;
  logic [LANES-1:0][BITS-1:0] highest, centre;

  window #(
      .WIDTH(LANES * BITS),
      .BEATS(BEATS),
      .IN_Y(IN_Y),
      .IN_X(IN_X),
      .OUT_Y(IN_Y),
      .OUT_X(IN_X),
      .KERNEL_Y(3),
      .KERNEL_X(3),
      .STRIDE_Y(1),
      .STRIDE_X(1),
      .PAD_Y(1),
      .PAD_X(1),
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
      .TAPS  (9)
  ) i_pool (
      .clk_i,
      .rst_ni,
      .in0_valid_i  (valid),
      .in0_ready_o  (ready),
      .in0_outside_i(outside),
      .in0_data_i   (data),
      .out0_valid_o,
      .out0_ready_i,
      .out0_data_o  (highest),
      .out0_centre_o(centre)
  );

  for (genvar l = 0; l < LANES; l++) begin : gen_lane
    logic signed [BITS+1:0] value;
    assign value = {{2{SIGNED && centre[l][BITS-1]}}, centre[l]};
    assign out0_data_o[l*OUT_BITS+:OUT_BITS] =
        centre[l] == highest[l] && value >= (BITS + 2)'(THRESHOLD) ? OUT_BITS'(value) : OUT_BITS'(FLOOR);
  end

endmodule

// verilator lint_on PINCONNECTEMPTY
`default_nettype wire
