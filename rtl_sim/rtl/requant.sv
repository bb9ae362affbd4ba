`default_nettype none

/// From accumulators to activations: y = clamp(round_half_even(x 2^-shift), LO, HI), LANES channels a cycle.
///
/// Channel c shifts by MIN_SHIFT + the c-th entry of SHIFT_FILE (rows of LANES entries, lane 0 low); without a spread of
/// shifts there is no file and shifting is wiring. Negative shifts multiply. LO and HI must fit OUT_BITS.
/// With TILE > 1 the pixels come TILE at a time: one beat of each of them, then the next beat of each.
/// Cuts all combinatorial paths. Latency: 2 cycles without a spread, 3 with one up to 3, else 4.
module requant #(
    parameter int LANES      = 1,    // channels a beat
    parameter int BEATS      = 1,    // of a pixel
    parameter int TILE       = 1,    // pixels that come one beat each in turn
    parameter int IN_BITS    = 16,   // bits of an input lane
    parameter bit IN_SIGNED  = 1,    // input lanes are signed
    parameter int OUT_BITS   = 8,    // bits of an output lane
    parameter bit OUT_SIGNED = 0,    // output lanes are signed
    parameter int LO         = 0,    // least value that leaves
    parameter int HI         = 255,  // largest value that leaves
    parameter int MIN_SHIFT  = 4,    // least shift of a channel
    parameter int SPREAD     = 0,    // largest shift - MIN_SHIFT
    parameter     SHIFT_FILE = ""    // memory file of the shifts above MIN_SHIFT, none without a spread
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

  // Bits of x 2^(1-MIN_SHIFT), rounded down: the result before the variable shift, one fraction bit, and a sign.
  localparam int KEPT = IN_BITS + (IN_SIGNED ? 1 : 2) - MIN_SHIFT;
  localparam int WIDTH = KEPT > OUT_BITS + 2 ? KEPT : OUT_BITS + 2;
  localparam int SHIFT_BITS = SPREAD > 0 ? $clog2(SPREAD + 1) : 1;
  localparam int FINE = SPREAD > 3 ? 2 : 0;  // low bits of the shift that are done in a stage of their own
  localparam int STAGES = SPREAD == 0 ? 1 : SPREAD <= 3 ? 2 : 3;
  localparam int LOWEST = OUT_SIGNED ? -(1 << (OUT_BITS - 1)) : 0;

  if (LANES < 1 || BEATS < 1 || TILE < 1 || SPREAD < 0) begin : gen_check
    $fatal(1, "%m: LANES, BEATS and TILE must be positive, SPREAD not negative");
  end
  if (LO < LOWEST || HI > LOWEST + (1 << OUT_BITS) - 1 || LO > HI) begin : gen_check_range
    $fatal(1, "%m: the range [%0d, %0d] does not fit OUT_BITS = %0d", LO, HI, OUT_BITS);
  end

  logic ready;
  logic [STAGES-1:0] valid;
  logic [LANES*IN_BITS-1:0] x;
  logic [LANES*SHIFT_BITS-1:0] shift;
  logic [LANES*OUT_BITS-1:0] y;

  assign in0_ready_o = ready;

  always_ff @(posedge clk_i) begin
    if (ready) valid <= STAGES'({valid, in0_valid_i});
    if (!rst_ni) valid <= '0;
  end

  if (SPREAD > 0) begin : gen_shift
    localparam int ADDRESS = BEATS > 1 ? $clog2(BEATS) : 1;
    logic [ADDRESS-1:0] beat;
    logic tile_last, unused_last;
    logic [(TILE > 1 ? $clog2(TILE) : 1)-1:0] unused_pixel;
    counter #(
        .COUNT(TILE)
    ) i_pixels (
        .clk_i,
        .rst_ni,
        .step_i (in0_valid_i && ready),
        .count_o(unused_pixel),
        .last_o (tile_last)
    );
    counter #(
        .COUNT(BEATS)
    ) i_beats (
        .clk_i,
        .rst_ni,
        .step_i (in0_valid_i && ready && tile_last),
        .count_o(beat),
        .last_o (unused_last)
    );
    rom #(
        .DEPTH(BEATS),
        .WIDTH(LANES * SHIFT_BITS),
        .DATA_FILE(SHIFT_FILE)
    ) i_shifts (
        .clk_i,
        .en_i  (ready),
        .addr_i(beat),
        .data_o(shift)
    );
    always_ff @(posedge clk_i) if (ready) x <= in0_data_i;
  end else begin : gen_wires
    assign x = in0_data_i;
    assign shift = '0;
  end

  for (genvar lane = 0; lane < LANES; lane++) begin : gen_lane
    logic [IN_BITS-1:0] x_lane;
    logic signed [WIDTH-1:0] scaled, fine, coarse;
    logic below_scaled, below_fine, below_coarse;  // something other than zero below the fraction bit
    logic [SHIFT_BITS-1:0] shift_lane, rest;

    assign x_lane = x[lane*IN_BITS+:IN_BITS];
    assign shift_lane = shift[lane*SHIFT_BITS+:SHIFT_BITS];

    // The shift that all channels have in common.
    if (MIN_SHIFT <= 1) begin : gen_left
      assign scaled = WIDTH'($signed({IN_SIGNED && x_lane[IN_BITS-1], x_lane})) <<< (1 - MIN_SHIFT);
      assign below_scaled = 0;
    end else begin : gen_right
      localparam int DROPPED = MIN_SHIFT - 1 < IN_BITS ? MIN_SHIFT - 1 : IN_BITS;
      assign scaled = WIDTH'($signed({IN_SIGNED && x_lane[IN_BITS-1], x_lane}) >>> DROPPED);
      assign below_scaled = |x_lane[DROPPED-1:0];
    end

    // The channel's own shift: its two low bits, then the others.
    if (FINE > 0) begin : gen_fine
      always_ff @(posedge clk_i) begin
        if (ready) begin
          fine       <= scaled >>> shift_lane[FINE-1:0];
          below_fine <= below_scaled || |(scaled[2:0] & ~(3'b111 << shift_lane[FINE-1:0]));
          rest       <= shift_lane >> FINE << FINE;
        end
      end
    end else begin : gen_no_fine
      assign fine = scaled;
      assign below_fine = below_scaled;
      assign rest = shift_lane;
    end
    if (SPREAD > 0) begin : gen_coarse
      assign coarse = fine >>> rest;
      assign below_coarse = below_fine || |(fine & ~({WIDTH{1'b1}} << rest));
    end else begin : gen_no_coarse
      wire unused = &rest;
      assign coarse = fine;
      assign below_coarse = below_fine;
    end

    // Clamping before rounding gives the same as after: a floor from HI on stays HI, one below LO is at most LO.
    logic signed [WIDTH-2:0] floor;
    logic [OUT_BITS-1:0] low, clamped;
    logic fits, under, over, up;
    assign floor = coarse[WIDTH-1:1];
    assign low   = floor[OUT_BITS-1:0];
    assign fits  = floor[WIDTH-2:OUT_BITS] == {(WIDTH - 1 - OUT_BITS) {OUT_SIGNED && low[OUT_BITS-1]}};
    if (OUT_SIGNED) begin : gen_signed
      assign under = fits ? LO > LOWEST && $signed(low) < OUT_BITS'(LO) : floor[WIDTH-2];
      assign over  = fits ? $signed(low) >= $signed(OUT_BITS'(HI)) : !floor[WIDTH-2];
    end else begin : gen_unsigned
      assign under = fits ? LO > 0 && low < OUT_BITS'(LO) : floor[WIDTH-2];
      assign over  = fits ? HI == 0 || low >= OUT_BITS'(HI) : !floor[WIDTH-2];
    end
    always_ff @(posedge clk_i) begin
      if (ready) begin
        clamped <= under ? OUT_BITS'(LO) : over ? OUT_BITS'(HI) : low;
        up      <= !under && !over && coarse[0] && (below_coarse || low[0]);
      end
    end
    assign y[lane*OUT_BITS+:OUT_BITS] = clamped + OUT_BITS'(up);
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
