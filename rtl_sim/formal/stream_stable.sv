`default_nettype none

/// Proves that a block keeps to the protocol at its output: a beat stays offered, and as it is, until it has passed.
module stream_stable #(
    parameter int WIDTH = 1
) (
    input wire             clk_i,
    input wire             rst_ni,
    input wire             valid_i,
    input wire             ready_i,
    input wire [WIDTH-1:0] data_i
);

  logic waits;
  logic [WIDTH-1:0] waiting;
  always_ff @(posedge clk_i) begin
    waits   <= rst_ni && valid_i && !ready_i;
    waiting <= data_i;
  end

  always_comb begin
    if (rst_ni) begin
      stable_under_back_pressure : assert (!waits || (valid_i && data_i == waiting));
    end
  end

endmodule

`default_nettype wire
