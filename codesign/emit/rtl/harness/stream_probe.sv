`default_nettype none

/// Hands every beat that passes on a stream to the compiled harness, and at the end the stream's state; tells it which
/// rules of AXI4-Stream are broken.
///
/// Bound into the design from outside; it drives nothing. PORT: of a port that the design drives. With STALLS it counts the cycles, once `network.counting`,
/// in which a beat waited to be taken, and those in which none was there to take.
module stream_probe #(
    parameter int ID     = 0,
    parameter int WIDTH  = 8,
    parameter bit PORT   = 0,
    parameter bit STALLS = 0
) (
    input wire             clk_i,
    input wire             rst_ni,
    input wire             valid_i,
    input wire             ready_i,
    input wire             last_i,   // of a PORT
    input wire [WIDTH-1:0] data_i
);

  /// The next 32 bits of the beat that passes on stream `id`, and whether it is marked as a frame's last.
  import "DPI-C" function void network_beat(
    input int id,
    input int unsigned word,
    input bit last
  );
  /// Whether a beat was offered and taken when the simulation ended.
  import "DPI-C" function void network_state(
    input int id,
    input bit valid,
    input bit ready
  );

  localparam int WORDS = (WIDTH + 31) / 32;

  wire [32*WORDS-1:0] beat = (32 * WORDS)'(data_i);

  always_ff @(posedge clk_i) begin
    if (rst_ni && valid_i && ready_i) begin
      for (int i = 0; i < WORDS; i++) network_beat(ID, beat[32*i+:32], last_i);
    end
  end

  stream_rules #(
      .ID(ID),
      .WIDTH(WIDTH),
      .PORT(PORT)
  ) i_rules (
      .clk_i,
      .rst_ni,
      .valid_i,
      .ready_i,
      .last_i,
      .data_i
  );

  final network_state(ID, valid_i, ready_i);

  if (STALLS) begin : gen_stalls
    /// Cycles in which beats of stream `id` were blocked, and awaited.
    import "DPI-C" function void network_stalls(
      input int id,
      input longint blocked,
      input longint starved
    );

    longint blocked, starved;
    initial {blocked, starved} = 0;

    always_ff @(posedge clk_i) begin
      if (network.counting) begin
        blocked <= blocked + 64'(valid_i && !ready_i);
        starved <= starved + 64'(!valid_i && ready_i);
      end
    end

    final network_stalls(ID, blocked, starved);
  end

endmodule

`default_nettype wire
