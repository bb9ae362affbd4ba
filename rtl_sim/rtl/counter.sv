`default_nettype none

/// Counts steps modulo COUNT, from 0.
module counter #(
    parameter int COUNT = 4,  // steps of a round
    localparam int WIDTH = COUNT > 1 ? $clog2(COUNT) : 1
) (
    input  wire              clk_i,
    input  wire              rst_ni,
    input  wire              step_i,
    output logic [WIDTH-1:0] count_o,
    output logic             last_o    // count_o is COUNT - 1
);

  if (COUNT < 1) begin : gen_check
    $fatal(1, "%m: COUNT = %0d must be positive", COUNT);
  end

  if (COUNT == 1) begin : gen_constant
    assign count_o = '0;
    assign last_o  = 1;
    wire unused = &{clk_i, rst_ni, step_i};
  end else begin : gen_count
    assign last_o = count_o == WIDTH'(COUNT - 1);
    always_ff @(posedge clk_i) begin
      if (step_i) count_o <= last_o ? '0 : count_o + 1'b1;
      if (!rst_ni) count_o <= '0;
    end
  end

endmodule

`default_nettype wire
