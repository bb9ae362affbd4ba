`default_nettype none

/// Lets a stream pass while `enable_i` is set and tells where its frames begin and end; the data goes around it.
///
/// `enable_i` must come from a register and must not fall within a frame. The paths of `valid` and `ready` are not cut.
module frame_gate #(
    parameter int BEATS = 4  // of a frame
) (
    input  wire  clk_i,
    input  wire  rst_ni,
    input  wire  enable_i,
    input  wire  in0_valid_i,
    output logic in0_ready_o,
    output logic out0_valid_o,
    input  wire  out0_ready_i,
    output logic first_o,       // the first beat of a frame passes
    output logic last_o
);

  localparam int COUNT = BEATS > 1 ? $clog2(BEATS) : 1;

  logic [COUNT-1:0] beat;
  logic at_last;
  wire pass = out0_valid_o && out0_ready_i;

  counter #(
      .COUNT(BEATS)
  ) i_beat (
      .clk_i,
      .rst_ni,
      .step_i (pass),
      .count_o(beat),
      .last_o (at_last)
  );

  assign out0_valid_o = in0_valid_i && enable_i;
  assign in0_ready_o  = out0_ready_i && enable_i;
  assign first_o      = pass && beat == '0;
  assign last_o       = pass && at_last;

endmodule

`default_nettype wire
