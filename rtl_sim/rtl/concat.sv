`default_nettype none

/// Joins the channels of two streams, pixel by pixel: first all of input 0, then all of input 1.
///
/// LANES must divide CHANNELS0, so that the seam lies between two beats. Each input is extended to OUT_BITS by its own
/// sign. An input waits while the other one passes: give it a `stream_fifo` if its writer must not wait.
/// Cuts all combinatorial paths, latency one cycle.
module concat #(
    parameter int LANES      = 1,  // channels a beat
    parameter int CHANNELS0  = 2,  // channels of input 0
    parameter int CHANNELS1  = 2,  // channels of input 1
    parameter int IN0_BITS   = 8,  // bits of a lane of input 0
    parameter bit IN0_SIGNED = 0,  // lanes of input 0 are signed
    parameter int IN1_BITS   = 8,  // bits of a lane of input 1
    parameter bit IN1_SIGNED = 0,  // lanes of input 1 are signed
    parameter int OUT_BITS   = 8   // bits of an output lane
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

  if (CHANNELS0 % LANES != 0) begin : gen_check
    $fatal(1, "%m: LANES = %0d must divide CHANNELS0 = %0d", LANES, CHANNELS0);
  end
  if (OUT_BITS < IN0_BITS || OUT_BITS < IN1_BITS) begin : gen_check_bits
    $fatal(1, "%m: OUT_BITS = %0d is less than the %0d and %0d of the inputs", OUT_BITS, IN0_BITS, IN1_BITS);
  end

  logic [LANES*OUT_BITS-1:0] data0, data1;
  logic second, valid, ready;

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

  assign valid       = second ? in1_valid_i : in0_valid_i;
  assign in0_ready_o = ready && !second;
  assign in1_ready_o = ready && second;

  channel_turn #(
      .BEATS0(CHANNELS0 / LANES),
      .BEATS1((CHANNELS1 + LANES - 1) / LANES)
  ) i_turn (
      .clk_i,
      .rst_ni,
      .step_i  (valid && ready),
      .second_o(second)
  );

  stream_register #(
      .WIDTH(LANES * OUT_BITS)
  ) i_register (
      .clk_i,
      .rst_ni,
      .in0_valid_i(valid),
      .in0_ready_o(ready),
      .in0_data_i (second ? data1 : data0),
      .out0_valid_o,
      .out0_ready_i,
      .out0_data_o
  );

endmodule

`default_nettype wire
