`default_nettype none

/// Multiply-accumulate array for a tile: TILE vectors share every weight word, PE outputs x SIMD inputs a cycle.
///
/// Time goes in words of TILE cycles, `start_i` high in the first cycle of each; the vectors take turns in a word, always
/// in the same order. A word with `go_i` (held through the word) adds the next weight word's products with `x_i` to the
/// vectors' sums, or, with `first_i`, to the bias; a word without it leaves the sums as they are. `ready_o` says that a
/// weight word has been fetched: `go_i` needs it in the cycle before `start_i`. `x_i` comes two cycles after its turn
/// began, `sum_o` is there SIMD + 5 cycles after it.
///
/// The weight stream brings units of PE fields of W_FIELD bits, low output first: a word is SIMD of them, one an input
/// lane. A word that was fetched under `extra_i` is followed by EXTRA more, which shift through the bias register: what the
/// last ceil(ACC_BITS / W_FIELD) of them were, low bits first, is the bias when a word with `first_i` begins.
/// Words follow each other without a pause if units come every cycle and TILE >= SIMD + EXTRA + 4.
///
/// The sums live in a loop of TILE registers through the adders of the DSP slices: a slice adds what it multiplies to
/// what the slice of the lane before it hands on. PAIR = 1: two outputs share a slice, packed as in `mac_pair`:
/// W_BITS + ACC_BITS <= 25, or 24 where a weight may be -2^(W_BITS-1); ACC_BITS holds every partial sum.
module mvu_tile #(
    parameter int TILE = 8,  // pixels in flight
    parameter int PE = 2,  // output channels computed at once
    parameter int SIMD = 2,  // input channels taken in a cycle
    parameter int X_BITS = 8,  // bits of an activation
    parameter bit X_SIGNED = 0,  // activations are signed
    parameter int W_BITS = 4,  // bits of a weight, signed
    parameter int W_FIELD = 4,  // bits of a weight in the stream
    parameter int ACC_BITS = 20,  // bits of a sum
    parameter bit ACC_SIGNED = 1,  // sums are signed
    parameter int EXTRA = 1,  // units of bias behind a weight word
    parameter bit PAIR = 1  // 1 packs two outputs into a DSP slice
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    input  wire                    weight_valid_i,
    output logic                   weight_ready_o,
    input  wire  [ PE*W_FIELD-1:0] weight_data_i,
    input  wire                    extra_i,
    output logic                   ready_o,
    input  wire                    start_i,
    input  wire                    go_i,
    input  wire                    first_i,
    input  wire  [SIMD*X_BITS-1:0] x_i,
    output logic [PE*ACC_BITS-1:0] sum_o
);

  localparam int BIAS_UNITS = (ACC_BITS + W_FIELD - 1) / W_FIELD;
  localparam int UNIT_BITS = $clog2(SIMD + EXTRA);
  localparam int LOOP = TILE - SIMD - 1;  // registers of the loop outside the slices
  localparam int B_BITS = X_BITS + (X_SIGNED ? 0 : 1);
  localparam int SHARE = PAIR ? 2 : 1;  // outputs a slice
  localparam int FIELDS = SHARE * ACC_BITS;
  localparam int PACKED_BITS = W_BITS + ACC_BITS < 25 ? W_BITS + ACC_BITS + 1 : 25;
  localparam int A_BITS = PAIR ? PACKED_BITS : W_BITS;

  if (LOOP < 1 || TILE < 4) begin : gen_check_tile
    $fatal(1, "%m: TILE = %0d is too short for SIMD = %0d", TILE, SIMD);
  end
  if (PAIR && (PE % 2 != 0 || W_BITS + ACC_BITS > 25)) begin : gen_check_pair
    $fatal(1, "%m: outputs cannot share slices with PE = %0d, W_BITS = %0d, ACC_BITS = %0d", PE, W_BITS, ACC_BITS);
  end
  if (W_BITS > W_FIELD || EXTRA < 1) begin : gen_check_units
    $fatal(1, "%m: W_BITS = %0d, W_FIELD = %0d, EXTRA = %0d", W_BITS, W_FIELD, EXTRA);
  end

  // Lane i takes its weights over, or zeros when the word is idle, in cycle i + 2 of a word.
  logic [SIMD:0] started;
  logic [(SIMD > 1 ? SIMD : 2):0] going;
  logic [2:0] first;
  logic bias_start;
  wire consume = started[1] && going[1];
  always_ff @(posedge clk_i) begin
    started <= {started[SIMD-1:0], start_i};
    going <= {going[$high(going)-1:0], go_i};
    first <= {first[1:0], first_i};
    bias_start <= consume && first[1];
    if (!rst_ni) {started, going} <= '0;
  end

  // Fetching the next word. A lane's weights are overwritten at the earliest in the cycle after they were taken over.
  logic full;
  logic [UNIT_BITS-1:0] unit;
  wire fetch = weight_valid_i && !full;
  wire [UNIT_BITS-1:0] last_unit = extra_i ? UNIT_BITS'(SIMD + EXTRA - 1) : UNIT_BITS'(SIMD - 1);
  assign weight_ready_o = !full;
  assign ready_o = full;
  always_ff @(posedge clk_i) begin
    if (fetch) begin
      unit <= unit + 1'b1;
      full <= unit == last_unit;
    end
    if (consume) begin
      unit <= '0;
      full <= 0;
    end
    if (!rst_ni) begin
      unit <= '0;
      full <= 0;
    end
  end

  logic [SIMD-1:0][PE-1:0][W_BITS-1:0] fetched, weights;
  for (genvar s = 0; s < SIMD; s++) begin : gen_weights
    always_ff @(posedge clk_i) begin
      for (int p = 0; p < PE; p++) begin
        if (fetch && unit == UNIT_BITS'(s)) fetched[s][p] <= weight_data_i[p*W_FIELD+:W_BITS];
        if (started[s+1]) weights[s][p] <= going[s+1] ? fetched[s][p] : '0;
      end
    end
  end

  logic [PE-1:0][BIAS_UNITS*W_FIELD-1:0] fetched_bias;
  logic [PE-1:0][ACC_BITS-1:0] bias;
  for (genvar p = 0; p < PE; p++) begin : gen_bias
    // The low sum of a pair is kept with its highest bit inverted, so that it is never negative: nothing is borrowed.
    localparam bit LOW = PAIR && ACC_SIGNED && p % 2 == 0;
    always_ff @(posedge clk_i) begin
      if (fetch && unit >= UNIT_BITS'(SIMD)) begin
        fetched_bias[p] <= (BIAS_UNITS * W_FIELD)'({weight_data_i[p*W_FIELD+:W_FIELD], fetched_bias[p]} >> W_FIELD);
      end
      if (bias_start) bias[p] <= fetched_bias[p][ACC_BITS-1:0] ^ {LOW, {(ACC_BITS - 1) {1'b0}}};
    end
  end

  // Lane s works s cycles after lane 0.
  logic [SIMD-1:0][B_BITS-1:0] x;
  for (genvar s = 0; s < SIMD; s++) begin : gen_x
    logic [s+1:0][X_BITS-1:0] late;
    always_ff @(posedge clk_i) begin
      late[0] <= x_i[s*X_BITS+:X_BITS];
      for (int i = 1; i <= s + 1; i++) late[i] <= late[i-1];
    end
    assign x[s] = B_BITS'($signed({X_SIGNED && late[s+1][X_BITS-1], late[s+1]}));
  end

  logic fresh;  // the sums start from the bias
  always_ff @(posedge clk_i) fresh <= first[2] && going[2];

  for (genvar a = 0; a < PE / SHARE; a++) begin : gen_slices
    logic signed [FIELDS-1:0] loop[LOOP];
    logic signed [FIELDS-1:0] begun;  // what the slices of the lanes add to, one after another
    for (genvar s = 0; s < SIMD; s++) begin : gen_simd
      logic signed [A_BITS-1:0] low, high, factor;
      logic signed [A_BITS+B_BITS-1:0] product;
      logic signed [FIELDS-1:0] handed, total;
      assign low = A_BITS'($signed(weights[s][a*SHARE]));
      if (PAIR) begin : gen_pair
        assign high = A_BITS'($signed({weights[s][a*SHARE+1], {ACC_BITS{1'b0}}}));
      end else begin : gen_single
        assign high = '0;
      end
      if (s == 0) begin : gen_first
        assign handed = begun;
      end else begin : gen_next
        assign handed = gen_simd[s-1].total;
      end
      always_ff @(posedge clk_i) begin
        factor  <= low + high;
        product <= factor * $signed(x[s]);
        total   <= handed + FIELDS'(product);
      end
    end
    always_ff @(posedge clk_i) begin
      loop[0] <= gen_simd[SIMD-1].total;
      for (int i = 1; i < LOOP; i++) loop[i] <= loop[i-1];
      begun <= fresh ? bias[a*SHARE+:SHARE] : loop[LOOP-1];
    end
    for (genvar p = 0; p < SHARE; p++) begin : gen_sum
      localparam bit LOW = PAIR && ACC_SIGNED && p == 0;
      assign sum_o[(a*SHARE+p)*ACC_BITS+:ACC_BITS] =
          gen_simd[SIMD-1].total[p*ACC_BITS+:ACC_BITS] ^ {LOW, {(ACC_BITS - 1) {1'b0}}};
    end
  end

endmodule

`default_nettype wire
