`default_nettype none

/// The record that ends a frame is marked and told, each time it passes and at no other time; records stay until taken.
module prove_axi_peak_output #(
    parameter int BITS = 2
) (
    input wire              clk_i,
    input wire              heat_valid_i,
    input wire [  BITS-1:0] heat_i,
    input wire              size_valid_i,
    input wire [2*BITS-1:0] size_i,
    input wire              offset_valid_i,
    input wire [2*BITS-1:0] offset_i,
    input wire              out_ready_i
);

  logic rst_ni = 0;  // in the first cycle only
  always_ff @(posedge clk_i) rst_ni <= 1;
  logic heat_ready, size_ready, offset_ready, out_valid, tlast, last;
  logic [127:0] record;

  axi_peak_output #(
      .HEIGHT(2),
      .WIDTH(2),
      .HEAT_BITS(BITS),
      .SIZE_BITS(BITS),
      .OFFSET_BITS(BITS),
      .FLOOR(-2)
  ) dut (
      .clk_i,
      .rst_ni,
      .in0_valid_i(heat_valid_i),
      .in0_ready_o(heat_ready),
      .in0_data_i(heat_i),
      .in1_valid_i(size_valid_i),
      .in1_ready_o(size_ready),
      .in1_data_i(size_i),
      .in2_valid_i(offset_valid_i),
      .in2_ready_o(offset_ready),
      .in2_data_i(offset_i),
      .tvalid_o(out_valid),
      .tready_i(out_ready_i),
      .tdata_o(record),
      .tlast_o(tlast),
      .last_o(last)
  );
  stream_writer #(
      .WIDTH(BITS)
  ) heat (
      .clk_i,
      .rst_ni,
      .valid_i(heat_valid_i),
      .ready_i(heat_ready),
      .data_i (heat_i)
  );
  stream_writer #(
      .WIDTH(2 * BITS)
  ) size (
      .clk_i,
      .rst_ni,
      .valid_i(size_valid_i),
      .ready_i(size_ready),
      .data_i (size_i)
  );
  stream_writer #(
      .WIDTH(2 * BITS)
  ) offset (
      .clk_i,
      .rst_ni,
      .valid_i(offset_valid_i),
      .ready_i(offset_ready),
      .data_i (offset_i)
  );
  stream_stable #(
      .WIDTH(128)
  ) stable (
      .clk_i,
      .rst_ni,
      .valid_i(out_valid),
      .ready_i(out_ready_i),
      .data_i (record)
  );

  always_comb begin
    if (rst_ni) begin
      the_record_that_ends_a_frame_is_marked : assert (!out_valid || tlast == (record[15:0] == '1));
      ends_of_frames_are_told : assert (last == (out_valid && out_ready_i && record[15:0] == '1));
    end
  end

endmodule

`default_nettype wire
