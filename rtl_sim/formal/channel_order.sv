`default_nettype none

/// Proves that one channel of every pixel comes out of a block once, unchanged, at its place.
///
/// Channel IN_CHANNEL of the pixels of an input becomes channel OUT_CHANNEL of the pixels of an output. A pixel is IN_BEATS
/// beats of IN_LANES channels there, OUT_BEATS of OUT_LANES here. `mark_i`, which is free, chooses a pixel to follow: it
/// may be any, with any value, so a beat that is lost, doubled or out of turn would put another value in its place.
module channel_order #(
    parameter int BITS        = 1,
    parameter int IN_LANES    = 1,
    parameter int IN_BEATS    = 1,
    parameter int IN_CHANNEL  = 0,
    parameter int OUT_LANES   = 1,
    parameter int OUT_BEATS   = 1,
    parameter int OUT_CHANNEL = 0,
    parameter int MOST        = 2   // pixels that the block holds at most
) (
    input wire                      clk_i,
    input wire                      rst_ni,
    input wire                      mark_i,
    input wire                      in_valid_i,
    input wire                      in_ready_i,
    input wire [ IN_LANES*BITS-1:0] in_data_i,
    input wire                      out_valid_i,
    input wire                      out_ready_i,
    input wire [OUT_LANES*BITS-1:0] out_data_i
);

  localparam int COUNT = $clog2(MOST + 2) + 1;

  wire takes = in_valid_i && in_ready_i;
  wire gives = out_valid_i && out_ready_i;
  logic [$clog2(IN_BEATS+1)-1:0] in_beat;
  logic [$clog2(OUT_BEATS+1)-1:0] out_beat;
  wire enters = takes && int'(in_beat) == IN_CHANNEL / IN_LANES;
  wire leaves = gives && int'(out_beat) == OUT_CHANNEL / OUT_LANES;
  wire in_ends = takes && int'(in_beat) == IN_BEATS - 1;
  wire out_ends = gives && int'(out_beat) == OUT_BEATS - 1;

  logic [COUNT-1:0] pixels;  // whole ones that came in, without the whole ones that went out
  logic [COUNT-1:0] held;  // of the channel: values inside
  logic tracking;
  logic [COUNT-1:0] ahead;  // pixels whose ends have not gone out before the one that is followed
  logic [BITS-1:0] value;

  wire marks = enters && mark_i && !tracking;
  wire followed = tracking || marks;
  wire [COUNT-1:0] in_front = tracking ? ahead : pixels;
  wire [BITS-1:0] expected = tracking ? value : in_data_i[IN_CHANNEL%IN_LANES*BITS+:BITS];

  always_ff @(posedge clk_i) begin
    if (takes) in_beat <= in_ends ? '0 : in_beat + 1'b1;
    if (gives) out_beat <= out_ends ? '0 : out_beat + 1'b1;
    pixels <= pixels + COUNT'(in_ends) - COUNT'(out_ends);
    held   <= held + COUNT'(enters) - COUNT'(leaves);
    if (marks) value <= expected;
    tracking <= followed && !(leaves && in_front == '0);
    ahead <= in_front - COUNT'(out_ends);
    if (!rst_ni) begin
      in_beat  <= '0;
      out_beat <= '0;
      pixels   <= '0;
      held     <= '0;
      tracking <= 0;
    end
  end

  always_comb begin
    if (rst_ni) begin
      every_beat_once_in_order :
      assert (!(followed && leaves && in_front == '0) || out_data_i[OUT_CHANNEL%OUT_LANES*BITS+:BITS] == expected);
      nothing_before_it_came : assert (!leaves || held != '0 || enters);
      no_more_than_it_holds : assert (int'(held) <= MOST);
    end
  end

endmodule

`default_nettype wire
