`default_nettype none

/// Records the beats of a stream, and the cycles after reset of the first and last beat of each frame.
///
/// It is not ready with probability `stall_i` / 256 a cycle. `$fatal` on a writer that breaks the protocol or sends
/// more than `FRAMES` frames. `dump_i` writes files `<FILE>.data`, `<FILE>.cycles` and `<FILE>.count`.
module stream_sink #(
    parameter int    WIDTH  = 8,
    parameter int    FRAMES = 1,
    parameter int    BEATS  = 1,  // a frame
    parameter string FILE   = "",
    parameter int    SEED   = 1
) (
    input  wire              clk_i,
    input  wire              rst_ni,
    input  wire  [      7:0] stall_i,
    input  wire              valid_i,
    output logic             ready_o,
    input  wire  [WIDTH-1:0] data_i,
    input  wire              dump_i,
    output logic             done_o
);

  logic [WIDTH-1:0] beats[FRAMES*BEATS];
  logic [31:0] cycles[2*FRAMES];  // first and last beat of each frame
  logic [31:0] total[1];
  logic [31:0] cycle, noise, count, frame, beat;
  logic waited;
  logic [WIDTH-1:0] waiting;

  assign total[0] = count;
  assign done_o   = count == FRAMES * BEATS;

  always_ff @(posedge clk_i) begin
    noise   <= {noise[30:0], noise[31] ^ noise[21] ^ noise[1] ^ noise[0]};
    cycle   <= cycle + 1;
    ready_o <= noise[7:0] >= stall_i;
    waited  <= valid_i && !ready_o;
    waiting <= data_i;
    if (rst_ni && waited && !valid_i) $fatal(1, "%m: valid fell before its beat had passed");
    if (rst_ni && waited && waiting != data_i) $fatal(1, "%m: data changed before its beat had passed");
    if (valid_i && ready_o) begin
      if (done_o) $fatal(1, "%m: more beats than %0d frames have", FRAMES);
      else begin
        beats[count] <= data_i;
        if (beat == 0) cycles[2*frame] <= cycle;
        if (beat == BEATS - 1) cycles[2*frame+1] <= cycle;
      end
      count <= count + 1;
      beat  <= beat == BEATS - 1 ? 0 : beat + 1;
      if (beat == BEATS - 1) frame <= frame + 1;
    end
    if (dump_i) begin
      $writememh({FILE, ".data"}, beats);
      $writememh({FILE, ".cycles"}, cycles);
      $writememh({FILE, ".count"}, total);
    end
    if (!rst_ni) begin
      ready_o <= 0;
      waited  <= 0;
      count <= 0;
      frame   <= 0;
      beat    <= 0;
      cycle   <= 0;
      noise   <= SEED;
    end
  end

endmodule

`default_nettype wire
