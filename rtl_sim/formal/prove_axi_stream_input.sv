`default_nettype none

/// Whole frames pass, without the padding of their lanes, and only while the block is enabled.
module prove_axi_stream_input #(
    parameter  int BITS   = 3,
    parameter  int BEATS  = 3,
    localparam int PADDED = 8 * (1 + (BITS - 1) / 8)
) (
    input wire              clk_i,
    input wire              enable_i,
    input wire              mark_i,
    input wire              in_valid_i,
    input wire [PADDED-1:0] in_data_i,
    input wire              out_ready_i
);

  logic rst_ni = 0;  // in the first cycle only
  always_ff @(posedge clk_i) rst_ni <= 1;
  logic in_ready, out_valid, first, last;
  logic [BITS-1:0] out_data;
  logic [$clog2(BEATS+1)-1:0] beat;
  wire takes = in_valid_i && in_ready;

  axi_stream_input #(
      .BITS (BITS),
      .BEATS(BEATS)
  ) dut (
      .clk_i,
      .rst_ni,
      .enable_i,
      .first_o(first),
      .last_o(last),
      .tvalid_i(in_valid_i),
      .tready_o(in_ready),
      .tdata_i(in_data_i),
      .out0_valid_o(out_valid),
      .out0_ready_i(out_ready_i),
      .out0_data_o(out_data)
  );
  stream_properties #(
      .BITS  (BITS),
      .WITHIN(2)
  ) properties (
      .clk_i,
      .rst_ni,
      .enable_i,
      .mark_i,
      .in_valid_i,
      .in_ready_i (in_ready),
      .in_data_i  (in_data_i[BITS-1:0]),
      .out_valid_i(out_valid),
      .out_ready_i,
      .out_data_i (out_data)
  );

  always_ff @(posedge clk_i) begin
    if (takes) beat <= int'(beat) == BEATS - 1 ? '0 : beat + 1'b1;
    if (!rst_ni) beat <= '0;
  end

  always_comb begin
    if (rst_ni) begin
      nothing_passes_while_disabled : assert (enable_i || !takes);
      ends_of_frames_are_told : assert (first == (takes && beat == '0) && last == (takes && int'(beat) == BEATS - 1));
    end
  end

endmodule

`default_nettype wire
