`default_nettype none

/// Hands every beat that passes on a stream to the compiled harness, and at the end the stream's state.
///
/// Bound into the design from outside; it drives nothing.
module stream_probe #(
    parameter int ID    = 0,
    parameter int WIDTH = 8
) (
    input wire             clk_i,
    input wire             rst_ni,
    input wire             valid_i,
    input wire             ready_i,
    input wire [WIDTH-1:0] data_i
);

  /// The next 32 bits of the beat that passes on stream `id`.
  import "DPI-C" function void network_beat(input int id, input int unsigned word);
  /// Whether a beat was offered and taken when the simulation ended.
  import "DPI-C" function void network_state(input int id, input bit valid, input bit ready);

  localparam int WORDS = (WIDTH + 31) / 32;

  wire [32*WORDS-1:0] beat = (32 * WORDS)'(data_i);

  always_ff @(posedge clk_i) begin
    if (rst_ni && valid_i && ready_i) begin
      for (int i = 0; i < WORDS; i++) network_beat(ID, beat[32*i+:32]);
    end
  end

  final network_state(ID, valid_i, ready_i);

endmodule

`default_nettype wire
