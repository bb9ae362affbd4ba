`default_nettype none

/// From accumulators to activations: the number of a channel's thresholds that x reaches, plus BASE, LANES channels a
/// cycle.
///
/// A binary search over 2^STAGES - 1 ascending thresholds, one comparison a stage, so that S times as many thresholds
/// take log2 S stages more. Lane L of stage s, both in decimal digits, reads the file THRESHOLD_FILE.s.LL.mem:
/// for each beat of a pixel 2^s words, the thresholds that the first s comparisons leave the choice of. A threshold has
/// T_BITS bits, two's complement. With FLIP the words of stage 0 have one bit more, on top: it complements x of a
/// channel whose function falls. Cuts all combinatorial paths, latency STAGES + 1 cycles.
module threshold #(
    parameter int LANES = 1,  // channels a beat
    parameter int BEATS = 1,  // of a pixel with thresholds of its own: 1 where all channels share them
    parameter int STAGES = 4,  // comparisons, one after another
    parameter int IN_BITS = 16,  // bits of an input lane
    parameter bit IN_SIGNED = 1,  // input lanes are signed
    parameter int T_BITS = 17,  // bits of a threshold, signed
    parameter int OUT_BITS = 4,  // bits of an output lane
    parameter int BASE = 0,  // output below all thresholds
    parameter bit FLIP = 0,  // 1 where a channel may fall: stage 0 has a bit for it
    parameter bit [STAGES-1:0] BLOCK = '0,  // whether a stage's thresholds are in block RAM
    parameter THRESHOLD_FILE = ""  // first part of the names of the memory files
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

  if (LANES < 1 || LANES > 99 || BEATS < 1 || STAGES < 1 || STAGES > 8) begin : gen_check
    $fatal(1, "%m: LANES = %0d, BEATS = %0d or STAGES = %0d out of range", LANES, BEATS, STAGES);
  end
  if (T_BITS < IN_BITS + (IN_SIGNED ? 0 : 1)) begin : gen_check_bits
    $fatal(1, "%m: T_BITS = %0d cannot hold x of %0d bits", T_BITS, IN_BITS);
  end

  logic ready;
  logic [STAGES-1:0] valid;
  logic [STAGES-1:0][BEAT_BITS-1:0] beat;  // of the thresholds that a stage asks for
  logic [LANES*OUT_BITS-1:0] y;
  logic unused_last;
  wire unused = &beat;  // by all stages where there is but one beat

  assign in0_ready_o = ready;

  counter #(
      .COUNT(BEATS)
  ) i_beats (
      .clk_i,
      .rst_ni,
      .step_i (in0_valid_i && ready),
      .count_o(beat[0]),
      .last_o (unused_last)
  );

  always_ff @(posedge clk_i) begin
    if (ready) valid <= STAGES'({valid, in0_valid_i});
    if (!rst_ni) valid <= '0;
  end
  for (genvar stage = 1; stage < STAGES; stage++) begin : gen_beat
    always_ff @(posedge clk_i) if (ready) beat[stage] <= beat[stage-1];
  end

  for (genvar lane = 0; lane < LANES; lane++) begin : gen_lane
    for (genvar stage = 0; stage < STAGES; stage++) begin : gen_stage
      localparam int DEPTH = BEATS << stage;
      localparam int ADDR_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1;
      localparam int WIDTH = T_BITS + (FLIP && stage == 0 ? 1 : 0);
      localparam FILE = {THRESHOLD_FILE, ".", 8'(48 + stage), ".", 8'(48 + lane / 10), 8'(48 + lane % 10), ".mem"};

      logic signed [T_BITS-1:0] x, compared;  // x beside the thresholds, and as they are made for
      logic [WIDTH-1:0] word;
      logic [ADDR_BITS-1:0] address;
      logic [stage:0] reached;  // number of thresholds, high bits first, as far as it is known

      if (stage == 0) begin : gen_first
        wire [IN_BITS-1:0] x_lane = in0_data_i[lane*IN_BITS+:IN_BITS];
        assign address = ADDR_BITS'(beat[0]);
        always_ff @(posedge clk_i) if (ready) x <= T_BITS'($signed({IN_SIGNED && x_lane[IN_BITS-1], x_lane}));
        if (FLIP) begin : gen_flip
          assign compared = x ^ {T_BITS{word[T_BITS]}};
        end else begin : gen_no_flip
          assign compared = x;
        end
        assign reached = compared >= $signed(word[T_BITS-1:0]);
      end else begin : gen_further
        logic [stage-1:0] known;
        if (BEATS > 1) begin : gen_beats
          assign address = {beat[stage], gen_stage[stage-1].reached};
        end else begin : gen_no_beats
          assign address = gen_stage[stage-1].reached;
        end
        always_ff @(posedge clk_i) begin
          if (ready) begin
            x     <= gen_stage[stage-1].compared;
            known <= gen_stage[stage-1].reached;
          end
        end
        assign compared = x;
        assign reached  = {known, compared >= $signed(word)};
      end

      rom #(
          .DEPTH(DEPTH),
          .WIDTH(WIDTH),
          .BLOCK(BLOCK[stage]),
          .DATA_FILE(FILE)
      ) i_thresholds (
          .clk_i,
          .en_i  (ready),
          .addr_i(address),
          .data_o(word)
      );
    end
    assign y[lane*OUT_BITS+:OUT_BITS] = OUT_BITS'(gen_stage[STAGES-1].reached) + OUT_BITS'(BASE);
  end

  stream_register #(
      .WIDTH(LANES * OUT_BITS)
  ) i_register (
      .clk_i,
      .rst_ni,
      .in0_valid_i(valid[STAGES-1]),
      .in0_ready_o(ready),
      .in0_data_i (y),
      .out0_valid_o,
      .out0_ready_i,
      .out0_data_o
  );

endmodule

`default_nettype wire
