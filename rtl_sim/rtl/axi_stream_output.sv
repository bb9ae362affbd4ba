`default_nettype none

/// AXI4-Stream output of a design: extends every lane to whole bytes and marks the last beat of each frame.
///
/// A skid buffer cuts all combinatorial paths of the stream; latency one cycle. Lanes past the last channel of a pixel
/// carry anything.
module axi_stream_output #(
    parameter  int LANES     = 1,                  // channels a beat
    parameter  int BITS      = 8,                  // of one lane
    parameter  bit IS_SIGNED = 0,                  // lanes are extended with their sign
    parameter  int BEATS     = 1,                  // of a frame
    localparam int PADDED    = (BITS + 7) / 8 * 8
) (
    input  wire                     clk_i,
    input  wire                     rst_ni,
    input  wire                     in0_valid_i,
    output logic                    in0_ready_o,
    input  wire  [  LANES*BITS-1:0] in0_data_i,
    output logic                    tvalid_o,
    input  wire                     tready_i,
    output logic [LANES*PADDED-1:0] tdata_o,
    output logic                    tlast_o,
    output logic                    last_o        // the last beat of a frame passes
);

  if (LANES < 1 || BITS < 1 || BEATS < 1) begin : gen_check
    $fatal(1, "%m: LANES = %0d, BITS = %0d and BEATS = %0d must be positive", LANES, BITS, BEATS);
  end

  localparam int COUNT = BEATS > 1 ? $clog2(BEATS) : 1;

  logic [LANES*BITS-1:0] data;
  logic [COUNT-1:0] beat;  // of the frame, the one at the output

  stream_register #(
      .WIDTH(LANES * BITS)
  ) i_register (
      .clk_i,
      .rst_ni,
      .in0_valid_i,
      .in0_ready_o,
      .in0_data_i,
      .out0_valid_o(tvalid_o),
      .out0_ready_i(tready_i),
      .out0_data_o (data)
  );

  extend_lanes #(
      .LANES(LANES),
      .IN_BITS(BITS),
      .SIGNED(IS_SIGNED),
      .OUT_BITS(PADDED)
  ) i_extend (
      .data_i(data),
      .data_o(tdata_o)
  );

  assign tlast_o = beat == COUNT'(BEATS - 1);
  assign last_o  = tlast_o && tvalid_o && tready_i;

  always_ff @(posedge clk_i) begin
    if (tvalid_o && tready_i) beat <= tlast_o ? '0 : beat + 1'b1;
    if (!rst_ni) beat <= '0;
  end

endmodule

`default_nettype wire
