`default_nettype none

/// Parts the channels of a stream, pixel by pixel: the first CHANNELS0 go to output 0, the other CHANNELS1 to output 1.
///
/// LANES must divide CHANNELS0, so that the seam lies between two beats. A reader that waits holds up the other: give it
/// a `stream_fifo` if they must run apart. Cuts all combinatorial paths, latency one cycle.
module split #(
    parameter int LANES     = 1,  // channels a beat
    parameter int CHANNELS0 = 2,  // channels of output 0
    parameter int CHANNELS1 = 2,  // channels of output 1
    parameter int BITS      = 8   // bits of one lane
) (
    input  wire                   clk_i,
    input  wire                   rst_ni,
    input  wire                   in0_valid_i,
    output logic                  in0_ready_o,
    input  wire  [LANES*BITS-1:0] in0_data_i,
    output logic                  out0_valid_o,
    input  wire                   out0_ready_i,
    output logic [LANES*BITS-1:0] out0_data_o,
    output logic                  out1_valid_o,
    input  wire                   out1_ready_i,
    output logic [LANES*BITS-1:0] out1_data_o
);

  if (CHANNELS0 % LANES != 0) begin : gen_check
    $fatal(1, "%m: LANES = %0d must divide CHANNELS0 = %0d", LANES, CHANNELS0);
  end

  logic second, valid, ready;

  stream_register #(
      .WIDTH(LANES * BITS)
  ) i_register (
      .clk_i,
      .rst_ni,
      .in0_valid_i,
      .in0_ready_o,
      .in0_data_i,
      .out0_valid_o(valid),
      .out0_ready_i(ready),
      .out0_data_o
  );

  assign out1_data_o  = out0_data_o;
  assign out0_valid_o = valid && !second;
  assign out1_valid_o = valid && second;
  assign ready        = second ? out1_ready_i : out0_ready_i;

  channel_turn #(
      .BEATS0(CHANNELS0 / LANES),
      .BEATS1((CHANNELS1 + LANES - 1) / LANES)
  ) i_turn (
      .clk_i,
      .rst_ni,
      .step_i  (valid && ready),
      .second_o(second)
  );

endmodule

`default_nettype wire
