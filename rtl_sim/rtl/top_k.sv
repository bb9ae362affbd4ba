`default_nettype none
// verilator lint_off PINCONNECTEMPTY

/// Indices of the K largest channels of every pixel, the largest first, the lower index first of equal ones: argmax, top-k.
///
/// A pixel comes in beats of LANES channels and leaves as one beat of K indices. Of every beat `largest` finds the largest
/// channel, and K places in a row (`top_k_place`) hold the largest of the pixel so far; more than one place needs one lane,
/// since a beat passes no more than one channel on. Takes a beat a cycle. Cuts all combinatorial paths. Latency from a
/// pixel's last beat: $clog2(LANES) + K cycles.
module top_k #(
    parameter int LANES      = 1,  // channels a beat
    parameter int CHANNELS   = 4,  // channels of a pixel
    parameter int K          = 1,  // indices that leave for a pixel
    parameter int BITS       = 8,  // bits of a channel
    parameter bit SIGNED     = 0,  // channels are signed
    parameter int INDEX_BITS = 2   // bits of an index
) (
    input  wire                     clk_i,
    input  wire                     rst_ni,
    input  wire                     in0_valid_i,
    output logic                    in0_ready_o,
    input  wire  [  LANES*BITS-1:0] in0_data_i,
    output logic                    out0_valid_o,
    input  wire                     out0_ready_i,
    output logic [K*INDEX_BITS-1:0] out0_data_o
);

  localparam int BEATS = (CHANNELS + LANES - 1) / LANES;
  localparam int REST = CHANNELS - (BEATS - 1) * LANES;  // channels of a pixel's last beat
  localparam bit PADDED = REST < LANES;
  localparam int KEY = BITS + 32'(PADDED);  // a channel as an unsigned number of the same order, above all padding
  localparam int LANE_BITS = LANES > 1 ? $clog2(LANES) : 1;
  // With the sign bit inverted, signed numbers compare as unsigned ones do.
  localparam logic [BITS-1:0] SIGN = SIGNED ? {1'b1, {(BITS - 1) {1'b0}}} : '0;

  if (K < 1 || K > CHANNELS || (K > 1 && LANES > 1)) begin : gen_check
    $fatal(1, "%m: K = %0d must be 1 to CHANNELS = %0d, and 1 with %0d lanes", K, CHANNELS, LANES);
  end

  logic ce, ready, full;
  logic [LANES-1:0][KEY-1:0] keys;

  // a frame's last beats wait for the reader here, and so does all that is behind them
  assign ce = !full || ready;
  assign in0_ready_o = ce;

  if (PADDED) begin : gen_padded
    logic beat_last;
    counter #(
        .COUNT(BEATS)
    ) i_beats (
        .clk_i,
        .rst_ni,
        .step_i (in0_valid_i && ce),
        .count_o(),
        .last_o (beat_last)
    );
    for (genvar l = 0; l < LANES; l++) begin : gen_lane
      wire there = l < REST || !beat_last;
      assign keys[l] = {there, in0_data_i[l*BITS+:BITS] ^ SIGN} & {KEY{there}};
    end
  end else begin : gen_whole
    for (genvar l = 0; l < LANES; l++) begin : gen_lane
      assign keys[l] = in0_data_i[l*BITS+:BITS] ^ SIGN;
    end
  end

  // what is given to each place; the last entries are what no place takes
  logic [K:0] valid, first, last;
  logic [K:0][KEY-1:0] data;
  logic [K:0][INDEX_BITS-1:0] index;
  logic [LANE_BITS-1:0] lane;

  largest #(
      .LANES(LANES),
      .BITS (KEY)
  ) i_largest (
      .clk_i,
      .rst_ni,
      .ce_i   (ce),
      .valid_i(in0_valid_i),
      .data_i (keys),
      .valid_o(valid[0]),
      .data_o (data[0]),
      .lane_o (lane)
  );

  if (BEATS == 1) begin : gen_one_beat
    assign first[0] = 1;
    assign last[0]  = 1;
    assign index[0] = INDEX_BITS'(lane);
  end else begin : gen_beats
    logic [INDEX_BITS-1:0] base;  // index of the beat's first channel
    assign first[0] = base == '0;
    assign last[0]  = base == INDEX_BITS'((BEATS - 1) * LANES);
    assign index[0] = base + INDEX_BITS'(lane);
    always_ff @(posedge clk_i) begin
      if (valid[0] && ce) base <= last[0] ? '0 : base + INDEX_BITS'(LANES);
      if (!rst_ni) base <= '0;
    end
  end

  logic [K-1:0][INDEX_BITS-1:0] held, found;
  for (genvar k = 0; k < K; k++) begin : gen_place
    top_k_place #(
        .BITS      (KEY),
        .INDEX_BITS(INDEX_BITS),
        .ORDERED   (k == 0)
    ) i_place (
        .clk_i,
        .rst_ni,
        .ce_i        (ce),
        .valid_i     (valid[k]),
        .first_i     (first[k]),
        .last_i      (last[k]),
        .data_i      (data[k]),
        .index_i     (index[k]),
        .held_index_o(held[k]),
        .valid_o     (valid[k+1]),
        .first_o     (first[k+1]),
        .last_o      (last[k+1]),
        .data_o      (data[k+1]),
        .index_o     (index[k+1])
    );
    // A place ends the pixel a cycle before the next one does, and the next pixel no sooner than the last place this one.
    if (k < K - 1) begin : gen_kept
      always_ff @(posedge clk_i) begin
        if (ce && valid[k] && last[k]) found[k] <= held[k];
      end
    end else begin : gen_last
      assign found[k] = held[k];
    end
  end
  wire unused = &{valid[K], first[K], last[K], data[K], index[K]};

  assign full = valid[K-1] && last[K-1];
  stream_register #(
      .WIDTH(K * INDEX_BITS)
  ) i_register (
      .clk_i,
      .rst_ni,
      .in0_valid_i(full),
      .in0_ready_o(ready),
      .in0_data_i (found),
      .out0_valid_o,
      .out0_ready_i,
      .out0_data_o
  );

endmodule

// verilator lint_on PINCONNECTEMPTY
`default_nettype wire
