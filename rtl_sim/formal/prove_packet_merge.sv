`default_nettype none

/// Packets pass whole, one stream's after another's, and every stream has its turn.
module prove_packet_merge #(
    parameter int STREAMS = 3,
    parameter int WIDTH   = 2
) (
    input wire                          clk_i,
    input wire [STREAMS-1:0]            in_valid_i,
    input wire [STREAMS-1:0][WIDTH-1:0] in_data_i,
    input wire                          out_ready_i
);

  logic rst_ni = 0;  // in the first cycle only
  always_ff @(posedge clk_i) rst_ni <= 1;
  logic [STREAMS-1:0] in_ready, ends, passes;
  logic out_valid;
  logic [WIDTH-1:0] out_data;

  packet_merge #(
      .STREAMS(STREAMS),
      .WIDTH  (WIDTH)
  ) dut (
      .clk_i,
      .rst_ni,
      .in_valid_i,
      .in_ready_o  (in_ready),
      .in_data_i,
      .out0_valid_o(out_valid),
      .out0_ready_i(out_ready_i),
      .out0_data_o (out_data)
  );
  stream_stable #(
      .WIDTH(WIDTH)
  ) stable (
      .clk_i,
      .rst_ni,
      .valid_i(out_valid),
      .ready_i(out_ready_i),
      .data_i (out_data)
  );

  logic [STREAMS-1:0] open;  // of a stream: its packet has begun and not ended
  wire gives = out_valid && out_ready_i;
  for (genvar s = 0; s < STREAMS; s++) begin : gen_stream
    logic [STREAMS-1:0] others;  // open packets of other streams
    logic [        2:0] waited;  // cycles in which nothing but the merger kept the stream from passing
    wire                held_up = in_valid_i[s] && !passes[s] && out_ready_i && others == '0 && &ends;
    assign ends[s] = in_data_i[s][WIDTH-1];
    assign passes[s] = in_valid_i[s] && in_ready[s];
    assign others = open & ~(STREAMS'(1) << s);

    stream_writer #(
        .WIDTH(WIDTH)
    ) writer (
        .clk_i,
        .rst_ni,
        .valid_i(in_valid_i[s]),
        .ready_i(in_ready[s]),
        .data_i (in_data_i[s])
    );
    always_ff @(posedge clk_i) begin
      if (passes[s]) open[s] <= !ends[s];
      waited <= held_up ? waited + 1'b1 : '0;
      if (!rst_ni) begin
        open[s] <= 0;
        waited  <= '0;
      end
    end
    always_comb begin
      if (rst_ni) begin
        a_beat_passes_on_both_sides_at_once : assert (!passes[s] || (gives && out_data == in_data_i[s]));
        no_packet_is_interrupted : assert (!passes[s] || others == '0);
        every_stream_has_its_turn : assert (int'(waited) < STREAMS);
      end
    end
  end
  always_comb begin
    if (rst_ni) begin
      every_beat_is_of_one_stream : assert ($countones(passes) == int'(gives));
    end
  end

endmodule

`default_nettype wire
