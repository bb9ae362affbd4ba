`default_nettype none

/// From accumulators to activations: y = clamp((m x + b) >> SHIFT, LO, HI), LANES channels a cycle.
///
/// Channel c has the c-th multiplier m of MULTIPLIER_FILE and the c-th offset b of OFFSET_FILE (rows of LANES entries, lane
/// 0 low, M_BITS and B_BITS each, two's complement). SUM_BITS hold every product and sum, and beyond SHIFT a bit more than
/// OUT_BITS. LO and HI must fit OUT_BITS. Factors, product and sum have a register each, as a DSP slice has them.
/// With SINGLE the product m x / 2^SHIFT is rounded to float32 and then to the nearest integer, of two the even one: b
/// must be 2^(SHIFT-1), SHIFT at least 25. Cuts all combinatorial paths. Latency: 4 cycles, with SINGLE 5.
module rescale #(
    parameter int LANES = 1,  // channels a beat
    parameter int BEATS = 1,  // of a pixel with constants of its own: 1 where all channels share them
    parameter int IN_BITS = 16,  // bits of an input lane
    parameter bit IN_SIGNED = 1,  // input lanes are signed
    parameter int M_BITS = 12,  // bits of a multiplier, signed
    parameter int B_BITS = 20,  // bits of an offset, signed
    parameter int SUM_BITS = 28,  // bits of a product with its offset
    parameter int SHIFT = 12,  // bits of them that are dropped
    parameter int OUT_BITS = 8,  // bits of an output lane
    parameter bit OUT_SIGNED = 0,  // output lanes are signed
    parameter int LO = 0,  // least value that leaves
    parameter int HI = 255,  // largest value that leaves
    parameter bit SINGLE = 0,  // products are those of float32
    parameter bit [1:0] BLOCK = '0,  // whether multipliers (bit 0) and offsets are in block RAM
    parameter MULTIPLIER_FILE = "",  // memory file of the multipliers
    parameter OFFSET_FILE = ""  // memory file of the offsets
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

  localparam int ADDRESS = BEATS > 1 ? $clog2(BEATS) : 1;
  localparam int STAGES = SINGLE ? 4 : 3;
  localparam int X_BITS = IN_BITS + (IN_SIGNED ? 0 : 1);
  localparam int P_BITS = X_BITS + M_BITS < SUM_BITS ? X_BITS + M_BITS : SUM_BITS;
  localparam int VALUE_BITS = SUM_BITS - SHIFT;
  localparam int LOWEST = OUT_SIGNED ? -(1 << (OUT_BITS - 1)) : 0;

  if (LANES < 1 || BEATS < 1 || SHIFT < 0 || VALUE_BITS <= OUT_BITS || SUM_BITS < B_BITS) begin : gen_check
    $fatal(1, "%m: LANES = %0d, BEATS = %0d or SUM_BITS = %0d out of range", LANES, BEATS, SUM_BITS);
  end
  if (LO < LOWEST || HI > LOWEST + (1 << OUT_BITS) - 1 || LO > HI) begin : gen_check_range
    $fatal(1, "%m: the range [%0d, %0d] does not fit OUT_BITS = %0d", LO, HI, OUT_BITS);
  end

  if (SINGLE && SHIFT < 25) begin : gen_check_single
    $fatal(1, "%m: SHIFT = %0d is less than 25", SHIFT);
  end

  logic ready;
  logic [STAGES-1:0] valid;
  logic [ADDRESS-1:0] beat;
  logic [LANES*M_BITS-1:0] multipliers;
  logic [LANES*B_BITS-1:0] offsets;
  logic [LANES*OUT_BITS-1:0] y;
  logic unused_last;

  assign in0_ready_o = ready;

  always_ff @(posedge clk_i) begin
    if (ready) valid <= STAGES'({valid, in0_valid_i});
    if (!rst_ni) valid <= '0;
  end

  counter #(
      .COUNT(BEATS)
  ) i_beats (
      .clk_i,
      .rst_ni,
      .step_i (in0_valid_i && ready),
      .count_o(beat),
      .last_o (unused_last)
  );
  rom #(
      .DEPTH(BEATS),
      .WIDTH(LANES * M_BITS),
      .BLOCK(BLOCK[0]),
      .DATA_FILE(MULTIPLIER_FILE)
  ) i_multipliers (
      .clk_i,
      .en_i  (ready),
      .addr_i(beat),
      .data_o(multipliers)
  );
  rom #(
      .DEPTH(BEATS),
      .WIDTH(LANES * B_BITS),
      .BLOCK(BLOCK[1]),
      .DATA_FILE(OFFSET_FILE)
  ) i_offsets (
      .clk_i,
      .en_i  (ready),
      .addr_i(beat),
      .data_o(offsets)
  );

  for (genvar lane = 0; lane < LANES; lane++) begin : gen_lane
    wire [IN_BITS-1:0] x_lane = in0_data_i[lane*IN_BITS+:IN_BITS];
    wire signed [M_BITS-1:0] m = multipliers[lane*M_BITS+:M_BITS];
    logic signed [X_BITS-1:0] x;
    logic signed [B_BITS-1:0] b;
    logic signed [P_BITS-1:0] product;  // no wider: Yosys takes a register behind a sign's copies for no slice's own
    logic signed [SUM_BITS-1:0] sum;
    always_ff @(posedge clk_i) begin
      if (ready) begin
        x       <= X_BITS'({IN_SIGNED && x_lane[IN_BITS-1], x_lane});
        product <= P_BITS'(m * x);
        b       <= offsets[lane*B_BITS+:B_BITS];
        sum     <= SUM_BITS'(product) + SUM_BITS'(b);
      end
    end

    wire signed  [VALUE_BITS-1:0] floor = sum[SUM_BITS-1:SHIFT];
    logic signed [VALUE_BITS-1:0] value;
    if (SINGLE) begin : gen_single
      // What float32 does not tell apart from a half is that half, and goes from an odd floor to the even neighbour.
      wire [SHIFT-1:0] below = sum[SHIFT-1:0];
      wire down = floor[0] && below <= near(floor);
      wire up = floor[0] && below >= -near(floor + VALUE_BITS'(1));
      always_ff @(posedge clk_i) if (ready) value <= floor + VALUE_BITS'(up) - VALUE_BITS'(down);

      /// How near to level - 1/2 that is, in units of 2^-SHIFT; where level is not clamped anyway.
      function automatic logic [SHIFT-1:0] near(input logic signed [VALUE_BITS-1:0] level);
        logic [VALUE_BITS-1:0] size;
        size = level > 0 ? level - VALUE_BITS'(1) : -level;
        near = SHIFT'(1) << (SHIFT - 25);
        for (int i = 0; i < VALUE_BITS && i <= OUT_BITS; i++) begin
          if (size[i]) near = SHIFT'(1) << (SHIFT - 24 + i);
        end
      endfunction
    end else begin : gen_exact
      assign value = floor;
      if (SHIFT > 0) begin : gen_dropped
        wire unused = &sum[SHIFT-1:0];
      end
    end
    wire under = value < VALUE_BITS'(LO);
    wire over = value > VALUE_BITS'(HI);
    assign y[lane*OUT_BITS+:OUT_BITS] = under ? OUT_BITS'(LO) : over ? OUT_BITS'(HI) : value[OUT_BITS-1:0];
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
