`default_nettype none

/// Beats pass exactly while the gate is enabled, and the ends of frames are told.
module prove_frame_gate #(
    parameter int BEATS = 3
) (
    input wire clk_i,
    input wire enable_i,
    input wire in_valid_i,
    input wire out_ready_i
);

  logic rst_ni = 0;  // in the first cycle only
  always_ff @(posedge clk_i) rst_ni <= 1;
  logic in_ready, out_valid, first, last;
  logic [$clog2(BEATS+1)-1:0] beat;

  frame_gate #(
      .BEATS(BEATS)
  ) dut (
      .clk_i,
      .rst_ni,
      .enable_i,
      .in0_valid_i(in_valid_i),
      .in0_ready_o(in_ready),
      .out0_valid_o(out_valid),
      .out0_ready_i(out_ready_i),
      .first_o(first),
      .last_o(last)
  );

  wire passes = in_valid_i && out_ready_i && enable_i;
  always_ff @(posedge clk_i) begin
    if (passes) beat <= int'(beat) == BEATS - 1 ? '0 : beat + 1'b1;
    if (!rst_ni) beat <= '0;
  end

  always_comb begin
    if (rst_ni) begin
      every_beat_passes_on_both_sides_at_once :
      assert ((in_valid_i && in_ready) == passes && (out_valid && out_ready_i) == passes);
      nothing_passes_while_disabled : assert (enable_i || !(in_ready || out_valid));
      ends_of_frames_are_told : assert (first == (passes && beat == '0) && last == (passes && int'(beat) == BEATS - 1));
    end
  end

endmodule

`default_nettype wire
