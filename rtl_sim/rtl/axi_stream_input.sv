`default_nettype none

/// AXI4-Stream input of a design: takes BITS of every lane's whole bytes, the rest is ignored.
///
/// Takes beats while `enable_i` is set, and tells which are the first and the last of a frame (`frame_gate`). A skid
/// buffer cuts all combinatorial paths of the stream; latency one cycle.
module axi_stream_input #(
    parameter int LANES = 1,  // channels a beat
    parameter int BITS = 8,  // of one lane
    parameter int BEATS = 1,  // of a frame
    localparam int PADDED = (BITS + 7) / 8 * 8
) (
    input  wire                     clk_i,
    input  wire                     rst_ni,
    input  wire                     enable_i,
    output logic                    first_o,
    output logic                    last_o,
    input  wire                     tvalid_i,
    output logic                    tready_o,
    input  wire  [LANES*PADDED-1:0] tdata_i,
    output logic                    out0_valid_o,
    input  wire                     out0_ready_i,
    output logic [  LANES*BITS-1:0] out0_data_o
);

  if (LANES < 1 || BITS < 1) begin : gen_check
    $fatal(1, "%m: LANES = %0d and BITS = %0d must be positive", LANES, BITS);
  end

  logic [LANES*BITS-1:0] data;
  logic valid, ready;

  for (genvar i = 0; i < LANES; i++) begin : gen_lane
    assign data[i*BITS+:BITS] = tdata_i[i*PADDED+:BITS];
    if (PADDED > BITS) begin : gen_padding
      wire unused = &{1'b0, tdata_i[i*PADDED+BITS+:PADDED-BITS]};
    end
  end

  frame_gate #(
      .BEATS(BEATS)
  ) i_gate (
      .clk_i,
      .rst_ni,
      .enable_i,
      .first_o,
      .last_o,
      .in0_valid_i (tvalid_i),
      .in0_ready_o (tready_o),
      .out0_valid_o(valid),
      .out0_ready_i(ready)
  );

  stream_register #(
      .WIDTH(LANES * BITS)
  ) i_register (
      .clk_i,
      .rst_ni,
      .in0_valid_i(valid),
      .in0_ready_o(ready),
      .in0_data_i (data),
      .out0_valid_o,
      .out0_ready_i,
      .out0_data_o
  );

endmodule

`default_nettype wire
