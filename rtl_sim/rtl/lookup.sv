`default_nettype none

/// Any function of one value: y is the word of the channel's table that x chooses, LANES channels a cycle.
///
/// Lane L, in decimal digits, reads the file TABLE_FILE.LL.mem: for each beat of a pixel 2^IN_BITS words of OUT_BITS bits,
/// that of x = 0 first, those of a negative x, in two's complement, last. Cuts all combinatorial paths, latency 2 cycles.
module lookup #(
    parameter int LANES = 1,  // channels a beat
    parameter int BEATS = 1,  // of a pixel with tables of their own: 1 where all channels share them
    parameter int IN_BITS = 8,  // bits of an input lane
    parameter int OUT_BITS = 8,  // bits of an output lane
    parameter bit BLOCK = 0,  // 1 takes block RAM, 0 takes LUTs
    parameter TABLE_FILE = ""  // first part of the names of the memory files
) (
    input  wire                       clk_i,
    input  wire                       rst_ni,
    input  wire                       in0_valid_i,
    output logic                      in0_ready_o,
    input  wire  [ LANES*IN_BITS-1:0] in0_data_i,
    output logic                      out0_valid_o,
    input  wire                       out0_ready_i,
    output logic [LANES*OUT_BITS-1:0] out0_data_o
);

  localparam int BEAT_BITS = BEATS > 1 ? $clog2(BEATS) : 1;
  localparam int DEPTH = BEATS << IN_BITS;
  localparam int ADDRESS = $clog2(DEPTH);

  if (LANES < 1 || LANES > 99 || BEATS < 1 || IN_BITS < 1) begin : gen_check
    $fatal(1, "%m: LANES = %0d, BEATS = %0d or IN_BITS = %0d out of range", LANES, BEATS, IN_BITS);
  end

  logic ready, valid;
  logic [BEAT_BITS-1:0] beat;
  logic [LANES*OUT_BITS-1:0] y;
  logic unused_last;

  assign in0_ready_o = ready;

  counter #(
      .COUNT(BEATS)
  ) i_beats (
      .clk_i,
      .rst_ni,
      .step_i (in0_valid_i && ready),
      .count_o(beat),
      .last_o (unused_last)
  );

  always_ff @(posedge clk_i) begin
    if (ready) valid <= in0_valid_i;
    if (!rst_ni) valid <= 0;
  end

  for (genvar lane = 0; lane < LANES; lane++) begin : gen_lane
    localparam FILE = {TABLE_FILE, ".", 8'(48 + lane / 10), 8'(48 + lane % 10), ".mem"};
    wire [IN_BITS-1:0] x = in0_data_i[lane*IN_BITS+:IN_BITS];
    rom #(
        .DEPTH(DEPTH),
        .WIDTH(OUT_BITS),
        .BLOCK(BLOCK),
        .DATA_FILE(FILE)
    ) i_table (
        .clk_i,
        .en_i  (ready),
        .addr_i(ADDRESS'({beat, x})),
        .data_o(y[lane*OUT_BITS+:OUT_BITS])
    );
  end

  stream_register #(
      .WIDTH(LANES * OUT_BITS)
  ) i_register (
      .clk_i,
      .rst_ni,
      .in0_valid_i(valid),
      .in0_ready_o(ready),
      .in0_data_i (y),
      .out0_valid_o,
      .out0_ready_i,
      .out0_data_o
  );

endmodule

`default_nettype wire
