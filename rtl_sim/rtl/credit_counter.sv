`default_nettype none

/// Tells a sender by packets of one beat, DATA, that another BYTES beats have passed: it may send as many more.
module credit_counter #(
    parameter int BYTES = 256,  // beats for which a packet is sent
    parameter int WIDTH = 9,  // bits of a packet
    parameter logic [WIDTH-1:0] DATA = '1  // the packet
) (
    input  wire              clk_i,
    input  wire              rst_ni,
    input  wire              passed_i,
    output logic             out0_valid_o,
    input  wire              out0_ready_i,
    output logic [WIDTH-1:0] out0_data_o
);

  localparam int BITS = BYTES > 1 ? $clog2(BYTES) : 1;
  localparam int MOST = 16;  // packets that may wait

  logic [BITS-1:0] unused_count;
  logic last, more, fewer;
  logic [$clog2(MOST)-1:0] waiting;
  counter #(
      .COUNT(BYTES)
  ) i_bytes (
      .clk_i,
      .rst_ni,
      .step_i (passed_i),
      .count_o(unused_count),
      .last_o (last)
  );
  assign more = passed_i && last;
  assign fewer = out0_valid_o && out0_ready_i;
  assign out0_valid_o = waiting != '0;
  assign out0_data_o = DATA;

  always_ff @(posedge clk_i) begin
    if (more != fewer) waiting <= more ? waiting + 1'b1 : waiting - 1'b1;
    if (!rst_ni) waiting <= '0;
  end

endmodule

`default_nettype wire
