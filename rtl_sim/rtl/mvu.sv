`default_nettype none

/// Folded matrix-vector unit: PE outputs x SIMD inputs a cycle, exact sums with bias.
///
/// A vector comes in STEPS beats of SIMD lanes and is computed in PASSES * STEPS cycles (groups of PE outputs, one after
/// another); it is kept in one of two banks, so that the next one is loaded meanwhile. OUTPUTS sums leave in beats of
/// OUT_LANES, which divides PE and with PE / OUT_LANES <= STEPS never slows the unit down.
/// OUTPUTS of more than PASSES groups are those of several vectors, which have weights of their own, over and over.
/// UNITS > 1: lanes and outputs of a group lie in so many equal runs, an output is made of its own run's lanes only.
/// WEIGHT_FILE holds one word a cycle in the order of computing, lane `p * SIMD / UNITS + s` the weight of output p of
/// the group and of its input s; BIAS_FILE one word an output beat. Each lane's sums fit SUM_BITS (signed).
/// PACK = 1: two outputs share a DSP slice, see `mac_pair` for its conditions; MULT as in `mac`.
/// XNOR = 1: lanes and weights are bits, 1 for +1 and 0 for -1, and what is summed is twice the number of equal ones, the
/// same for all lanes; with a bias of minus the inputs of an output that is the sum of their products. One unit only.
/// The path from `out0_ready_i` to clock enables inside is combinatorial, `in0_ready_o` is a register's.
module mvu #(
    parameter int STEPS = 4,  // beats of a vector
    parameter int OUTPUTS = 4,  // outputs of all vectors that have weights of their own
    parameter int PE = 2,  // output channels computed at once
    parameter int SIMD = 1,  // input channels taken in a cycle
    parameter int PASSES = (OUTPUTS + PE - 1) / PE,  // groups of PE outputs of one vector
    parameter int UNITS = 1,  // runs of lanes that share nothing: groups computed side by side
    parameter int X_BITS = 8,  // bits of an activation
    parameter bit X_SIGNED = 0,  // activations are signed
    parameter int W_BITS = 4,  // bits of a weight, signed
    parameter int SUM_BITS = 18,  // bits of the sum within one DSP slice or lane
    parameter int BIAS_BITS = 8,  // bits of a bias, signed
    parameter int ACC_BITS = 18,  // bits of a sum that leaves
    parameter int OUT_LANES = 1,  // channels a beat of the output
    parameter bit PACK = 1,  // 1 packs two outputs into a DSP slice
    parameter bit MULT = 0,  // 1 makes products of LUTs, 0 takes DSP slices
    parameter bit XNOR = 0,  // 1 takes bits for -1 and +1 and counts equal ones
    parameter bit WEIGHT_BLOCK = 0,  // weights are in block RAM, else in LUTs
    parameter bit BIAS_BLOCK = 0,  // biases are in block RAM, else in LUTs
    parameter bit INPUT_BLOCK = 0,  // the two banks of the input vector are in block RAM
    parameter WEIGHT_FILE = "",  // memory file of the weights
    parameter BIAS_FILE = ""  // memory file of the biases
) (
    input  wire                           clk_i,
    input  wire                           rst_ni,
    input  wire                           in0_valid_i,
    output logic                          in0_ready_o,
    input  wire  [       SIMD*X_BITS-1:0] in0_data_i,
    output logic                          out0_valid_o,
    input  wire                           out0_ready_i,
    output logic [OUT_LANES*ACC_BITS-1:0] out0_data_o
);

  localparam int GROUPS = (OUTPUTS + PE - 1) / PE;
  localparam int UNIT_PE = PE / UNITS;
  localparam int UNIT_SIMD = SIMD / UNITS;
  localparam int PARTS = XNOR ? 1 : UNIT_SIMD;  // sums of an output
  localparam int TURNS = PE / OUT_LANES;
  localparam int BEATS = (OUTPUTS + OUT_LANES - 1) / OUT_LANES;
  localparam int STEP_BITS = STEPS > 1 ? $clog2(STEPS) : 1;
  localparam int VECTOR_ADDR_BITS = 1 + $clog2(STEPS);
  localparam int PASS_BITS = PASSES > 1 ? $clog2(PASSES) : 1;
  localparam int WEIGHT_ADDR_BITS = GROUPS * STEPS > 1 ? $clog2(GROUPS * STEPS) : 1;
  localparam int TURN_BITS = TURNS > 1 ? $clog2(TURNS) : 1;
  localparam int BEAT_BITS = BEATS > 1 ? $clog2(BEATS) : 1;

  if (PE % OUT_LANES != 0 || TURNS > STEPS) begin : gen_check
    $fatal(1, "%m: OUT_LANES = %0d does not fit PE = %0d and STEPS = %0d", OUT_LANES, PE, STEPS);
  end
  if (PE % UNITS != 0 || SIMD % UNITS != 0 || GROUPS % PASSES != 0) begin : gen_check_units
    $fatal(1, "%m: UNITS = %0d, PASSES = %0d for PE = %0d, SIMD = %0d, GROUPS = %0d", UNITS, PASSES, PE, SIMD, GROUPS);
  end
  if (XNOR && (X_BITS != 1 || W_BITS != 1 || UNITS != 1)) begin : gen_check_xnor
    $fatal(1, "%m: XNOR = 1 with X_BITS = %0d, W_BITS = %0d, UNITS = %0d", X_BITS, W_BITS, UNITS);
  end

  // Loading: a bank belongs to the writer until it is full, then to the reader.
  logic [1:0] full;
  logic write_bank, read_bank;
  logic [STEP_BITS-1:0] write_step, read_step;
  logic load, write_last, issue, read_last;
  assign in0_ready_o = !full[write_bank];
  assign load = in0_valid_i && in0_ready_o;
  assign write_last = load && write_step == STEP_BITS'(STEPS - 1);

  // Issuing: one step of one group a cycle.
  logic ce;
  logic [PASS_BITS-1:0] pass;
  logic [WEIGHT_ADDR_BITS-1:0] weight_addr;
  logic step_last, pass_last, weight_last;
  assign step_last = read_step == STEP_BITS'(STEPS - 1);
  assign pass_last = pass == PASS_BITS'(PASSES - 1);
  assign issue = ce && full[read_bank];
  assign read_last = issue && step_last && pass_last;
  assign weight_last = PASSES == GROUPS ? read_last : weight_addr == WEIGHT_ADDR_BITS'(GROUPS * STEPS - 1);

  always_ff @(posedge clk_i) begin
    if (load) write_step <= write_last ? '0 : write_step + 1'b1;
    if (issue) begin
      read_step   <= step_last ? '0 : read_step + 1'b1;
      weight_addr <= weight_last ? '0 : weight_addr + 1'b1;
      if (step_last) pass <= pass_last ? '0 : pass + 1'b1;
    end
    if (write_last) begin
      full[write_bank] <= 1;
      write_bank <= !write_bank;
    end
    if (read_last) begin
      full[read_bank] <= 0;
      read_bank <= !read_bank;
    end
    if (!rst_ni) begin
      {full, write_bank, read_bank} <= '0;
      write_step <= '0;
      read_step <= '0;
      weight_addr <= '0;
      pass <= '0;
    end
  end

  logic [SIMD*X_BITS-1:0] x;
  ram #(
      .DEPTH(2 << $clog2(STEPS)),
      .WIDTH(SIMD * X_BITS),
      .BLOCK(INPUT_BLOCK)
  ) i_vector (
      .clk_i,
      .wen_i  (load),
      .waddr_i(VECTOR_ADDR_BITS'({write_bank, write_step} >> (STEP_BITS - $clog2(STEPS)))),
      .data_i (in0_data_i),
      .ren_i  (ce),
      .raddr_i(VECTOR_ADDR_BITS'({read_bank, read_step} >> (STEP_BITS - $clog2(STEPS)))),
      .data_o (x)
  );

  logic [PE*UNIT_SIMD*W_BITS-1:0] w;
  rom #(
      .DEPTH(GROUPS * STEPS),
      .WIDTH(PE * UNIT_SIMD * W_BITS),
      .BLOCK(WEIGHT_BLOCK),
      .DATA_FILE(WEIGHT_FILE)
  ) i_weights (
      .clk_i,
      .en_i  (ce),
      .addr_i(weight_addr),
      .data_o(w)
  );

  // Computing: operands read, three steps of `mac`, then the sums of a group are held while the next are made.
  // A vector passes without a gap, so every cycle's term is valid: what is added after the last step is never looked at.
  logic [3:0] last;
  logic first;
  logic [PARTS-1:0][PE-1:0][SUM_BITS-1:0] sums;
  always_ff @(posedge clk_i) begin
    if (ce) begin
      last  <= {last[2:0], issue && step_last};
      first <= read_step == '0;
    end
    if (!rst_ni) last <= '0;
  end

  for (genvar p = 0; p < (XNOR ? PE : 0); p++) begin : gen_xnor
    mac_xnor #(
        .SIMD(SIMD),
        .SUM_BITS(SUM_BITS)
    ) i_mac (
        .clk_i,
        .ce_i   (ce),
        .first_i(first),
        .x_i    (x),
        .w_i    (w[p*SIMD+:SIMD]),
        .sum_o  (sums[0][p])
    );
  end

  for (genvar s = 0; s < (XNOR ? 0 : UNIT_SIMD); s++) begin : gen_simd
    logic [PE-1:0][W_BITS-1:0] weights;
    for (genvar p = 0; p < PE; p++) begin : gen_pe
      localparam int LANE = p / UNIT_PE * UNIT_SIMD + s;
      localparam int PLACE = p % UNIT_PE;
      assign weights[p] = w[(p*UNIT_SIMD+s)*W_BITS+:W_BITS];
      if (PACK && PLACE % 2 == 1) begin : gen_pair
        mac_pair #(
            .W_BITS  (W_BITS),
            .X_BITS  (X_BITS),
            .X_SIGNED(X_SIGNED),
            .SUM_BITS(SUM_BITS)
        ) i_mac (
            .clk_i,
            .ce_i   (ce),
            .valid_i(1'b1),
            .first_i(first),
            .x_i    (x[LANE*X_BITS+:X_BITS]),
            .w_i    (weights[p-:2]),
            .sum_o  (sums[s][p-:2])
        );
      end else if (!PACK || PLACE == UNIT_PE - 1) begin : gen_single
        mac #(
            .W_BITS(W_BITS),
            .X_BITS(X_BITS),
            .X_SIGNED(X_SIGNED),
            .SUM_BITS(SUM_BITS),
            .MULT(MULT)
        ) i_mac (
            .clk_i,
            .ce_i   (ce),
            .valid_i(1'b1),
            .first_i(first),
            .start_i('0),
            .x_i    (x[LANE*X_BITS+:X_BITS]),
            .w_i    (weights[p]),
            .sum_o  (sums[s][p])
        );
      end
    end
  end

  // Leaving: the held sums in turn, OUT_LANES at a time; their parts, one a lane, and the bias are added in a tree.
  localparam int LEVELS = $clog2(PARTS + 1);
  localparam int LEAVES = 1 << LEVELS;
  localparam int PART_BITS = SUM_BITS < ACC_BITS ? SUM_BITS : ACC_BITS;
  logic [PARTS-1:0][PE-1:0][SUM_BITS-1:0] held;
  logic held_valid, held_done, out_ce;
  logic [TURN_BITS-1:0] turn;
  logic [BEAT_BITS-1:0] beat;
  logic beat_last;
  logic [LEVELS:0] out_valid;
  assign out_ce = !out0_valid_o || out0_ready_i;
  assign beat_last = beat == BEAT_BITS'(BEATS - 1);
  assign held_done = out_ce && (turn == TURN_BITS'(TURNS - 1) || beat_last);
  assign ce = !last[3] || !held_valid || held_done;
  assign out0_valid_o = out_valid[LEVELS];

  always_ff @(posedge clk_i) begin
    if (last[3] && ce) begin
      held <= sums;
      held_valid <= 1;
    end else if (held_done) begin
      held_valid <= 0;
    end
    if (out_ce) begin
      out_valid <= {out_valid[LEVELS-1:0], held_valid};
      if (held_valid) begin
        turn <= held_done ? '0 : turn + 1'b1;
        beat <= beat_last ? '0 : beat + 1'b1;
      end
    end
    if (!rst_ni) begin
      held_valid <= 0;
      out_valid <= '0;
      turn <= '0;
      beat <= '0;
    end
  end

  logic [OUT_LANES*BIAS_BITS-1:0] bias;
  rom #(
      .DEPTH(BEATS),
      .WIDTH(OUT_LANES * BIAS_BITS),
      .BLOCK(BIAS_BLOCK),
      .DATA_FILE(BIAS_FILE)
  ) i_bias (
      .clk_i,
      .en_i  (out_ce),
      .addr_i(beat),
      .data_o(bias)
  );

  for (genvar l = 0; l < OUT_LANES; l++) begin : gen_out
    // A heap: node n is the sum of nodes 2n and 2n + 1, the leaves are the bias and the parts.
    logic [ACC_BITS-1:0] node[1:2*LEAVES-1];
    assign node[LEAVES] = ACC_BITS'($signed(bias[l*BIAS_BITS+:BIAS_BITS]));
    for (genvar s = 0; s < LEAVES - 1; s++) begin : gen_leaf
      if (s < PARTS) begin : gen_part
        // Those of this lane by turns: an index into all of them, in steps of OUT_LANES, makes far larger multiplexers.
        logic [TURNS-1:0][PART_BITS-1:0] parts;
        logic [PART_BITS-1:0] part;
        for (genvar t = 0; t < TURNS; t++) begin : gen_turn
          assign parts[t] = held[s][t*OUT_LANES+l][PART_BITS-1:0];
        end
        always_ff @(posedge clk_i) if (out_ce) part <= parts[TURNS>1?turn : '0];
        assign node[LEAVES+1+s] = ACC_BITS'($signed(part));
      end else begin : gen_none
        assign node[LEAVES+1+s] = '0;
      end
    end
    for (genvar n = 1; n < LEAVES; n++) begin : gen_node
      always_ff @(posedge clk_i) if (out_ce) node[n] <= node[2*n] + node[2*n+1];
    end
    assign out0_data_o[l*ACC_BITS+:ACC_BITS] = node[1];
  end

endmodule

`default_nettype wire
