`default_nettype none

/// No pixel is overwritten before the window's reader has let go of it, and a window that is ready is there whole.
///
/// The reader keeps to what `ring` asks of it: it moves on only from windows that are ready, its origin never goes back,
/// reaches the next frame's start with `frame_end_i`, and what it lets go of lies before its origin. It stops when and as
/// long as it likes. One written word is followed, at an address that it finds by counting: whenever it is read while its
/// pixel has not been let go of, it must be what was written.
module prove_ring #(
    parameter int WIDTH  = 1,
    parameter int BEATS  = 1,
    parameter int PIXELS = 4,
    parameter int SPAN   = 2,
    parameter int LEAD   = 1,
    parameter int WORDS  = 4 * BEATS
) (
    input wire             clk_i,
    input wire             mark_i,
    input wire             in_valid_i,
    input wire [WIDTH-1:0] in_data_i,
    input wire             advance_i,
    input wire [      1:0] jump_i,
    input wire             release_i,
    input wire [      1:0] release_jump_i,
    input wire             ren_i,
    input wire             read_followed_i
);

  logic rst_ni = 0;  // in the first cycle only
  always_ff @(posedge clk_i) rst_ni <= 1;

  localparam int CAPACITY = WORDS / BEATS;
  localparam int ADDRESS = $clog2(WORDS);
  localparam int N = 5;  // bits of a number of pixels, signed
  typedef logic signed [N-1:0] pixels_t;

  logic in_ready, ready;
  logic [WIDTH-1:0] data;
  logic [ADDRESS-1:0] written, followed;  // addresses
  pixels_t origin;  // of the window, from its frame's first pixel on
  pixels_t let_go;  // pixels before this one, counted alike, may be overwritten
  pixels_t come;  // whole pixels, counted alike
  logic [BEATS > 1 ? $clog2(BEATS) - 1 : 0:0] beat;
  logic tracking;
  pixels_t place;  // of the word that is followed, counted alike
  logic [BEATS > 1 ? $clog2(BEATS) - 1 : 0:0] place_beat;
  logic [ADDRESS+1:0] since;  // words written since, and itself
  logic [WIDTH-1:0] value;
  logic [1:0] reads;  // of the word that is followed, one and two cycles with `ren_i` ago
  logic [1:0][WIDTH-1:0] values;

  wire write = in_valid_i && in_ready;
  wire pixel = write && int'(beat) == BEATS - 1;
  wire pixels_t next = origin + pixels_t'(jump_i);
  wire frame_end = advance_i && next == pixels_t'(PIXELS - LEAD);
  wire pixels_t back = frame_end ? pixels_t'(PIXELS) : '0;
  wire reads_it = read_followed_i && tracking;

  ring #(
      .WIDTH(WIDTH),
      .BEATS(BEATS),
      .PIXELS(PIXELS),
      .SPAN(SPAN),
      .LEAD(LEAD),
      .WORDS(WORDS),
      .JUMP_BITS(2)
  ) dut (
      .clk_i,
      .rst_ni,
      .in0_valid_i(in_valid_i),
      .in0_ready_o(in_ready),
      .in0_data_i(in_data_i),
      .ready_o(ready),
      .advance_i,
      .jump_i,
      .frame_end_i(frame_end),
      .release_i,
      .release_jump_i,
      .ren_i,
      .raddr_i(followed),
      .data_o(data)
  );

  always_ff @(posedge clk_i) begin
    if (write) written <= written == ADDRESS'(WORDS - 1) ? '0 : written + 1'b1;
    if (write) beat <= pixel ? '0 : beat + 1'b1;
    come   <= come + pixels_t'(pixel) - back;
    origin <= (advance_i ? next : origin) - back;
    let_go <= let_go + (release_i ? pixels_t'(release_jump_i) : '0) - back;
    place  <= place - back;
    if (write && mark_i && !tracking) begin
      tracking <= 1;
      followed <= written;
      place    <= come - back;
      value    <= in_data_i;
      place_beat <= beat;
      since <= 1;
    end else if (let_go > place) begin
      tracking <= 0;
    end else if (write) begin
      since <= since + 1'b1;
    end
    if (ren_i) begin
      reads  <= {reads[0], reads_it};
      values <= {values[0], value};
    end
    if (!rst_ni) begin
      written  <= '0;
      beat     <= '0;
      come     <= '0;
      origin   <= pixels_t'(-LEAD);
      let_go   <= pixels_t'(-LEAD);
      tracking <= 0;
      reads    <= '0;
    end
  end

  always_comb begin
    if (rst_ni) begin
      // The reader: what `ring` asks of it.
      assume (!advance_i || (ready && next <= pixels_t'(PIXELS - LEAD)));
      assume (!release_i || let_go + pixels_t'(release_jump_i) <= (advance_i ? next : origin));
      assume (!reads_it || place >= let_go);
    end
  end

  pixels_t last;  // pixel that the window needs, the frame's last at most
  always_comb begin
    last = origin + pixels_t'(SPAN) < pixels_t'(PIXELS - 1) ? origin + pixels_t'(SPAN) : pixels_t'(PIXELS - 1);
    if (rst_ni) begin
      a_ready_window_has_come : assert (!ready || come > last);
      a_window_that_has_come_is_ready : assert (ready || come <= origin + pixels_t'(SPAN));
      nothing_is_overwritten_before_it_is_let_go :
      assert (come + pixels_t'(beat != '0) <= let_go + pixels_t'(CAPACITY));
      what_is_read_is_what_was_written : assert (!reads[1] || data == values[1]);
      a_window_fits_in : assert (in_ready || come > let_go + pixels_t'(SPAN));
    end
  end

  // What the ring's own registers stand for: with this the properties above hold from each cycle to the next.
  int words, in_frame;
  always_comb begin
    words = int'(come) * BEATS + int'(beat);
    in_frame = int'(come) - int'(dut.i_counts.frames) * PIXELS;
    if (rst_ni) begin
      the_ring_counts_what_there_is : assert (int'(dut.i_counts.there) == int'(come) - int'(origin) - SPAN - 1);
      the_ring_counts_what_is_free : assert (int'(dut.i_counts.free) == int'(let_go) + CAPACITY - int'(come) - 1);
      the_ring_counts_frames :
      assert (in_frame >= 0 && in_frame < PIXELS && int'(dut.i_counts.i_pixel.count_o) == in_frame);
      it_counts_beats_and_words :
      assert (int'(dut.waddr) == int'(written) && int'(dut.i_counts.i_beat.count_o) == int'(beat)
          && int'(beat) < BEATS);
      the_reader_is_within_a_frame :
      assert (int'(let_go) <= int'(origin) && int'(origin) >= -LEAD && int'(origin) < PIXELS - LEAD);
      the_writer_is_no_jump_behind : assert (int'(come) >= int'(origin) + SPAN - 2 || int'(come) >= PIXELS);
      the_word_that_is_followed_is_where_it_was_written :
      assert (!tracking || (int'(place_beat) < BEATS && words - int'(since) == int'(place) * BEATS + int'(place_beat)
          && (int'(followed) + int'(since) - int'(written)) % WORDS == 0
          && int'(since) >= 1 && int'(since) <= WORDS + 1));
      the_word_that_is_followed_is_there :
      assert (!tracking || place < let_go || dut.i_ram.gen_memory.gen_lut.memory[followed] == value);
      what_is_being_read_is_what_was_written : assert (!reads[0] || dut.i_ram.gen_memory.word == values[0]);
    end
  end

endmodule

`default_nettype wire
