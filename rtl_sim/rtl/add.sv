`default_nettype none

/// Adds two streams, lane by lane.
///
/// OUT_BITS must hold every sum, but may be fewer than those of an input; each is extended, or cut, to it by its own sign. A
/// beat of one input waits for its counterpart: give the earlier one a `stream_fifo` if its writer must not wait. Cuts all
/// combinatorial paths but those between the inputs: an input is ready when the other one is valid. Latency one cycle.
module add #(
    parameter int LANES      = 1,  // channels a beat
    parameter int IN0_BITS   = 8,  // bits of a lane of input 0
    parameter bit IN0_SIGNED = 0,  // lanes of input 0 are signed
    parameter int IN1_BITS   = 8,  // bits of a lane of input 1
    parameter bit IN1_SIGNED = 0,  // lanes of input 1 are signed
    parameter int OUT_BITS   = 9   // bits of an output lane
) (
    input  wire                       clk_i,
    input  wire                       rst_ni,
    input  wire                       in0_valid_i,
    output logic                      in0_ready_o,
    input  wire  [LANES*IN0_BITS-1:0] in0_data_i,
    input  wire                       in1_valid_i,
    output logic                      in1_ready_o,
    input  wire  [LANES*IN1_BITS-1:0] in1_data_i,
    output logic                      out0_valid_o,
    input  wire                       out0_ready_i,
    output logic [LANES*OUT_BITS-1:0] out0_data_o
);

  if (LANES < 1 || OUT_BITS < 1) begin : gen_check
    $fatal(1, "%m: LANES = %0d and OUT_BITS = %0d must be positive", LANES, OUT_BITS);
  end

  logic [LANES*OUT_BITS-1:0] data0, data1, sum;
  logic ready;

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
    assign sum[lane*OUT_BITS+:OUT_BITS] = data0[lane*OUT_BITS+:OUT_BITS] + data1[lane*OUT_BITS+:OUT_BITS];
  end

  assign in0_ready_o = ready && in1_valid_i;
  assign in1_ready_o = ready && in0_valid_i;

  stream_register #(
      .WIDTH(LANES * OUT_BITS)
  ) i_register (
      .clk_i,
      .rst_ni,
      .in0_valid_i(in0_valid_i && in1_valid_i),
      .in0_ready_o(ready),
      .in0_data_i (sum),
      .out0_valid_o,
      .out0_ready_i,
      .out0_data_o
  );

endmodule

`default_nettype wire
