`default_nettype none

/// Where a tensor's stream leaves the block that makes it: joined, or cut if the harness drives every block by itself.
///
/// Joined, `made` is `given`, wire by wire. Cut, what the block made goes to a reader and a probe, number MADE, and
/// those who read the tensor are given the beats that the harness holds for stream GIVEN.
module stream_cut #(
    parameter int GIVEN = 0,
    parameter int MADE  = 0,
    parameter int WIDTH = 8
) (
    input  wire             clk_i,
    input  wire             rst_ni,
    input  wire             made_valid_i,
    output wire             made_ready_o,
    input  wire [WIDTH-1:0] made_data_i,
    output wire             given_valid_o,
    input  wire             given_ready_i,
    output wire [WIDTH-1:0] given_data_o
);

  /// Whether streams are cut; the same during the whole run.
  import "DPI-C" function bit network_cut();

  logic cut;
  initial cut = network_cut();

  wire apart = rst_ni && cut;
  wire valid, ready;
  wire [WIDTH-1:0] data;

  stream_driver #(
      .ID(GIVEN),
      .WIDTH(WIDTH)
  ) driver (
      .clk_i,
      .rst_ni (apart),
      .valid_o(valid),
      .ready_i(given_ready_i),
      .data_o (data)
  );
  stream_reader #(
      .ID(MADE)
  ) reader (
      .clk_i,
      .rst_ni (apart),
      .valid_i(made_valid_i),
      .ready_o(ready)
  );
  stream_probe #(
      .ID(MADE),
      .WIDTH(WIDTH)
  ) probe (
      .clk_i,
      .rst_ni (apart),
      .valid_i(made_valid_i),
      .ready_i(ready),
      .last_i (1'b0),
      .data_i (made_data_i)
  );

  assign given_valid_o = cut ? valid : made_valid_i;
  assign given_data_o  = cut ? data : made_data_i;
  assign made_ready_o  = cut ? ready : given_ready_i;

endmodule

`default_nettype wire
