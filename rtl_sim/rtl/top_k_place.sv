`default_nettype none

/// One place of `top_k`: holds the largest number of a pixel so far and passes every other one on to the next place.
///
/// Of equal numbers the one of the lowest index is held. The first number of a pixel meets an empty place: nothing is
/// passed on, and what is passed on next begins the pixel there. Everything moves on while `ce_i` is 1. A number is
/// passed on a cycle after it, or the one that it drives out, was given.
module top_k_place #(
    parameter int BITS       = 8,  // bits of a number
    parameter int INDEX_BITS = 4,  // bits of its index
    parameter bit ORDERED    = 1   // numbers come in the order of their indices
) (
    input  wire                   clk_i,
    input  wire                   rst_ni,
    input  wire                   ce_i,
    input  wire                   valid_i,
    input  wire                   first_i,       // of a pixel
    input  wire                   last_i,        // of a pixel
    input  wire  [      BITS-1:0] data_i,
    input  wire  [INDEX_BITS-1:0] index_i,
    output logic [INDEX_BITS-1:0] held_index_o,  // index of the largest one, `data_i` included
    output logic                  valid_o,
    output logic                  first_o,
    output logic                  last_o,
    output logic [      BITS-1:0] data_o,
    output logic [INDEX_BITS-1:0] index_o
);

  logic larger, taken, second;
  logic [      BITS-1:0] held;
  logic [INDEX_BITS-1:0] held_index;

  if (ORDERED) begin : gen_ordered
    assign larger = data_i > held;
  end else begin : gen_any_order
    assign larger = {data_i, ~index_i} > {held, ~held_index};
  end
  assign taken = first_i || larger;
  assign held_index_o = taken ? index_i : held_index;

  always_ff @(posedge clk_i) begin
    if (ce_i && valid_i) begin
      held_index <= held_index_o;
      if (taken) held <= data_i;
      second <= first_i;
    end
    if (ce_i) begin
      valid_o <= valid_i && !first_i;
      first_o <= second;
      last_o  <= last_i;
      data_o  <= taken ? held : data_i;
      index_o <= taken ? held_index : index_i;
    end
    if (!rst_ni) valid_o <= 0;
  end

endmodule

`default_nettype wire
