`default_nettype none

/// Numbers of steps to the integers that they stand for, BASE + STEP * x in every lane: wiring for a bipolar stream,
/// whose one bit becomes +1 or -1 of two bits.
///
/// Combinatorial, from `in0` to `out0` and from `ready_i` to `ready_o`: it stands in front of a block, whose ports have
/// registers.
module stream_decode #(
    parameter int LANES    = 1,   // channels a beat
    parameter int IN_BITS  = 1,   // bits of an input lane
    parameter int OUT_BITS = 2,   // bits of an output lane
    parameter int BASE     = -1,  // what 0 stands for
    parameter int STEP     = 2    // what one step stands for
) (
    input  wire                       clk_i,
    input  wire                       rst_ni,
    input  wire                       in0_valid_i,
    output logic                      in0_ready_o,
    input  wire  [ LANES*IN_BITS-1:0] in0_data_i,
    output logic                      out0_valid_o,
    input  wire                       out0_ready_i,
    output logic [LANES*OUT_BITS-1:0] out0_data_o
);

  if (OUT_BITS <= IN_BITS || STEP < 2) begin : gen_check
    $fatal(1, "%m: steps of %0d do not fit from %0d into %0d bits", STEP, IN_BITS, OUT_BITS);
  end

  wire unused = &{clk_i, rst_ni};

  assign out0_valid_o = in0_valid_i;
  assign in0_ready_o  = out0_ready_i;
  for (genvar lane = 0; lane < LANES; lane++) begin : gen_lane
    assign out0_data_o[lane*OUT_BITS+:OUT_BITS] =
        OUT_BITS'(BASE) + OUT_BITS'(STEP) * OUT_BITS'(in0_data_i[lane*IN_BITS+:IN_BITS]);
  end

endmodule

`default_nettype wire
