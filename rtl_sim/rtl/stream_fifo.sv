`default_nettype none

/// FIFO of at least DEPTH beats at full rate, in LUT RAM, block RAM or both; no combinatorial path leads through it.
///
/// Latency: two cycles, three from block RAM, whose word is registered once more. For two beats take `stream_register`.
module stream_fifo #(
    parameter int WIDTH = 8,   // bits of a beat
    parameter int DEPTH = 16,  // beats; the output registers hold one or two more
    parameter bit BLOCK = 0,   // 1 takes block RAM, 0 takes LUT RAM
    parameter int REST  = 0    // with BLOCK = 1: beats, the last of the memory, that lie in LUT RAM nevertheless
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

  localparam int ADDRESS = DEPTH > 1 ? $clog2(DEPTH) : 1;
  localparam int LEVEL = $clog2(DEPTH + 1);

  if (WIDTH < 1 || DEPTH < 1) begin : gen_check
    $fatal(1, "%m: WIDTH = %0d and DEPTH = %0d must be positive", WIDTH, DEPTH);
  end

  logic [ADDRESS-1:0] head, tail;
  logic [LEVEL-1:0] level;  // beats in the memory
  logic write, read, empty;
  logic unused_head, unused_tail;
  logic word_valid, word_ready;
  logic [WIDTH-1:0] word;

  assign write = in0_valid_i && in0_ready_o;
  assign read  = !empty && (!word_valid || word_ready);

  always_ff @(posedge clk_i) begin
    if (write != read) begin
      level       <= write ? level + 1'b1 : level - 1'b1;
      empty       <= !write && level == 1;
      in0_ready_o <= !(write && level == LEVEL'(DEPTH - 1));
    end
    if (!word_valid || word_ready) word_valid <= read;
    if (!rst_ni) begin
      level       <= '0;
      empty       <= 1;
      in0_ready_o <= 1;
      word_valid  <= 0;
    end
  end

  counter #(
      .COUNT(DEPTH)
  ) i_writes (
      .clk_i,
      .rst_ni,
      .step_i (write),
      .count_o(tail),
      .last_o (unused_tail)
  );
  counter #(
      .COUNT(DEPTH)
  ) i_reads (
      .clk_i,
      .rst_ni,
      .step_i (read),
      .count_o(head),
      .last_o (unused_head)
  );

  ram #(
      .DEPTH(DEPTH),
      .WIDTH(WIDTH),
      .BLOCK(BLOCK),
      .REST (REST)
  ) i_store (
      .clk_i,
      .wen_i  (write),
      .waddr_i(tail),
      .data_i (in0_data_i),
      .ren_i  (read),
      .raddr_i(head),
      .data_o (word)
  );

  if (BLOCK) begin : gen_output_register
    assign word_ready = !out0_valid_o || out0_ready_i;
    always_ff @(posedge clk_i) begin
      if (word_ready) begin
        out0_data_o  <= word;
        out0_valid_o <= word_valid;
      end
      if (!rst_ni) out0_valid_o <= 0;
    end
  end else begin : gen_output
    assign word_ready   = out0_ready_i;
    assign out0_valid_o = word_valid;
    assign out0_data_o  = word;
  end

`ifndef SYNTHESIS
  assert property (@(posedge clk_i) disable iff (!rst_ni) in0_valid_i && !in0_ready_o |=> in0_valid_i && $stable(
      in0_data_i
  ))
  else $error("%m: the writer took back or changed a beat before it had passed");
  logic was_reset;
  initial was_reset = 0;
  always_ff @(posedge clk_i) if (!rst_ni) was_reset <= 1;
  assert property (@(posedge clk_i) disable iff (!rst_ni || !was_reset) empty == (level == '0))
  else $error("%m: it counts as empty and is not, or the other way round");
`endif

endmodule

`default_nettype wire
