`default_nettype none

/// The peaks of a detector's heat map as records, a record a beat, each with size and offset; behind a frame's last record
/// one that ends the frame.
///
/// A record is eight fields of 16 bits, the first in the low bits: class, y, x, heat, size 0 and 1, offset 0 and 1, each
/// integer extended by its sign. Order: raster, then class. The one that ends a frame has class 65535, the number of
/// records before it in fields 2 (low half) and 3, and 0 in the others. A peak is a value of the heat map (in0) above
/// FLOOR.
///
/// A beat of heat takes a cycle, and one more for each further peak in it; a frame's end takes another. Size (in1) and
/// offset (in2) are taken with the last beat of heat of their pixel: whoever is ahead has to wait. The output is cut from
/// the inputs by a skid buffer; `ready` of each input depends on `valid` of all.
module peak_records #(
    parameter int CLASSES = 1,  // channels of the heat map
    parameter int HEIGHT = 4,  // rows of the heat map
    parameter int WIDTH = 4,  // columns of the heat map
    parameter int LANES = 1,  // classes a beat
    parameter int HEAT_BITS = 8,  // bits of a value of the heat map
    parameter int SIZE_BITS = 8,  // bits of a size
    parameter int OFFSET_BITS = 8,  // bits of an offset
    parameter bit HEAT_SIGNED = 1,  // values of the heat map are signed
    parameter bit SIZE_SIGNED = 1,  // sizes are signed
    parameter bit OFFSET_SIGNED = 1,  // offsets are signed
    parameter int FLOOR = -128  // the value that says that there is no peak
) (
    input  wire                        clk_i,
    input  wire                        rst_ni,
    input  wire                        in0_valid_i,
    output logic                       in0_ready_o,
    input  wire  [LANES*HEAT_BITS-1:0] in0_data_i,
    input  wire                        in1_valid_i,
    output logic                       in1_ready_o,
    input  wire  [    2*SIZE_BITS-1:0] in1_data_i,
    input  wire                        in2_valid_i,
    output logic                       in2_ready_o,
    input  wire  [  2*OFFSET_BITS-1:0] in2_data_i,
    output logic                       out0_valid_o,
    input  wire                        out0_ready_i,
    output logic [              127:0] out0_data_o
);

  if (HEAT_BITS > 16 || SIZE_BITS > 16 || OFFSET_BITS > 16) begin : gen_check_bits
    $fatal(1, "%m: a field has 16 bits");
  end
  if (CLASSES > 65535 || HEIGHT > 65536 || WIDTH > 65536) begin : gen_check_places
    $fatal(1, "%m: class, y and x are 16 bits each, and class 65535 ends a frame");
  end

  localparam int BEATS = (CLASSES + LANES - 1) / LANES;
  localparam int X = WIDTH > 1 ? $clog2(WIDTH) : 1;
  localparam int Y = HEIGHT > 1 ? $clog2(HEIGHT) : 1;
  localparam int BEAT = BEATS > 1 ? $clog2(BEATS) : 1;

  logic [LANES-1:0] peaks, done, todo;  // lanes of the beat: above the floor, already passed on, still to be
  logic [BEAT-1:0] beat;
  logic [X-1:0] x;
  logic [Y-1:0] y;
  logic last_beat, last_x, last_y, ending, ready;
  logic [15:0] heat, label;
  logic [31:0] count;

  wire have = in0_valid_i && in1_valid_i && in2_valid_i && !ending;
  wire more = |(todo & (todo - 1'b1));
  wire emit = have && |todo;
  wire pass = have && !more && (ready || todo == '0);  // of the beat of heat
  wire pass_pixel = pass && last_beat;
  wire pass_row = pass_pixel && last_x;

  counter #(
      .COUNT(BEATS)
  ) i_beat (
      .clk_i,
      .rst_ni,
      .step_i (pass),
      .count_o(beat),
      .last_o (last_beat)
  );
  counter #(
      .COUNT(WIDTH)
  ) i_x (
      .clk_i,
      .rst_ni,
      .step_i (pass_pixel),
      .count_o(x),
      .last_o (last_x)
  );
  counter #(
      .COUNT(HEIGHT)
  ) i_y (
      .clk_i,
      .rst_ni,
      .step_i (pass_row),
      .count_o(y),
      .last_o (last_y)
  );

  assign in0_ready_o = pass;
  assign in1_ready_o = pass_pixel;
  assign in2_ready_o = pass_pixel;
  assign todo        = peaks & ~done;

  always_comb begin
    heat  = '0;
    label = '0;
    peaks = '0;
    for (int lane = LANES - 1; lane >= 0; lane--) begin
      logic [HEAT_BITS-1:0] value;
      value = in0_data_i[lane*HEAT_BITS+:HEAT_BITS];
      peaks[lane] = 32'(beat) * LANES + lane < CLASSES &&
          $signed({{2{HEAT_SIGNED && value[HEAT_BITS-1]}}, value}) > (HEAT_BITS + 2)'(FLOOR);
      if (peaks[lane] && !done[lane]) begin
        heat  = HEAT_SIGNED ? 16'($signed(value)) : 16'(value);
        label = 16'(32'(beat) * LANES + lane);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (pass) done <= '0;
    else if (emit && ready) done <= done | (todo & -todo);
    if (pass_row && last_y) ending <= 1;
    else if (ready) ending <= 0;
    if (ready && ending) count <= '0;
    else if (ready && emit) count <= count + 1'b1;
    if (!rst_ni) begin
      done   <= '0;
      ending <= 0;
      count  <= '0;
    end
  end

  logic [63:0] beside;  // size and offset, extended

  extend_lanes #(
      .LANES(2),
      .IN_BITS(SIZE_BITS),
      .SIGNED(SIZE_SIGNED),
      .OUT_BITS(16)
  ) i_size (
      .data_i(in1_data_i),
      .data_o(beside[31:0])
  );
  extend_lanes #(
      .LANES(2),
      .IN_BITS(OFFSET_BITS),
      .SIGNED(OFFSET_SIGNED),
      .OUT_BITS(16)
  ) i_offset (
      .data_i(in2_data_i),
      .data_o(beside[63:32])
  );

  stream_register #(
      .WIDTH(128)
  ) i_register (
      .clk_i,
      .rst_ni,
      .in0_valid_i(emit || ending),
      .in0_ready_o(ready),
      .in0_data_i (ending ? {64'd0, count, 32'h0000_ffff} : {beside, heat, 16'(x), 16'(y), label}),
      .out0_valid_o,
      .out0_ready_i,
      .out0_data_o
  );

endmodule

`default_nettype wire
