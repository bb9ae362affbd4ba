`default_nettype none

/// Restores pixel order: beats are written anywhere in a ring of 2^ADDR_BITS beats, complete pixels leave in order.
///
/// A pixel of BEATS beats owns its place in the ring from `start_i` until it has left; places follow each other from
/// address 0, and `space_o` says whether one is free. `done_i` comes with the last write to the oldest pixel that is not
/// complete yet; pixels complete in the order of their starts. Writes are never refused.
module untile #(
    parameter int WIDTH = 16,  // bits of a beat
    parameter int BEATS = 4,  // beats of a pixel
    parameter int ADDR_BITS = 6,  // the ring holds 2^ADDR_BITS beats
    parameter bit BLOCK = 0  // 1 takes block RAM, 0 takes LUT RAM
) (
    input  wire                  clk_i,
    input  wire                  rst_ni,
    input  wire                  start_i,
    output logic                 space_o,
    input  wire                  valid_i,
    input  wire                  done_i,
    input  wire  [ADDR_BITS-1:0] addr_i,
    input  wire  [    WIDTH-1:0] data_i,
    output logic                 out0_valid_o,
    input  wire                  out0_ready_i,
    output logic [    WIDTH-1:0] out0_data_o
);

  localparam int PLACES = (1 << ADDR_BITS) / BEATS;
  localparam int PLACE_BITS = $clog2(PLACES + 1);

  if (PLACES < 1) begin : gen_check
    $fatal(1, "%m: a pixel of %0d beats does not fit 2^%0d", BEATS, ADDR_BITS);
  end

  logic [PLACE_BITS-1:0] owned, complete;
  logic [ADDR_BITS-1:0] addr;
  logic some, read, last, leave;
  logic [(BEATS > 1 ? $clog2(BEATS) : 1)-1:0] unused_beat;
  logic fetched, pass;  // a beat is at the memory's output; it moves on
  logic [WIDTH-1:0] data;
  assign pass  = !out0_valid_o || out0_ready_i;
  assign read  = some && (!fetched || pass);
  assign leave = read && last;

  counter #(
      .COUNT(BEATS)
  ) i_beat (
      .clk_i,
      .rst_ni,
      .step_i (read),
      .count_o(unused_beat),
      .last_o (last)
  );

  wire [PLACE_BITS-1:0] next_owned = owned + PLACE_BITS'(start_i) - PLACE_BITS'(leave);
  wire [PLACE_BITS-1:0] next_complete = complete + PLACE_BITS'(valid_i && done_i) - PLACE_BITS'(leave);

  always_ff @(posedge clk_i) begin
    owned    <= next_owned;
    space_o  <= next_owned != PLACE_BITS'(PLACES);
    complete <= next_complete;
    some     <= next_complete != '0;
    if (read) addr <= addr + 1'b1;
    if (read || pass) fetched <= read;
    if (pass) begin
      out0_valid_o <= fetched;
      out0_data_o  <= data;
    end
    if (!rst_ni) begin
      owned        <= '0;
      space_o      <= 1;
      complete     <= '0;
      some         <= 0;
      addr         <= '0;
      fetched      <= 0;
      out0_valid_o <= 0;
    end
  end

  ram #(
      .DEPTH(1 << ADDR_BITS),
      .WIDTH(WIDTH),
      .BLOCK(BLOCK)
  ) i_ring (
      .clk_i,
      .wen_i  (valid_i),
      .waddr_i(addr_i),
      .data_i (data_i),
      .ren_i  (read),
      .raddr_i(addr),
      .data_o (data)
  );

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && start_i && owned == PLACE_BITS'(PLACES)) $fatal(1, "%m: no place for the pixel that starts");
    if (rst_ni && valid_i && done_i && complete == owned) $fatal(1, "%m: a pixel is complete that never started");
  end
`endif

endmodule

`default_nettype wire
