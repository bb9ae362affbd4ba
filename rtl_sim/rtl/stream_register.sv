`default_nettype none

/// Register of a stream at full rate: cuts the paths of `valid`, `data` and `ready` alike (a skid buffer).
///
/// Latency one cycle; holds two beats. For storage use `stream_fifo`.
module stream_register #(
    parameter int WIDTH = 8  // bits of a beat
) (
    input  wire              clk_i,
    input  wire              rst_ni,
    input  wire              in0_valid_i,
    output logic             in0_ready_o,
    input  wire  [WIDTH-1:0] in0_data_i,
    output logic             out0_valid_o,
    input  wire              out0_ready_i,
    output logic [WIDTH-1:0] out0_data_o
);

  if (WIDTH < 1) begin : gen_check
    $fatal(1, "%m: WIDTH = %0d must be positive", WIDTH);
  end

  logic [WIDTH-1:0] skid;  // the beat that came while the reader had just stopped; held while !in0_ready_o

  always_ff @(posedge clk_i) begin
    if (in0_ready_o) skid <= in0_data_i;
    if (!out0_valid_o || out0_ready_i) begin
      out0_data_o  <= in0_ready_o ? in0_data_i : skid;
      out0_valid_o <= in0_valid_i || !in0_ready_o;
      in0_ready_o  <= 1;
    end else if (in0_valid_i) begin
      in0_ready_o <= 0;
    end
    if (!rst_ni) begin
      out0_valid_o <= 0;
      in0_ready_o  <= 1;
    end
  end

`ifndef SYNTHESIS
  assert property (@(posedge clk_i) disable iff (!rst_ni) in0_valid_i && !in0_ready_o |=> in0_valid_i && $stable(
      in0_data_i
  ))
  else $error("%m: the writer took back or changed a beat before it had passed");
`endif

endmodule

`default_nettype wire
