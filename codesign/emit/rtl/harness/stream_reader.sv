`default_nettype none

/// Takes the beats of a stream when the compiled harness is ready for stream `ID`.
module stream_reader #(
    parameter int ID = 0
) (
    input  wire  clk_i,
    input  wire  rst_ni,
    input  wire  valid_i,
    output logic ready_o
);

  /// Whether the reader is ready in the next cycle; `valid`: a beat is offered, `taken`: and passes now.
  import "DPI-C" function bit network_ready(
    input int id,
    input bit valid,
    input bit taken
  );

  always_ff @(posedge clk_i) begin
    ready_o <= 0;
    if (rst_ni) ready_o <= network_ready(ID, valid_i, valid_i && ready_o);
  end

endmodule

`default_nettype wire
