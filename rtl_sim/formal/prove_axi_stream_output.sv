`default_nettype none

/// Every beat passes, its lane extended by its sign, and the last of each frame is marked.
module prove_axi_stream_output #(
    parameter int BITS      = 3,
    parameter bit IS_SIGNED = 1,
    parameter int BEATS     = 3
) (
    input wire            clk_i,
    input wire            mark_i,
    input wire            in_valid_i,
    input wire [BITS-1:0] in_data_i,
    input wire            out_ready_i
);

  logic rst_ni = 0;  // in the first cycle only
  always_ff @(posedge clk_i) rst_ni <= 1;
  logic in_ready, out_valid, tlast, last;
  logic [7:0] out_data;
  logic [$clog2(BEATS+1)-1:0] beat;
  wire gives = out_valid && out_ready_i;

  axi_stream_output #(
      .BITS(BITS),
      .IS_SIGNED(IS_SIGNED),
      .BEATS(BEATS)
  ) dut (
      .clk_i,
      .rst_ni,
      .in0_valid_i(in_valid_i),
      .in0_ready_o(in_ready),
      .in0_data_i(in_data_i),
      .tvalid_o(out_valid),
      .tready_i(out_ready_i),
      .tdata_o(out_data),
      .tlast_o(tlast),
      .last_o(last)
  );
  stream_properties #(
      .BITS  (BITS),
      .WITHIN(2)
  ) properties (
      .clk_i,
      .rst_ni,
      .enable_i(1'b1),
      .mark_i,
      .in_valid_i,
      .in_ready_i(in_ready),
      .in_data_i,
      .out_valid_i(out_valid),
      .out_ready_i,
      .out_data_i(out_data[BITS-1:0])
  );

  always_ff @(posedge clk_i) begin
    if (gives) beat <= int'(beat) == BEATS - 1 ? '0 : beat + 1'b1;
    if (!rst_ni) beat <= '0;
  end

  always_comb begin
    if (rst_ni) begin
      lanes_are_extended_by_their_sign : assert (out_data[7:BITS] == {(8 - BITS) {IS_SIGNED && out_data[BITS-1]}});
      the_last_beat_is_marked : assert (!out_valid || tlast == (int'(beat) == BEATS - 1));
      ends_of_frames_are_told : assert (last == (gives && int'(beat) == BEATS - 1));
    end
  end

endmodule

`default_nettype wire
