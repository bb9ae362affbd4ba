`default_nettype none

/// Multiplies two streams, lane by lane.
///
/// A pixel of input 1 serves PIXELS pixels of input 0: it passes together with the first of them and is held for the
/// others. With SPREAD it has one channel, which serves all channels of input 0. OUT_BITS must hold every product, but may
/// be fewer than those of both factors. A beat of one input waits for its counterpart: give the earlier one a `stream_fifo`
/// if its writer must not wait. Factors and product have a register each, as a DSP slice has them. Cuts all combinatorial
/// paths but those between the inputs: an input is ready when the other one is valid. Latency three cycles.
module mul #(
    parameter  int LANES      = 1,                  // channels a beat
    parameter  int BEATS      = 1,                  // of a pixel of input 0
    parameter  int PIXELS     = 1,                  // of input 0 to one of input 1
    parameter  bit SPREAD     = 0,                  // input 1 has one channel, in one lane
    parameter  int IN0_BITS   = 8,                  // bits of a lane of input 0
    parameter  bit IN0_SIGNED = 0,                  // lanes of input 0 are signed
    parameter  int IN1_BITS   = 8,                  // bits of a lane of input 1
    parameter  bit IN1_SIGNED = 0,                  // lanes of input 1 are signed
    parameter  int OUT_BITS   = 16,                 // bits of an output lane
    localparam int LANES1     = SPREAD ? 1 : LANES
) (
    input  wire                        clk_i,
    input  wire                        rst_ni,
    input  wire                        in0_valid_i,
    output logic                       in0_ready_o,
    input  wire  [ LANES*IN0_BITS-1:0] in0_data_i,
    input  wire                        in1_valid_i,
    output logic                       in1_ready_o,
    input  wire  [LANES1*IN1_BITS-1:0] in1_data_i,
    output logic                       out0_valid_o,
    input  wire                        out0_ready_i,
    output logic [ LANES*OUT_BITS-1:0] out0_data_o
);

  localparam int A_BITS = IN0_BITS + (IN0_SIGNED ? 0 : 1);
  localparam int B_BITS = IN1_BITS + (IN1_SIGNED ? 0 : 1);
  localparam int ADDRESS = BEATS > 1 ? $clog2(BEATS) : 1;
  localparam bit HOLDS = PIXELS > 1 || (SPREAD && BEATS > 1);

  if (LANES < 1 || OUT_BITS < 1 || OUT_BITS > A_BITS + B_BITS) begin : gen_check
    $fatal(1, "%m: LANES = %0d or OUT_BITS = %0d out of range", LANES, OUT_BITS);
  end

  logic ready, step, fresh, first_pixel, last_beat;
  logic [1:0] valid;
  logic [ADDRESS-1:0] beat;
  logic [LANES1*IN1_BITS-1:0] served;
  logic [LANES*OUT_BITS-1:0] products;

  assign step        = ready && in0_valid_i && (in1_valid_i || !fresh);
  assign in0_ready_o = ready && (in1_valid_i || !fresh);
  assign in1_ready_o = ready && in0_valid_i && fresh;

  counter #(
      .COUNT(BEATS)
  ) i_beats (
      .clk_i,
      .rst_ni,
      .step_i (step),
      .count_o(beat),
      .last_o (last_beat)
  );

  if (HOLDS) begin : gen_hold
    localparam int DEPTH = SPREAD ? 1 : BEATS;
    logic [(PIXELS > 1 ? $clog2(PIXELS) : 1)-1:0] pixel;
    logic unused_last;
    counter #(
        .COUNT(PIXELS)
    ) i_pixels (
        .clk_i,
        .rst_ni,
        .step_i (step && last_beat),
        .count_o(pixel),
        .last_o (unused_last)
    );
    assign first_pixel = pixel == 0;
    assign fresh       = first_pixel && (!SPREAD || beat == 0);

    if (DEPTH > 1) begin : gen_memory
      (* ram_style = "distributed" *) logic [LANES1*IN1_BITS-1:0] held[DEPTH];
      always_ff @(posedge clk_i) if (step && fresh) held[beat] <= in1_data_i;
      assign served = fresh ? in1_data_i : held[beat];
    end else begin : gen_register
      logic [LANES1*IN1_BITS-1:0] held;
      always_ff @(posedge clk_i) if (step && fresh) held <= in1_data_i;
      assign served = fresh ? in1_data_i : held;
    end
  end else begin : gen_pass
    assign first_pixel = 1;
    assign fresh       = 1;
    assign served      = in1_data_i;
    wire unused = &{first_pixel, last_beat, beat};
  end

  always_ff @(posedge clk_i) begin
    if (ready) valid <= {valid[0], step};
    if (!rst_ni) valid <= '0;
  end

  for (genvar lane = 0; lane < LANES; lane++) begin : gen_lane
    localparam int LANE1 = SPREAD ? 0 : lane;
    wire [IN0_BITS-1:0] a_lane = in0_data_i[lane*IN0_BITS+:IN0_BITS];
    wire [IN1_BITS-1:0] b_lane = served[LANE1*IN1_BITS+:IN1_BITS];
    logic signed [A_BITS-1:0] a;
    logic signed [B_BITS-1:0] b;
    logic signed [OUT_BITS-1:0] product;
    always_ff @(posedge clk_i) begin
      if (ready) begin
        a       <= A_BITS'({IN0_SIGNED && a_lane[IN0_BITS-1], a_lane});
        b       <= B_BITS'({IN1_SIGNED && b_lane[IN1_BITS-1], b_lane});
        product <= OUT_BITS'(a * b);
      end
    end
    assign products[lane*OUT_BITS+:OUT_BITS] = product;
  end

  stream_register #(
      .WIDTH(LANES * OUT_BITS)
  ) i_register (
      .clk_i,
      .rst_ni,
      .in0_valid_i(valid[1]),
      .in0_ready_o(ready),
      .in0_data_i (products),
      .out0_valid_o,
      .out0_ready_i,
      .out0_data_o
  );

endmodule

`default_nettype wire
