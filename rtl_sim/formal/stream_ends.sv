`default_nettype none

/// What holds at the ends of any block with one input and one output: the writer is taken to keep to the protocol, the block
/// is proved to, and to go on.
module stream_ends #(
    parameter int IN_WIDTH  = 1,
    parameter int OUT_WIDTH = 1,
    parameter int WITHIN    = 4  // cycles in which a beat passes at each end if nothing outside hinders it
) (
    input wire                 clk_i,
    input wire                 rst_ni,
    input wire                 enable_i,     // of a block that can be stopped
    input wire                 in_valid_i,
    input wire                 in_ready_i,
    input wire [ IN_WIDTH-1:0] in_data_i,
    input wire                 out_valid_i,
    input wire                 out_ready_i,
    input wire [OUT_WIDTH-1:0] out_data_i
);

  stream_writer #(
      .WIDTH(IN_WIDTH)
  ) writer (
      .clk_i,
      .rst_ni,
      .valid_i(in_valid_i),
      .ready_i(in_ready_i),
      .data_i (in_data_i)
  );
  stream_stable #(
      .WIDTH(OUT_WIDTH)
  ) stable (
      .clk_i,
      .rst_ni,
      .valid_i(out_valid_i),
      .ready_i(out_ready_i),
      .data_i (out_data_i)
  );
  stream_progress #(
      .WITHIN(WITHIN)
  ) progress (
      .clk_i,
      .rst_ni,
      .valid_i  ({out_valid_i, in_valid_i}),
      .ready_i  ({out_ready_i, in_ready_i}),
      .willing_i({out_ready_i && enable_i, in_valid_i})
  );

endmodule

`default_nettype wire
