`default_nettype none

/// AXI4-Stream output of a detector that sends its peaks only: the records of `peak_records`, marked where a frame ends.
module axi_peak_output #(
    parameter int CLASSES = 1,  // channels of the heat map
    parameter int HEIGHT = 4,  // rows of the heat map
    parameter int WIDTH = 4,  // columns of the heat map
    parameter int LANES = 1,  // classes a beat
    parameter int HEAT_BITS = 8,  // bits of a value of the heat map
    parameter int SIZE_BITS = 8,  // bits of a size
    parameter int OFFSET_BITS = 8,  // bits of an offset
    parameter bit HEAT_SIGNED = 1,  // values of the heat map are signed
    parameter bit SIZE_SIGNED = 1,  // sizes are signed
    parameter bit OFFSET_SIGNED = 1,  // offsets are signed
    parameter int FLOOR = -128  // the value that says that there is no peak
) (
    input  wire                        clk_i,
    input  wire                        rst_ni,
    input  wire                        in0_valid_i,
    output logic                       in0_ready_o,
    input  wire  [LANES*HEAT_BITS-1:0] in0_data_i,
    input  wire                        in1_valid_i,
    output logic                       in1_ready_o,
    input  wire  [    2*SIZE_BITS-1:0] in1_data_i,
    input  wire                        in2_valid_i,
    output logic                       in2_ready_o,
    input  wire  [  2*OFFSET_BITS-1:0] in2_data_i,
    output logic                       tvalid_o,
    input  wire                        tready_i,
    output logic [              127:0] tdata_o,
    output logic                       tlast_o,
    output logic                       last_o        // the record that ends a frame passes
);

  peak_records #(
      .CLASSES(CLASSES),
      .HEIGHT(HEIGHT),
      .WIDTH(WIDTH),
      .LANES(LANES),
      .HEAT_BITS(HEAT_BITS),
      .SIZE_BITS(SIZE_BITS),
      .OFFSET_BITS(OFFSET_BITS),
      .HEAT_SIGNED(HEAT_SIGNED),
      .SIZE_SIGNED(SIZE_SIGNED),
      .OFFSET_SIGNED(OFFSET_SIGNED),
      .FLOOR(FLOOR)
  ) i_records (
      .clk_i,
      .rst_ni,
      .in0_valid_i,
      .in0_ready_o,
      .in0_data_i,
      .in1_valid_i,
      .in1_ready_o,
      .in1_data_i,
      .in2_valid_i,
      .in2_ready_o,
      .in2_data_i,
      .out0_valid_o(tvalid_o),
      .out0_ready_i(tready_i),
      .out0_data_o (tdata_o)
  );

  assign tlast_o = tdata_o[15:0] == 16'hffff;
  assign last_o  = tlast_o && tvalid_o && tready_i;

endmodule

`default_nettype wire
