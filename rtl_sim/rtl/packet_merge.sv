`default_nettype none

/// Joins STREAMS streams of packets into one, packet by packet, in turn: the top bit of a beat marks a packet's last one.
///
/// Combinatorial from its inputs to its output and back; a stream register may be put behind it.
module packet_merge #(
    parameter int STREAMS = 2,  // number of inputs
    parameter int WIDTH   = 9   // of a beat, the mark included
) (
    input  wire                           clk_i,
    input  wire                           rst_ni,
    input  wire  [STREAMS-1:0]            in_valid_i,
    output logic [STREAMS-1:0]            in_ready_o,
    input  wire  [STREAMS-1:0][WIDTH-1:0] in_data_i,
    output logic                          out0_valid_o,
    input  wire                           out0_ready_i,
    output logic [  WIDTH-1:0]            out0_data_o
);

  localparam int BITS = STREAMS > 1 ? $clog2(STREAMS) : 1;

  logic [BITS-1:0] turn;
  assign out0_valid_o = in_valid_i[turn];
  assign out0_data_o  = in_data_i[turn];
  for (genvar s = 0; s < STREAMS; s++) begin : gen_stream
    assign in_ready_o[s] = out0_ready_i && turn == BITS'(s);
  end

  // A stream keeps its turn until its packet has passed, and loses it where it has nothing to send. A packet's first
  // beat need not be followed by the next at once.
  logic amid;
  always_ff @(posedge clk_i) begin
    if (out0_valid_o && out0_ready_i) amid <= !out0_data_o[WIDTH-1];
    if (out0_valid_o ? out0_ready_i && out0_data_o[WIDTH-1] : !amid) begin
      turn <= turn == BITS'(STREAMS - 1) ? '0 : turn + 1'b1;
    end
    if (!rst_ni) begin
      turn <= '0;
      amid <= 0;
    end
  end

endmodule

`default_nettype wire
