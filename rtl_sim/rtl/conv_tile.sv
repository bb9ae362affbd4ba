`default_nettype none

/// Folded matrix-vector unit whose weights arrive as a stream: TILE pixels in flight share every weight word.
///
/// `in0` brings pixels (vectors) of STEPS beats of SIMD lanes, `in1` the weights of all GROUPS groups of PE outputs again
/// and again (units as `mvu_tile` wants them, starting with the last group), `out0` pixels of GROUPS beats of PE
/// lanes in the order of `in0`. A weight word (one step of one group) works TILE cycles, one on each pixel in flight, so
/// that the weights go by once per TILE pixels, and a frame of PIXELS pixels takes GROUPS * STEPS * PIXELS cycles.
///
/// The TILE pixels are staggered: a pixel enters one of TILE slots before some group, stays for GROUPS groups from there
/// on (through the end of the weights and around), and leaves; a slot changes hands every GROUPS / TILE groups. Hence the
/// memories hold TILE + 1 pixels, not two tiles, and no tile is ever partial. Where the next pixel or a place for its
/// result is missing, the unit waits; but it does not wait for the first pixel of a frame while others are in flight:
/// that slot stays empty, so every frame is completed without the next.
///
/// Nothing behind the start of a pixel can stall, since its place at the output is taken then. A word that has to wait
/// for its weights, its pixel or its place waits a whole number of times TILE cycles.
/// REQUANT = 1: activations leave, requantized as by `requant` with the parameters of that name, else the sums.
module conv_tile #(
    parameter int TILE = 8,  // pixels in flight
    parameter int STEPS = 8,  // beats of an input pixel
    parameter int GROUPS = 8,  // groups of PE outputs
    parameter int PIXELS = 16,  // a frame
    parameter int PE = 2,  // output channels computed at once
    parameter int SIMD = 2,  // input channels a beat
    parameter int X_BITS = 8,  // bits of an activation
    parameter bit X_SIGNED = 0,  // activations are signed
    parameter int W_BITS = 4,  // bits of a weight, signed
    parameter int W_FIELD = 4,  // bits of a weight in the stream
    parameter int ACC_BITS = 20,  // bits of a sum
    parameter bit ACC_SIGNED = 1,  // sums are signed
    parameter int EXTRA = 1,  // units of a group's bias behind each of EXTRA_STEPS words, the last of them its first
    parameter int EXTRA_STEPS = 5,  // weight words of a group that bias units follow
    parameter bit PAIR = 1,  // 1 packs two outputs into a DSP slice
    parameter int IN_ADDR = 7,  // the input memory holds 2^IN_ADDR beats
    parameter bit IN_BLOCK = 0,  // the input memory is in block RAM
    parameter int OUT_ADDR = 7,  // the output memory holds 2^OUT_ADDR beats
    parameter bit OUT_BLOCK = 0,  // the output memory is in block RAM
    parameter bit REQUANT = 0,  // 1 requantizes the sums before they leave
    parameter int OUT_BITS = 20,  // bits of an output lane
    parameter bit OUT_SIGNED = 1,  // output lanes are signed
    parameter int LO = 0,  // least value that leaves
    parameter int HI = 255,  // largest value that leaves
    parameter int MIN_SHIFT = 0,  // least shift of a channel
    parameter int SPREAD = 0,  // largest shift less MIN_SHIFT
    parameter SHIFT_FILE = ""  // memory file of the shifts above MIN_SHIFT, none without a spread
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    input  wire                    in0_valid_i,
    output logic                   in0_ready_o,
    input  wire  [SIMD*X_BITS-1:0] in0_data_i,
    input  wire                    in1_valid_i,
    output logic                   in1_ready_o,
    input  wire  [ PE*W_FIELD-1:0] in1_data_i,
    output logic                   out0_valid_o,
    input  wire                    out0_ready_i,
    output logic [PE*OUT_BITS-1:0] out0_data_o
);

  localparam int PLACES = (1 << IN_ADDR) / STEPS;
  localparam int PLACE_BITS = $clog2(PLACES + 1);
  localparam int SLOT_BITS = $clog2(TILE);
  localparam int STEP_BITS = STEPS > 1 ? $clog2(STEPS) : 1;
  localparam int GROUP_BITS = GROUPS > 1 ? $clog2(GROUPS) : 1;
  localparam int PIXEL_BITS = PIXELS > 1 ? $clog2(PIXELS) : 1;

  if (TILE > GROUPS) begin : gen_check_tile
    $fatal(1, "%m: TILE = %0d pixels cannot be staggered over GROUPS = %0d", TILE, GROUPS);
  end
  if (PLACES <= TILE || (1 << OUT_ADDR) / GROUPS <= TILE) begin : gen_check_memories
    $fatal(1, "%m: 2^%0d and 2^%0d beats must hold TILE + 1 = %0d pixels", IN_ADDR, OUT_ADDR, TILE + 1);
  end

  if (EXTRA_STEPS < 1 || EXTRA_STEPS > STEPS) begin : gen_check_extra
    $fatal(1, "%m: EXTRA_STEPS = %0d of STEPS = %0d", EXTRA_STEPS, STEPS);
  end

  // Loading pixels into the ring. `loaded` have not left it, `waiting` of them have not started yet.
  logic [PLACE_BITS-1:0] loaded, waiting;
  logic [IN_ADDR-1:0] load_addr;
  logic load, load_last, pixel_loaded, start, retire, available;
  logic [STEP_BITS-1:0] unused_beat;
  assign load = in0_valid_i && in0_ready_o;
  counter #(
      .COUNT(STEPS)
  ) i_load (
      .clk_i,
      .rst_ni,
      .step_i (load),
      .count_o(unused_beat),
      .last_o (load_last)
  );
  assign pixel_loaded = load && load_last;

  wire [PLACE_BITS-1:0] next_loaded = loaded + PLACE_BITS'(pixel_loaded) - PLACE_BITS'(retire);
  wire [PLACE_BITS-1:0] next_waiting = waiting + PLACE_BITS'(pixel_loaded) - PLACE_BITS'(start);
  always_ff @(posedge clk_i) begin
    loaded      <= next_loaded;
    waiting     <= next_waiting;
    in0_ready_o <= next_loaded != PLACE_BITS'(PLACES);
    available   <= next_waiting != '0;
    if (load) load_addr <= load_addr + 1'b1;
    if (!rst_ni) begin
      loaded      <= '0;
      waiting     <= '0;
      in0_ready_o <= 1;
      available   <= 0;
      load_addr   <= '0;
    end
  end

  // Words of TILE cycles: what the word does (`word_*`), and what the next one to be done will (`next_*`).
  logic [SLOT_BITS-1:0] slot, change_slot;
  logic [STEP_BITS-1:0] next_step, word_step;
  logic [GROUP_BITS-1:0] next_group, word_group;
  logic turn, ready, go, word_start, word_go, word_first, word_last, next_step_last, extra;
  logic change;  // before the next group, `change_slot` goes to another pixel
  logic space, first_pixel, last_pixel, unused_change_last, clearing, priming, change_go;
  logic [PIXEL_BITS-1:0] unused_pixel;
  wire boundary = next_step == '0;

  counter #(
      .COUNT(TILE)
  ) i_slot (
      .clk_i,
      .rst_ni,
      .step_i (1'b1),
      .count_o(slot),
      .last_o (turn)
  );
  counter #(
      .COUNT(STEPS)
  ) i_step (
      .clk_i,
      .rst_ni,
      .step_i (go),
      .count_o(next_step),
      .last_o (next_step_last)
  );
  wire leave_empty = !available && first_pixel && loaded != waiting;
  assign change_go = boundary && change;
  assign go = turn && ready && !clearing && (!change_go || (available && space) || leave_empty);
  assign start = go && change_go && available;

  // A slot changes TILE times in GROUPS groups, evenly.
  localparam int PACE_BITS = $clog2(GROUPS + TILE);
  logic [PACE_BITS-1:0] pace;
  wire [PACE_BITS-1:0] faster = pace + PACE_BITS'(TILE);
  wire wraps = faster >= PACE_BITS'(GROUPS);

  counter #(
      .COUNT(TILE)
  ) i_change (
      .clk_i,
      .rst_ni,
      .step_i (go && change_go),
      .count_o(change_slot),
      .last_o (unused_change_last)
  );
  counter #(
      .COUNT(PIXELS)
  ) i_pixel (
      .clk_i,
      .rst_ni,
      .step_i (start),
      .count_o(unused_pixel),
      .last_o (last_pixel)
  );

  always_ff @(posedge clk_i) begin
    word_start <= turn;
    if (turn) begin
      word_go  <= go;
      clearing <= 0;
    end
    if (go) begin
      word_step  <= next_step;
      word_group <= next_group;
      word_first <= boundary;
      word_last  <= next_step_last;
    end
    if (go && next_step_last) next_group <= next_group == GROUP_BITS'(GROUPS - 1) ? '0 : next_group + 1'b1;
    if (go && boundary) begin
      pace   <= wraps ? faster - PACE_BITS'(GROUPS) : faster;
      change <= wraps;
    end
    if (start) begin
      first_pixel <= last_pixel;
      priming     <= 0;
    end
    // After reset the last group goes first, with no pixel in flight: it brings the bias of group 0.
    if (!rst_ni) begin
      next_group  <= GROUP_BITS'(GROUPS - 1);
      priming     <= 1;
      word_start  <= 0;
      word_go     <= 0;
      clearing    <= 1;
      pace        <= PACE_BITS'(GROUPS - TILE);
      change      <= 0;
      first_pixel <= 1;
    end
  end

  // Where the pixel of each slot lies, in the input's ring and in the output's, and whether there is one.
  (* ram_style = "distributed" *) logic [IN_ADDR+OUT_ADDR:0] places[TILE];
  logic [IN_ADDR-1:0] start_in, place_in;
  logic [OUT_ADDR-1:0] start_out, place_out;
  logic occupied;
  assign {occupied, place_in, place_out} = places[slot];
  assign retire = word_go && word_last && change && occupied && slot == change_slot;
  always_ff @(posedge clk_i) begin
    if (clearing || (go && change_go)) begin
      places[clearing?slot : change_slot] <= {start && !clearing, start_in, start_out};
    end
    if (start) begin
      start_in  <= start_in + IN_ADDR'(STEPS);
      start_out <= start_out + OUT_ADDR'(GROUPS);
    end
    if (!rst_ni) begin
      start_in  <= '0;
      start_out <= '0;
    end
  end

  // The results' addresses wait for them; a pixel's last word carries `retire`.
  localparam int TAG_BITS = $clog2(SIMD + 9);
  (* ram_style = "distributed" *) logic [OUT_ADDR+1:0] tags[1<<TAG_BITS];
  logic [TAG_BITS-1:0] tag_write, tag_read;
  logic [OUT_ADDR+1:0] tag;
  logic tag_valid;
  logic [IN_ADDR-1:0] read_addr;
  logic [OUT_ADDR-1:0] result_addr;
  logic result_valid, result_occupied, result_done;
  assign {result_occupied, result_done, result_addr} = tags[tag_read];
  always_ff @(posedge clk_i) begin
    read_addr <= place_in + IN_ADDR'(word_step);
    tag       <= {occupied, retire, place_out + OUT_ADDR'(word_group)};
    tag_valid <= word_go && word_last && !priming;
    if (tag_valid) begin
      tags[tag_write] <= tag;
      tag_write <= tag_write + 1'b1;
    end
    if (result_valid) tag_read <= tag_read + 1'b1;
    if (!rst_ni) begin
      tag_valid <= 0;
      tag_write <= '0;
      tag_read  <= '0;
    end
  end

  logic [SIMD*X_BITS-1:0] x;
  ram #(
      .DEPTH(1 << IN_ADDR),
      .WIDTH(SIMD * X_BITS),
      .BLOCK(IN_BLOCK)
  ) i_pixels (
      .clk_i,
      .wen_i  (load),
      .waddr_i(load_addr),
      .data_i (in0_data_i),
      .ren_i  (1'b1),
      .raddr_i(read_addr),
      .data_o (x)
  );

  if (EXTRA_STEPS == STEPS) begin : gen_extra_always
    assign extra = 1;
  end else begin : gen_extra
    assign extra = boundary || next_step > STEP_BITS'(STEPS - EXTRA_STEPS);
  end

  logic [PE*ACC_BITS-1:0] sum;
  mvu_tile #(
      .TILE(TILE),
      .PE(PE),
      .SIMD(SIMD),
      .X_BITS(X_BITS),
      .X_SIGNED(X_SIGNED),
      .W_BITS(W_BITS),
      .W_FIELD(W_FIELD),
      .ACC_BITS(ACC_BITS),
      .ACC_SIGNED(ACC_SIGNED),
      .EXTRA(EXTRA),
      .PAIR(PAIR)
  ) i_mvu (
      .clk_i,
      .rst_ni,
      .weight_valid_i(in1_valid_i),
      .weight_ready_o(in1_ready_o),
      .weight_data_i (in1_data_i),
      .extra_i       (extra),
      .ready_o       (ready),
      .start_i       (word_start),
      .go_i          (word_go),
      .first_i       (word_first),
      .x_i           (x),
      .sum_o         (sum)
  );

  logic [SIMD+3:0] leaving;  // from `tag_valid` on
  always_ff @(posedge clk_i) begin
    leaving <= {leaving[SIMD+2:0], tag_valid};
    if (!rst_ni) leaving <= '0;
  end

  logic [PE*OUT_BITS-1:0] result;
  if (REQUANT) begin : gen_requant
    logic unused_ready;
    requant #(
        .LANES(PE),
        .BEATS(GROUPS),
        .TILE(TILE),
        .IN_BITS(ACC_BITS),
        .IN_SIGNED(ACC_SIGNED),
        .OUT_BITS(OUT_BITS),
        .OUT_SIGNED(OUT_SIGNED),
        .LO(LO),
        .HI(HI),
        .MIN_SHIFT(MIN_SHIFT),
        .SPREAD(SPREAD),
        .SHIFT_FILE(SHIFT_FILE)
    ) i_requant (
        .clk_i,
        .rst_ni,
        .in0_valid_i (leaving[SIMD+3]),
        .in0_ready_o (unused_ready),
        .in0_data_i  (sum),
        .out0_valid_o(result_valid),
        .out0_ready_i(1'b1),
        .out0_data_o (result)
    );
  end else begin : gen_sums
    assign result_valid = leaving[SIMD+3];
    assign result = sum;
  end

  untile #(
      .WIDTH(PE * OUT_BITS),
      .BEATS(GROUPS),
      .ADDR_BITS(OUT_ADDR),
      .BLOCK(OUT_BLOCK)
  ) i_untile (
      .clk_i,
      .rst_ni,
      .start_i(start),
      .space_o(space),
      .valid_i(result_valid && result_occupied),
      .done_i (result_done),
      .addr_i (result_addr),
      .data_i (result),
      .out0_valid_o,
      .out0_ready_i,
      .out0_data_o
  );

endmodule

`default_nettype wire
