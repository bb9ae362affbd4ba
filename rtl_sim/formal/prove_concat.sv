`default_nettype none

/// The channels of two inputs come out as one pixel, those of input 0 first.
module prove_concat #(
    parameter  int LANES     = 1,
    parameter  int CHANNELS0 = 2,
    parameter  int CHANNELS1 = 1,
    parameter  int BITS      = 1,
    localparam int OUT_LANES = LANES
) (
    input wire                                           clk_i,
    input wire [CHANNELS0+CHANNELS1-1:0]                 mark_i,
    input wire [                    1:0]                 in_valid_i,
    input wire [                    1:0][LANES*BITS-1:0] in_data_i,
    input wire                                           out_ready_i
);
  logic rst_ni = 0;  // in the first cycle only
  always_ff @(posedge clk_i) rst_ni <= 1;
  localparam int CHANNELS = CHANNELS0 + CHANNELS1;
  logic [1:0] in_ready;
  logic out_valid;
  logic [OUT_LANES*BITS-1:0] out_data;

  concat #(
      .LANES(LANES),
      .CHANNELS0(CHANNELS0),
      .CHANNELS1(CHANNELS1),
      .IN0_BITS(BITS),
      .IN1_BITS(BITS),
      .OUT_BITS(BITS)
  ) dut (
      .clk_i,
      .rst_ni,
      .in0_valid_i (in_valid_i[0]),
      .in0_ready_o (in_ready[0]),
      .in0_data_i  (in_data_i[0]),
      .in1_valid_i (in_valid_i[1]),
      .in1_ready_o (in_ready[1]),
      .in1_data_i  (in_data_i[1]),
      .out0_valid_o(out_valid),
      .out0_ready_i(out_ready_i),
      .out0_data_o (out_data)
  );
  stream_stable #(
      .WIDTH(OUT_LANES * BITS)
  ) stable (
      .clk_i,
      .rst_ni,
      .valid_i(out_valid),
      .ready_i(out_ready_i),
      .data_i (out_data)
  );
  stream_progress #(
      .ENDS  (3),
      .WITHIN(CHANNELS + 2)
  ) progress (
      .clk_i,
      .rst_ni,
      .valid_i  ({out_valid, in_valid_i}),
      .ready_i  ({out_ready_i, in_ready}),
      .willing_i({out_ready_i, in_valid_i})
  );
  for (genvar i = 0; i < 2; i++) begin : gen_input
    stream_writer #(
        .WIDTH(LANES * BITS)
    ) writer (
        .clk_i,
        .rst_ni,
        .valid_i(in_valid_i[i]),
        .ready_i(in_ready[i]),
        .data_i (in_data_i[i])
    );
  end
  for (genvar c = 0; c < CHANNELS; c++) begin : gen_channel
    localparam int PART = c < CHANNELS0 ? 0 : 1;
    localparam int CHANNEL = c - PART * CHANNELS0;  // of its input
    channel_order #(
        .BITS(BITS),
        .IN_LANES(LANES),
        .IN_BEATS(((PART == 0 ? CHANNELS0 : CHANNELS1) + LANES - 1) / LANES),
        .IN_CHANNEL(CHANNEL),
        .OUT_LANES(OUT_LANES),
        .OUT_BEATS((CHANNELS + OUT_LANES - 1) / OUT_LANES),
        .OUT_CHANNEL(c)
    ) order (
        .clk_i,
        .rst_ni,
        .mark_i(mark_i[c]),
        .in_valid_i(in_valid_i[PART]),
        .in_ready_i(in_ready[PART]),
        .in_data_i(in_data_i[PART]),
        .out_valid_i(out_valid),
        .out_ready_i,
        .out_data_i(out_data)
    );
  end

endmodule

`default_nettype wire
