`default_nettype none

/// Proves that a block does not stand still: while all its writers offer beats and all its readers are ready, a beat passes
/// at each of its ends at least every WITHIN cycles.
module stream_progress #(
    parameter int ENDS   = 2,
    parameter int WITHIN = 4
) (
    input wire            clk_i,
    input wire            rst_ni,
    input wire [ENDS-1:0] valid_i,
    input wire [ENDS-1:0] ready_i,
    input wire [ENDS-1:0] willing_i  // of each end, what the outside gives: `valid` of an input, `ready` of an output
);

  localparam int COUNT = $clog2(WITHIN + 1) + 1;
  logic [ENDS-1:0][COUNT-1:0] still;

  for (genvar i = 0; i < ENDS; i++) begin : gen_end
    wire stands = &willing_i && !(valid_i[i] && ready_i[i]);
    always_ff @(posedge clk_i) still[i] <= rst_ni && stands ? still[i] + 1'b1 : '0;
    always_comb begin
      if (rst_ni) begin
        no_deadlock : assert (int'(still[i]) < WITHIN);
      end
    end
  end

endmodule

`default_nettype wire
