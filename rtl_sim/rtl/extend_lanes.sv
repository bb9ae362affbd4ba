`default_nettype none

/// Extends every lane from IN_BITS to OUT_BITS, by its own sign or with zeros. Wires only.
module extend_lanes #(
    parameter int LANES    = 1,  // channels a beat
    parameter int IN_BITS  = 8,  // bits of an input lane
    parameter bit SIGNED   = 0,  // lanes are signed
    parameter int OUT_BITS = 8  // bits of an output lane
) (
    input  wire  [ LANES*IN_BITS-1:0] data_i,
    output logic [LANES*OUT_BITS-1:0] data_o
);

  for (genvar lane = 0; lane < LANES; lane++) begin : gen_lane
    if (SIGNED) begin : gen_signed
      assign data_o[lane*OUT_BITS+:OUT_BITS] = OUT_BITS'($signed(data_i[lane*IN_BITS+:IN_BITS]));
    end else begin : gen_unsigned
      assign data_o[lane*OUT_BITS+:OUT_BITS] = OUT_BITS'(data_i[lane*IN_BITS+:IN_BITS]);
    end
  end

endmodule

`default_nettype wire
