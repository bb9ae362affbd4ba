`default_nettype none

/// What is proved of a block with one input and one output that passes the CHANNELS channels of each pixel on.
module stream_properties #(
    parameter int BITS      = 1,
    parameter int CHANNELS  = 1,
    parameter int IN_LANES  = 1,
    parameter int OUT_LANES = 1,
    parameter int MOST      = 2,  // pixels that the block holds at most
    parameter int WITHIN    = 4   // cycles in which a beat passes at each end if nothing outside hinders it
) (
    input wire                      clk_i,
    input wire                      rst_ni,
    input wire                      enable_i,     // of a block that can be stopped
    input wire [      CHANNELS-1:0] mark_i,
    input wire                      in_valid_i,
    input wire                      in_ready_i,
    input wire [ IN_LANES*BITS-1:0] in_data_i,
    input wire                      out_valid_i,
    input wire                      out_ready_i,
    input wire [OUT_LANES*BITS-1:0] out_data_i
);

  stream_ends #(
      .IN_WIDTH(IN_LANES * BITS),
      .OUT_WIDTH(OUT_LANES * BITS),
      .WITHIN(WITHIN)
  ) i_ends (
      .clk_i,
      .rst_ni,
      .enable_i,
      .in_valid_i,
      .in_ready_i,
      .in_data_i,
      .out_valid_i,
      .out_ready_i,
      .out_data_i
  );
  for (genvar c = 0; c < CHANNELS; c++) begin : gen_channel
    channel_order #(
        .BITS(BITS),
        .MOST(MOST),
        .IN_LANES(IN_LANES),
        .IN_BEATS((CHANNELS + IN_LANES - 1) / IN_LANES),
        .IN_CHANNEL(c),
        .OUT_LANES(OUT_LANES),
        .OUT_BEATS((CHANNELS + OUT_LANES - 1) / OUT_LANES),
        .OUT_CHANNEL(c)
    ) order (
        .clk_i,
        .rst_ni,
        .mark_i(mark_i[c]),
        .in_valid_i,
        .in_ready_i,
        .in_data_i,
        .out_valid_i,
        .out_ready_i,
        .out_data_i
    );
  end

endmodule

`default_nettype wire
