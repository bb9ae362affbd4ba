`default_nettype none

/// Takes the beats of a stream when the compiled harness is ready for stream `ID`.
module stream_reader #(
    parameter int ID = 0
) (
    input  wire  clk_i,
    input  wire  rst_ni,
    output logic ready_o
);

  /// Whether the reader is ready in the next cycle.
  import "DPI-C" function bit network_ready(input int id);

  always_ff @(posedge clk_i) ready_o <= rst_ni && network_ready(ID);

endmodule

`default_nettype wire
