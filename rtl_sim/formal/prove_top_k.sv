`default_nettype none

/// The indices of every pixel are those of its largest channels, the lower first of equal ones, whatever both sides do.
///
/// `mark_i`, which is free, chooses a pixel to follow. With numbers of one bit most are equal; more bits are the same tree
/// of comparisons.
module prove_top_k #(
    parameter  int LANES      = 2,
    parameter  int CHANNELS   = 3,
    parameter  int K          = 1,
    parameter  int BITS       = 1,
    parameter  bit SIGNED     = 0,
    localparam int INDEX_BITS = CHANNELS > 1 ? $clog2(CHANNELS) : 1
) (
    input wire                  clk_i,
    input wire                  mark_i,
    input wire                  in_valid_i,
    input wire [LANES*BITS-1:0] in_data_i,
    input wire                  out_ready_i
);

  localparam int BEATS = (CHANNELS + LANES - 1) / LANES;
  localparam int MOST = 6 + K;  // pixels inside
  localparam int COUNT = $clog2(MOST + 2) + 1;

  logic rst_ni = 0;  // in the first cycle only
  always_ff @(posedge clk_i) rst_ni <= 1;
  logic in_ready, out_valid;
  logic [K-1:0][INDEX_BITS-1:0] out_data;

  top_k #(
      .LANES(LANES),
      .CHANNELS(CHANNELS),
      .K(K),
      .BITS(BITS),
      .SIGNED(SIGNED),
      .INDEX_BITS(INDEX_BITS)
  ) dut (
      .clk_i,
      .rst_ni,
      .in0_valid_i (in_valid_i),
      .in0_ready_o (in_ready),
      .in0_data_i  (in_data_i),
      .out0_valid_o(out_valid),
      .out0_ready_i(out_ready_i),
      .out0_data_o (out_data)
  );
  stream_ends #(
      .IN_WIDTH(LANES * BITS),
      .OUT_WIDTH(K * INDEX_BITS),
      .WITHIN(BEATS + LANES + K + 3)
  ) i_ends (
      .clk_i,
      .rst_ni,
      .enable_i(1'b1),
      .in_valid_i,
      .in_ready_i(in_ready),
      .in_data_i,
      .out_valid_i(out_valid),
      .out_ready_i,
      .out_data_i(out_data)
  );

  wire takes = in_valid_i && in_ready;
  wire gives = out_valid && out_ready_i;
  logic [$clog2(BEATS+1)-1:0] beat;
  wire ends = takes && int'(beat) == BEATS - 1;
  logic [COUNT-1:0] pixels;  // whole ones that came in, without those that went out
  logic tracking;
  logic [COUNT-1:0] ahead;  // pixels that go out before the one that is followed
  logic whole;  // all channels of the pixel that is followed have come
  logic [BEATS*LANES-1:0][BITS-1:0] values;  // its channels, as far as they have come
  wire marks = takes && beat == '0 && mark_i && !tracking;
  wire [COUNT-1:0] in_front = tracking ? ahead : pixels;

  always_ff @(posedge clk_i) begin
    if (takes) beat <= ends ? '0 : beat + 1'b1;
    pixels <= pixels + COUNT'(ends) - COUNT'(gives);
    if (marks || (tracking && !whole && takes)) begin
      for (int i = 0; i < LANES; i++) values[int'(beat)*LANES+i] <= in_data_i[i*BITS+:BITS];
    end
    tracking <= (tracking || marks) && !(gives && tracking && ahead == '0);
    ahead    <= in_front - COUNT'(gives);
    if (!rst_ni) begin
      beat     <= '0;
      pixels   <= '0;
      tracking <= 0;
      ahead    <= '0;
    end
  end
  always_ff @(posedge clk_i) begin
    if (marks) whole <= ends;
    else if (tracking && ends) whole <= 1;
    if (!rst_ni) whole <= 0;
  end

  function automatic logic above(logic [BITS-1:0] a, logic [BITS-1:0] b);
    return SIGNED ? $signed(a) > $signed(b) : a > b;
  endfunction

  // how many channels come before each one
  logic [CHANNELS-1:0][INDEX_BITS:0] place;
  always_comb begin
    for (int c = 0; c < CHANNELS; c++) begin
      place[c] = '0;
      for (int d = 0; d < CHANNELS; d++) begin
        if (above(values[d], values[c]) || (values[d] == values[c] && d < c)) place[c] += 1'b1;
      end
    end
  end

  logic right;
  always_comb begin
    right = 1;
    for (int c = 0; c < CHANNELS; c++) begin
      for (int k = 0; k < K; k++) if (int'(place[c]) == k && int'(out_data[k]) != c) right = 0;
    end
  end
  always_comb begin
    if (rst_ni) begin
      nothing_before_it_came : assert (!out_valid || pixels != '0);
      no_more_than_it_holds : assert (int'(pixels) <= MOST);
      the_largest_in_order : assert (!(out_valid && tracking && ahead == '0) || (whole && right));
    end
  end

endmodule

`default_nettype wire
