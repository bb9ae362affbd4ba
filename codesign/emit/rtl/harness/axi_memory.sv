`default_nettype none

/// Model of a memory behind an AXI4 read port of 64 bits: answers in order, late, and with pauses.
///
/// A burst's first beat comes at least `latency_i` + 2 and (if nothing is in its way) at most `spread_i` cycles more after
/// its address was taken, by a uniform draw for each burst; in a cycle no beat comes, and no address is taken, with
/// probability `stall_i` / 256. BEATS words of 64 bits come from FILE, raw and little-endian. `$fatal` on whatever AXI4
/// forbids: bursts across 4 KB, requests that change before they are taken, and on an address out of the memory.
/// `accepted_o` counts the beats of all requests taken.
module axi_memory #(
    parameter int    BEATS = 64,
    parameter string FILE  = "",
    parameter int    SEED  = 1
) (
    input  wire         clk_i,
    input  wire         rst_ni,
    input  wire  [ 7:0] stall_i,
    input  wire  [15:0] latency_i,
    input  wire  [15:0] spread_i,
    input  wire         arvalid_i,
    output logic        arready_o,
    input  wire  [31:0] araddr_i,
    input  wire  [ 7:0] arlen_i,
    input  wire  [ 2:0] arsize_i,
    input  wire  [ 1:0] arburst_i,
    output logic        rvalid_o,
    input  wire         rready_i,
    output logic [63:0] rdata_o,
    output logic [ 1:0] rresp_o,
    output logic        rlast_o,
    output logic [31:0] accepted_o
);

  localparam int WAITING = 64;  // bursts that may be outstanding
  localparam int INDEX_BITS = BEATS > 1 ? $clog2(BEATS) : 1;
  logic [63:0] words[BEATS];  // as $fread fills them: the first byte in the high bits
  initial begin
    int file, count;
    file  = $fopen(FILE, "rb");
    count = file == 0 ? 0 : $fread(words, file);
    if (count != BEATS * 8) $fatal(1, "%m: %s gave %0d of %0d bytes", FILE, count, BEATS * 8);
    $fclose(file);
  end

  logic [31:0] noise, cycle, address[WAITING], due[WAITING];
  logic [7:0] length[WAITING];
  logic [5:0] head, tail, waiting;
  logic [7:0] beat;
  logic asked;
  logic [42:0] question;
  wire [28:0] at = address[head][31:3] + 29'(beat);
  wire [31:0] early = cycle - due[head];
  wire give = (!rvalid_o || rready_i) && waiting != 0 && !early[31] && noise[23:16] >= stall_i;
  wire unused = &{at, early, address[head]};
  wire give_last = give && beat == length[head];
  wire [42:0] request = {araddr_i, arlen_i, arsize_i};
  assign rresp_o = '0;

  always_ff @(posedge clk_i) begin
    noise     <= {noise[30:0], noise[31] ^ noise[21] ^ noise[1] ^ noise[0]};
    cycle     <= cycle + 1;
    arready_o <= noise[7:0] >= stall_i && waiting < 6'(WAITING - 2);
    asked     <= arvalid_i && !arready_o;
    question  <= request;
    if (rst_ni && asked && (!arvalid_i || question != request)) $fatal(1, "%m: a request changed before it was taken");
    if (rst_ni && arvalid_i && arready_o) begin
      if (arsize_i != 3'd3 || arburst_i != 2'b01) $fatal(1, "%m: a burst that is not INCR of 8 bytes a beat");
      if (araddr_i[2:0] != '0 || 32'(araddr_i[11:3]) + 32'(arlen_i) > 511) begin
        $fatal(1, "%m: a burst of %0d beats at %h crosses 4 KB", arlen_i + 1, araddr_i);
      end
      if (32'(araddr_i[31:3]) + 32'(arlen_i) >= BEATS) $fatal(1, "%m: address %h is not in the memory", araddr_i);
      address[tail] <= araddr_i;
      length[tail] <= arlen_i;
      due[tail] <= cycle + 32'(latency_i) + (noise >> 8) % (32'(spread_i) + 1);
      tail <= tail + 1;
      accepted_o <= accepted_o + 32'(arlen_i) + 1;
    end
    if (!rvalid_o || rready_i) begin
      rvalid_o <= give;
      rdata_o  <= give ? {<<8{words[at[INDEX_BITS-1:0]]}} : {2{noise}};
      rlast_o  <= give_last;
      if (give) beat <= give_last ? 0 : beat + 1;
      if (give_last) head <= head + 1;
    end
    waiting <= waiting + 6'(arvalid_i && arready_o) - 6'(give_last);
    if (!rst_ni) begin
      noise      <= SEED;
      cycle      <= 0;
      arready_o  <= 0;
      asked      <= 0;
      head       <= 0;
      tail       <= 0;
      waiting    <= 0;
      beat       <= 0;
      rvalid_o   <= 0;
      accepted_o <= 0;
    end
  end

endmodule

`default_nettype wire
