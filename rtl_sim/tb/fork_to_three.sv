`default_nettype none

/// `stream_fork` to three readers, with the ports that the bench expects.
module fork_to_three #(
    parameter int WIDTH = 8
) (
    input  wire              clk_i,
    input  wire              rst_ni,
    input  wire              in0_valid_i,
    output logic             in0_ready_o,
    input  wire  [WIDTH-1:0] in0_data_i,
    output logic             out0_valid_o,
    input  wire              out0_ready_i,
    output logic [WIDTH-1:0] out0_data_o,
    output logic             out1_valid_o,
    input  wire              out1_ready_i,
    output logic [WIDTH-1:0] out1_data_o,
    output logic             out2_valid_o,
    input  wire              out2_ready_i,
    output logic [WIDTH-1:0] out2_data_o
);

  stream_fork #(
      .WIDTH  (WIDTH),
      .READERS(3)
  ) split (
      .clk_i,
      .rst_ni,
      .in0_valid_i,
      .in0_ready_o,
      .in0_data_i,
      .out_valid_o({out2_valid_o, out1_valid_o, out0_valid_o}),
      .out_ready_i({out2_ready_i, out1_ready_i, out0_ready_i}),
      .out_data_o ({out2_data_o, out1_data_o, out0_data_o})
  );

endmodule

`default_nettype wire
