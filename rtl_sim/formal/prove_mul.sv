`default_nettype none

/// Each value of input 0 comes out once, in order, times a factor of input 1 that is one, whatever both writers do.
module prove_mul #(
    parameter  int LANES  = 1,
    parameter  int BEATS  = 2,
    parameter  int PIXELS = 2,
    parameter  bit SPREAD = 0,
    localparam int LANES1 = SPREAD ? 1 : LANES
) (
    input wire                   clk_i,
    input wire [LANES*BEATS-1:0] mark_i,
    input wire [            1:0] in_valid_i,
    input wire [      LANES-1:0] in_data_i,
    input wire                   out_ready_i
);
  logic rst_ni = 0;  // in the first cycle only
  always_ff @(posedge clk_i) rst_ni <= 1;
  logic [1:0] in_ready;
  logic out_valid;
  logic [LANES-1:0] out_data;

  mul #(
      .LANES(LANES),
      .BEATS(BEATS),
      .PIXELS(PIXELS),
      .SPREAD(SPREAD),
      .IN0_BITS(1),
      .IN1_BITS(1),
      .OUT_BITS(1)
  ) dut (
      .clk_i,
      .rst_ni,
      .in0_valid_i (in_valid_i[0]),
      .in0_ready_o (in_ready[0]),
      .in0_data_i  (in_data_i),
      .in1_valid_i (in_valid_i[1]),
      .in1_ready_o (in_ready[1]),
      .in1_data_i  ({LANES1{in_valid_i[1]}}),  // what is not valid is no factor
      .out0_valid_o(out_valid),
      .out0_ready_i(out_ready_i),
      .out0_data_o (out_data)
  );
  stream_stable #(
      .WIDTH(LANES)
  ) stable (
      .clk_i,
      .rst_ni,
      .valid_i(out_valid),
      .ready_i(out_ready_i),
      .data_i (out_data)
  );
  stream_progress #(
      .ENDS  (3),
      .WITHIN(BEATS * PIXELS + 4)
  ) progress (
      .clk_i,
      .rst_ni,
      .valid_i  ({out_valid, in_valid_i}),
      .ready_i  ({out_ready_i, in_ready}),
      .willing_i({out_ready_i, in_valid_i})
  );
  stream_writer #(
      .WIDTH(LANES)
  ) writer (
      .clk_i,
      .rst_ni,
      .valid_i(in_valid_i[0]),
      .ready_i(in_ready[0]),
      .data_i (in_data_i)
  );
  stream_writer #(
      .WIDTH(1)
  ) factors (
      .clk_i,
      .rst_ni,
      .valid_i(in_valid_i[1]),
      .ready_i(in_ready[1]),
      .data_i (1'b1)
  );
  for (genvar c = 0; c < LANES * BEATS; c++) begin : gen_channel
    channel_order #(
        .BITS(1),
        .IN_LANES(LANES),
        .IN_BEATS(BEATS),
        .IN_CHANNEL(c),
        .OUT_LANES(LANES),
        .OUT_BEATS(BEATS),
        .OUT_CHANNEL(c),
        .MOST(4)
    ) order (
        .clk_i,
        .rst_ni,
        .mark_i(mark_i[c]),
        .in_valid_i(in_valid_i[0]),
        .in_ready_i(in_ready[0]),
        .in_data_i,
        .out_valid_i(out_valid),
        .out_ready_i,
        .out_data_i(out_data)
    );
  end

endmodule

`default_nettype wire
