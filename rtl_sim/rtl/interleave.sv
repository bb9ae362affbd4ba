`default_nettype none

/// Interleaves the channels of two streams, pixel by pixel: channel 0 of input 0, channel 0 of input 1, channel 1 of each.
///
/// OUT_LANES = 2 LANES: a beat of each input makes one of the output. OUT_LANES = LANES = 1: the inputs take turns. Each
/// input is extended to OUT_BITS by its own sign. No storage and no latency: `valid` and `ready` pass through one level of
/// logic.
module interleave #(
    parameter int LANES      = 1,  // channels a beat
    parameter int OUT_LANES  = 2,  // channels a beat of the output
    parameter int IN0_BITS   = 8,  // bits of a lane of input 0
    parameter bit IN0_SIGNED = 0,  // lanes of input 0 are signed
    parameter int IN1_BITS   = 8,  // bits of a lane of input 1
    parameter bit IN1_SIGNED = 0,  // lanes of input 1 are signed
    parameter int OUT_BITS   = 8   // bits of an output lane
) (
    input  wire                           clk_i,
    input  wire                           rst_ni,
    input  wire                           in0_valid_i,
    output logic                          in0_ready_o,
    input  wire  [    LANES*IN0_BITS-1:0] in0_data_i,
    input  wire                           in1_valid_i,
    output logic                          in1_ready_o,
    input  wire  [    LANES*IN1_BITS-1:0] in1_data_i,
    output logic                          out0_valid_o,
    input  wire                           out0_ready_i,
    output logic [OUT_LANES*OUT_BITS-1:0] out0_data_o
);

  if (!(OUT_LANES == 2 * LANES || (OUT_LANES == 1 && LANES == 1))) begin : gen_check
    $fatal(1, "%m: %0d lanes cannot be interleaved to %0d", LANES, OUT_LANES);
  end
  if (OUT_BITS < IN0_BITS || OUT_BITS < IN1_BITS) begin : gen_check_bits
    $fatal(1, "%m: OUT_BITS = %0d is less than the %0d and %0d of the inputs", OUT_BITS, IN0_BITS, IN1_BITS);
  end

  logic [LANES*OUT_BITS-1:0] data0, data1;
  logic [2*LANES-1:0][OUT_BITS-1:0] both;
  extend_lanes #(
      .LANES(LANES),
      .IN_BITS(IN0_BITS),
      .SIGNED(IN0_SIGNED),
      .OUT_BITS(OUT_BITS)
  ) i_extend0 (
      .data_i(in0_data_i),
      .data_o(data0)
  );
  extend_lanes #(
      .LANES(LANES),
      .IN_BITS(IN1_BITS),
      .SIGNED(IN1_SIGNED),
      .OUT_BITS(OUT_BITS)
  ) i_extend1 (
      .data_i(in1_data_i),
      .data_o(data1)
  );
  for (genvar lane = 0; lane < LANES; lane++) begin : gen_lane
    assign both[2*lane]   = data0[lane*OUT_BITS+:OUT_BITS];
    assign both[2*lane+1] = data1[lane*OUT_BITS+:OUT_BITS];
  end

  if (OUT_LANES == 2 * LANES) begin : gen_wide
    assign out0_valid_o = in0_valid_i && in1_valid_i;
    assign in0_ready_o  = out0_ready_i && in1_valid_i;
    assign in1_ready_o  = out0_ready_i && in0_valid_i;
    assign out0_data_o  = both;
    wire unused = &{clk_i, rst_ni};
  end else begin : gen_in_turn
    logic second;
    always_ff @(posedge clk_i) begin
      if (out0_valid_o && out0_ready_i) second <= !second;
      if (!rst_ni) second <= 0;
    end
    assign out0_valid_o = second ? in1_valid_i : in0_valid_i;
    assign in0_ready_o  = out0_ready_i && !second;
    assign in1_ready_o  = out0_ready_i && second;
    assign out0_data_o  = both[second];
  end

endmodule

`default_nettype wire
