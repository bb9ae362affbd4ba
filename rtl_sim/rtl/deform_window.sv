`default_nettype none
// verilator lint_off PINCONNECTEMPTY

/// Windows of 3x3 taps at a dilation of their own: tap (ky, kx) of pixel p lies at `p + s(p) (ky - 1, kx - 1)`.
///
/// The dilations come at in1, one a pixel, |s| <= BOUND; any of them costs the same. For each pixel and beat the taps are
/// read in raster order, one a cycle; those outside the frame are zero. Once the first tap of a pixel is out, the others
/// follow without a gap. Reading and writing overlap fully if the ring of WORDS beats is long enough.
/// The path from `out0_ready_i` to clock enables inside is combinatorial, `in0_ready_o` and `in1_ready_o` are registers'.
module deform_window #(
    parameter int WIDTH = 8,  // bits of a beat
    parameter int BEATS = 4,  // beats of a pixel
    parameter int IN_Y = 4,  // rows of the input map
    parameter int IN_X = 4,  // columns of the input map
    parameter int BOUND = 2,  // largest magnitude of a dilation
    parameter int S_BITS = 2,  // bits of a dilation
    parameter bit S_SIGNED = 0,  // dilations are signed
    parameter int WORDS = 128,  // beats that the ring holds
    parameter bit BLOCK = 0,  // 1 takes block RAM, 0 takes LUT RAM
    parameter int REST = 0  // as in `ram`
) (
    input  wire               clk_i,
    input  wire               rst_ni,
    input  wire               in0_valid_i,
    output logic              in0_ready_o,
    input  wire  [ WIDTH-1:0] in0_data_i,
    input  wire               in1_valid_i,
    output logic              in1_ready_o,
    input  wire  [S_BITS-1:0] in1_data_i,
    output logic              out0_valid_o,
    input  wire               out0_ready_i,
    output logic [ WIDTH-1:0] out0_data_o
);

  localparam int REACH = BOUND * IN_X + BOUND;
  localparam int ADDR_BITS = $clog2(WORDS);
  localparam bit POWER_OF_2 = WORDS == 1 << ADDR_BITS;

  logic ce, step, window_last, kx_last, ky_last, beat_last, x_last, y_last;
  logic [1:0] kx, ky;
  localparam int X_BITS = IN_X > 1 ? $clog2(IN_X) : 1;
  localparam int Y_BITS = IN_Y > 1 ? $clog2(IN_Y) : 1;
  logic [X_BITS-1:0] x;
  logic [Y_BITS-1:0] y;

  // The dilation of this pixel, and that of the next as soon as it comes.
  logic [S_BITS-1:0] s_code, s_next;
  logic s_valid, s_next_valid;
  assign in1_ready_o = !s_next_valid;
  always_ff @(posedge clk_i) begin
    if (in1_ready_o) begin
      s_next <= in1_data_i;
      s_next_valid <= in1_valid_i;
    end
    if (!s_valid || step && window_last) begin
      s_code  <= s_next;
      s_valid <= s_next_valid;
      if (s_next_valid) s_next_valid <= 0;
    end
    if (!rst_ni) {s_valid, s_next_valid} <= '0;
  end

  // A step reads one tap. Only a pixel's first waits, for its window and its dilation.
  logic ready, started;
  assign step = ce && (started || ready && s_valid);
  assign window_last = kx_last && ky_last && beat_last;

  counter #(
      .COUNT(3)
  ) i_kx (
      .clk_i,
      .rst_ni,
      .step_i (step),
      .count_o(kx),
      .last_o (kx_last)
  );
  counter #(
      .COUNT(3)
  ) i_ky (
      .clk_i,
      .rst_ni,
      .step_i (step && kx_last),
      .count_o(ky),
      .last_o (ky_last)
  );
  counter #(
      .COUNT(BEATS)
  ) i_beat (
      .clk_i,
      .rst_ni,
      .step_i (step && kx_last && ky_last),
      .count_o(),
      .last_o (beat_last)
  );
  counter #(
      .COUNT(IN_X)
  ) i_x (
      .clk_i,
      .rst_ni,
      .step_i (step && window_last),
      .count_o(x),
      .last_o (x_last)
  );
  counter #(
      .COUNT(IN_Y)
  ) i_y (
      .clk_i,
      .rst_ni,
      .step_i (step && window_last && x_last),
      .count_o(y),
      .last_o (y_last)
  );

  // The address: the last one, for a pixel's first tap its centre, and a distance that depends on the dilation.
  localparam int MOVES = 4 << S_BITS;
  localparam logic [1:0] NEXT = 0, NEXT_LINE = 1, NEXT_BEAT = 2, FIRST = 3;
  function automatic int modulo(input int distance);
    return ((distance % WORDS) + WORDS) % WORDS;
  endfunction
  function automatic int dilation(input int code);
    return S_SIGNED && code >= 1 << (S_BITS - 1) ? code - (1 << S_BITS) : code;
  endfunction
  function automatic logic [MOVES-1:0][ADDR_BITS:0] distances(input int offset);
    for (int code = 0; code < 1 << S_BITS; code++) begin
      int s;
      s = dilation(code);
      distances[code] = (ADDR_BITS + 1)'(modulo(s * BEATS) + offset);
      distances[(1<<S_BITS)+code] = (ADDR_BITS + 1)'(modulo(s * (IN_X - 2) * BEATS) + offset);
      distances[(2<<S_BITS)+code] = (ADDR_BITS + 1)'(modulo(1 - 2 * s * (IN_X + 1) * BEATS) + offset);
      distances[(3<<S_BITS)+code] = (ADDR_BITS + 1)'(modulo(-s * (IN_X + 1) * BEATS) + offset);
    end
  endfunction
  localparam logic [MOVES-1:0][ADDR_BITS:0] FORWARD = distances(0);
  localparam logic [MOVES-1:0][ADDR_BITS:0] WRAPPED = distances(-WORDS);

  logic [1:0] move;
  logic [ADDR_BITS-1:0] address, centre, base, sum;
  logic [ADDR_BITS:0] difference;
  assign move = !started ? FIRST : kx != 0 ? NEXT : ky != 0 ? NEXT_LINE : NEXT_BEAT;
  assign base = started ? address : centre;
  assign sum = base + FORWARD[{move, s_code}][ADDR_BITS-1:0];
  assign difference = {1'b0, base} + WRAPPED[{move, s_code}];
  always_ff @(posedge clk_i) begin
    if (step) address <= POWER_OF_2 || difference[ADDR_BITS] ? sum : difference[ADDR_BITS-1:0];
    if (step) started <= !window_last;
    if (step && window_last)
      centre <= centre >= ADDR_BITS'(WORDS - BEATS) ? centre - ADDR_BITS'(WORDS - BEATS) : centre + ADDR_BITS'(BEATS);
    if (!rst_ni) begin
      started <= 0;
      centre  <= '0;
    end
  end

  logic y_inside, x_inside;
  tap_in_frame #(
      .SIZE(IN_Y),
      .S_BITS(S_BITS),
      .S_SIGNED(S_SIGNED)
  ) i_y_inside (
      .at_i(y),
      .s_i(s_code),
      .tap_i(ky),
      .inside_o(y_inside)
  );
  tap_in_frame #(
      .SIZE(IN_X),
      .S_BITS(S_BITS),
      .S_SIGNED(S_SIGNED)
  ) i_x_inside (
      .at_i(x),
      .s_i(s_code),
      .tap_i(kx),
      .inside_o(x_inside)
  );

  logic release_q;
  logic [2:0] read_outside, read_valid;
  logic [WIDTH-1:0] word;
  ring #(
      .WIDTH(WIDTH),
      .BEATS(BEATS),
      .PIXELS(IN_Y * IN_X),
      .SPAN(2 * REACH),
      .LEAD(REACH),
      .WORDS(WORDS),
      .JUMP_BITS(1),
      .BLOCK(BLOCK),
      .REST(REST)
  ) i_ring (
      .clk_i,
      .rst_ni,
      .in0_valid_i,
      .in0_ready_o,
      .in0_data_i,
      .ready_o       (ready),
      .advance_i     (step && window_last),
      .jump_i        (1'b1),
      .frame_end_i   (step && window_last && x_last && y_last),
      .release_i     (ce && release_q),
      .release_jump_i(1'b1),
      .ren_i         (ce),
      .raddr_i       (address),
      .data_o        (word)
  );

  assign ce = !out0_valid_o || out0_ready_i;
  always_ff @(posedge clk_i) begin
    if (ce) begin
      read_valid <= {read_valid[1:0], step};
      release_q <= step && window_last;
      read_outside <= {read_outside[1:0], !(y_inside && x_inside)};
      out0_valid_o <= read_valid[2];
      out0_data_o <= read_outside[2] ? '0 : word;
    end
    if (!rst_ni) {read_valid, release_q, out0_valid_o} <= '0;
  end

endmodule

// verilator lint_on PINCONNECTEMPTY
`default_nettype wire
