`default_nettype none

/// Plays the beats of a memory file into a stream, once after each reset.
///
/// Before every beat it pauses with probability `stall_i` / 256 a cycle. While it pauses, `data_o` is noise, so a
/// reader that ignores `valid_o` is found out. `dump_i` writes the cycle after reset of its first beat to
/// `<FILE>.first`.
module stream_source #(
    parameter int    WIDTH = 8,
    parameter int    BEATS = 1,
    parameter string FILE  = "",
    parameter int    SEED  = 1
) (
    input  wire              clk_i,
    input  wire              rst_ni,
    input  wire  [      7:0] stall_i,
    output logic             valid_o,
    input  wire              ready_i,
    output logic [WIDTH-1:0] data_o,
    input  wire              dump_i
);

  logic [WIDTH-1:0] beats[BEATS];
  logic [31:0] count, cycle, noise;
  logic [31:0] first[1];
  logic started;

  initial $readmemh(FILE, beats);

  always_ff @(posedge clk_i) begin
    noise <= {noise[30:0], noise[31] ^ noise[21] ^ noise[1] ^ noise[0]};
    cycle <= cycle + 1;
    if (!valid_o || ready_i) begin
      if (valid_o && !started) begin
        started  <= 1;
        first[0] <= cycle;
      end
      if (count < BEATS && noise[7:0] >= stall_i) begin
        valid_o <= 1;
        data_o  <= beats[count];
        count   <= count + 1;
      end else begin
        valid_o <= 0;
        data_o  <= WIDTH'({(WIDTH + 31) / 32{noise}});
      end
    end
    if (dump_i) $writememh({FILE, ".first"}, first);
    if (!rst_ni) begin
      valid_o <= 0;
      started <= 0;
      count   <= 0;
      cycle   <= 0;
      noise   <= SEED;
    end
  end

endmodule

`default_nettype wire
