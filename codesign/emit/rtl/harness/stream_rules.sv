`default_nettype none

/// Tells the compiled harness where stream `ID` breaks the rules of AXI4-Stream: a beat that is offered stays, and stays
/// as it is, until it is taken.
///
/// A PORT of the design offers nothing during reset either. Each rule that is broken is told once a beat.
module stream_rules #(
    parameter int ID    = 0,
    parameter int WIDTH = 8,
    parameter bit PORT  = 0
) (
    input wire             clk_i,
    input wire             rst_ni,
    input wire             valid_i,
    input wire             ready_i,
    input wire             last_i,
    input wire [WIDTH-1:0] data_i
);

  /// Stream `id` has broken `rule`, a number of `codesign/emit/rtl/protocol.py`.
  import "DPI-C" function void network_violation(
    input int id,
    input int rule
  );

  localparam int FELL = 0, CHANGED = 1, LAST_CHANGED = 2, IN_RESET = 3;

  logic waits, last;
  logic [WIDTH-1:0] data;

  always_ff @(posedge clk_i) begin
    waits <= rst_ni && valid_i && !ready_i;
    if (valid_i && !ready_i) {last, data} <= {last_i, data_i};
    if (rst_ni && waits) begin
      if (!valid_i) network_violation(ID, FELL);
      else if (data != data_i) network_violation(ID, CHANGED);
      else if (last != last_i) network_violation(ID, LAST_CHANGED);
    end
  end

  if (PORT) begin : gen_reset
    logic [1:0] cycles = 0;  // of reset
    always_ff @(posedge clk_i) begin
      cycles <= rst_ni ? '0 : cycles + 2'(cycles != 2'd3);
      if (!rst_ni && cycles == 2'd3 && valid_i) network_violation(ID, IN_RESET);
    end
  end

endmodule

`default_nettype wire
