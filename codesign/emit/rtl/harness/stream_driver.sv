`default_nettype none

/// Plays the beats that the compiled harness holds for stream `ID`, with the gaps that it decides on.
module stream_driver #(
    parameter int ID    = 0,
    parameter int WIDTH = 8
) (
    input  wire              clk_i,
    input  wire              rst_ni,
    output logic             valid_o,
    input  wire              ready_i,
    output logic [WIDTH-1:0] data_o
);

  /// Fetches the next beat; 0 while there is none.
  import "DPI-C" function bit network_fetch(input int id);
  /// 32 bits of the beat last fetched.
  import "DPI-C" function int unsigned network_fetched(
    input int id,
    input int index
  );

  localparam int WORDS = (WIDTH + 31) / 32;

  logic [32*WORDS-1:0] beat;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_o <= 0;
    end else if (!valid_o || ready_i) begin
      valid_o <= network_fetch(ID);
      for (int i = 0; i < WORDS; i++) beat[32*i+:32] <= network_fetched(ID, i);
    end
  end

  assign data_o = beat[WIDTH-1:0];

  if (32 * WORDS > WIDTH) begin : gen_unused
    wire unused = &{1'b0, beat[32*WORDS-1:WIDTH]};
  end

endmodule

`default_nettype wire
