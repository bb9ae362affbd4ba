`default_nettype none

/// Two `conv_tile` blocks, A before B, whose weights come from one `axi_memory`, with the ports that the bench expects.
///
/// `out1` brings one beat for each frame that has left; the last of FRAMES says whether the memory was asked for between
/// ASKED_MIN and ASKED_MAX beats until then.
module streamed_pair #(
    parameter int A_TILE = 1,
    parameter int A_STEPS = 1,
    parameter int A_GROUPS = 1,
    parameter int A_PE = 1,
    parameter int A_SIMD = 1,
    parameter int A_W_BITS = 1,
    parameter int A_W_FIELD = 1,
    parameter int A_ACC_BITS = 1,
    parameter bit A_ACC_SIGNED = 1,
    parameter int A_EXTRA = 1,
    parameter int A_EXTRA_STEPS = 1,
    parameter bit A_PAIR = 1,
    parameter int A_IN_ADDR = 1,
    parameter bit A_IN_BLOCK = 1,
    parameter int A_OUT_ADDR = 1,
    parameter bit A_OUT_BLOCK = 1,
    parameter int A_OUT_BITS = 1,
    parameter bit A_OUT_SIGNED = 1,
    parameter int A_LO = 1,
    parameter int A_HI = 1,
    parameter int A_MIN_SHIFT = 1,
    parameter int B_TILE = 1,
    parameter int B_STEPS = 1,
    parameter int B_GROUPS = 1,
    parameter int B_PE = 1,
    parameter int B_SIMD = 1,
    parameter int B_W_BITS = 1,
    parameter int B_W_FIELD = 1,
    parameter int B_ACC_BITS = 1,
    parameter bit B_ACC_SIGNED = 1,
    parameter int B_EXTRA = 1,
    parameter int B_EXTRA_STEPS = 1,
    parameter bit B_PAIR = 1,
    parameter int B_IN_ADDR = 1,
    parameter bit B_IN_BLOCK = 1,
    parameter int B_OUT_ADDR = 1,
    parameter bit B_OUT_BLOCK = 1,
    parameter int B_OUT_BITS = 1,
    parameter bit B_OUT_SIGNED = 1,
    parameter int B_LO = 1,
    parameter int B_HI = 1,
    parameter int B_MIN_SHIFT = 1,
    parameter int X_BITS = 8,
    parameter int PIXELS = 1,
    parameter int FRAMES = 1,
    parameter int DEPTH = 16,
    parameter int BURST = 8,
    parameter UNITS = 0,
    parameter OFFSETS = 0,
    parameter BURSTS = 0,
    parameter LASTS = 0,
    parameter WORDS = 0,
    parameter int ASKED_MIN = 0,
    parameter int ASKED_MAX = 0,
    parameter int MEMORY_BEATS = 64,
    parameter string MEMORY_FILE = "",
    parameter int LATENCY = 0,
    parameter int SPREAD = 0,
    parameter int STALL = 0
) (
    input  wire                        clk_i,
    input  wire                        rst_ni,
    input  wire                        in0_valid_i,
    output logic                       in0_ready_o,
    input  wire  [  A_SIMD*X_BITS-1:0] in0_data_i,
    output logic                       out0_valid_o,
    input  wire                        out0_ready_i,
    output logic [B_PE*B_OUT_BITS-1:0] out0_data_o,
    output logic                       out1_valid_o,
    input  wire                        out1_ready_i,
    output logic                       out1_data_o
);

  logic arvalid, arready, rvalid, rready, rlast, error, middle_valid, middle_ready;
  logic [31:0] araddr, beats, accepted, asked, left, reported;
  logic [7:0] arlen;
  logic [2:0] arsize;
  logic [1:0] arburst, rresp, weight_valid, weight_ready;
  logic [63:0] rdata;
  logic [127:0] weights;
  logic [A_PE*A_OUT_BITS-1:0] middle;
  wire unused = &{error, weights, beats};

  always_ff @(posedge clk_i) begin
    if (out0_valid_o && out0_ready_i) left <= left + 1;
    if (out1_valid_o && out1_ready_i) reported <= reported + 1;
    if (!rst_ni) begin
      left     <= 0;
      reported <= 0;
    end
    if (left != FRAMES * PIXELS * B_GROUPS) asked <= accepted;
  end
  assign out1_valid_o = left >= (reported + 1) * PIXELS * B_GROUPS;
  assign out1_data_o  = reported < FRAMES - 1 || (asked >= ASKED_MIN && asked <= ASKED_MAX);

  conv_tile #(
      .TILE(A_TILE),
      .STEPS(A_STEPS),
      .GROUPS(A_GROUPS),
      .PE(A_PE),
      .SIMD(A_SIMD),
      .W_BITS(A_W_BITS),
      .W_FIELD(A_W_FIELD),
      .ACC_BITS(A_ACC_BITS),
      .ACC_SIGNED(A_ACC_SIGNED),
      .EXTRA(A_EXTRA),
      .EXTRA_STEPS(A_EXTRA_STEPS),
      .PAIR(A_PAIR),
      .IN_ADDR(A_IN_ADDR),
      .IN_BLOCK(A_IN_BLOCK),
      .OUT_ADDR(A_OUT_ADDR),
      .OUT_BLOCK(A_OUT_BLOCK),
      .OUT_BITS(A_OUT_BITS),
      .OUT_SIGNED(A_OUT_SIGNED),
      .LO(A_LO),
      .HI(A_HI),
      .MIN_SHIFT(A_MIN_SHIFT),
      .PIXELS(PIXELS),
      .X_BITS(X_BITS),
      .REQUANT(1)
  ) i_a (
      .clk_i,
      .rst_ni,
      .in0_valid_i,
      .in0_ready_o,
      .in0_data_i,
      .in1_valid_i (weight_valid[0]),
      .in1_ready_o (weight_ready[0]),
      .in1_data_i  (weights[A_PE*A_W_FIELD-1:0]),
      .out0_valid_o(middle_valid),
      .out0_ready_i(middle_ready),
      .out0_data_o (middle)
  );

  conv_tile #(
      .TILE(B_TILE),
      .STEPS(B_STEPS),
      .GROUPS(B_GROUPS),
      .PE(B_PE),
      .SIMD(B_SIMD),
      .W_BITS(B_W_BITS),
      .W_FIELD(B_W_FIELD),
      .ACC_BITS(B_ACC_BITS),
      .ACC_SIGNED(B_ACC_SIGNED),
      .EXTRA(B_EXTRA),
      .EXTRA_STEPS(B_EXTRA_STEPS),
      .PAIR(B_PAIR),
      .IN_ADDR(B_IN_ADDR),
      .IN_BLOCK(B_IN_BLOCK),
      .OUT_ADDR(B_OUT_ADDR),
      .OUT_BLOCK(B_OUT_BLOCK),
      .OUT_BITS(B_OUT_BITS),
      .OUT_SIGNED(B_OUT_SIGNED),
      .LO(B_LO),
      .HI(B_HI),
      .MIN_SHIFT(B_MIN_SHIFT),
      .PIXELS(PIXELS),
      .X_BITS(A_OUT_BITS),
      .REQUANT(1)
  ) i_b (
      .clk_i,
      .rst_ni,
      .in0_valid_i(middle_valid),
      .in0_ready_o(middle_ready),
      .in0_data_i (middle),
      .in1_valid_i(weight_valid[1]),
      .in1_ready_o(weight_ready[1]),
      .in1_data_i (weights[64+:B_PE*B_W_FIELD]),
      .out0_valid_o,
      .out0_ready_i,
      .out0_data_o
  );

  weight_reader #(
      .PORTS  (2),
      .BURST  (BURST),
      .DEPTH  (DEPTH),
      .UNITS  (UNITS),
      .OFFSETS(OFFSETS),
      .BURSTS (BURSTS),
      .LASTS  (LASTS),
      .WORDS  (WORDS)
  ) i_reader (
      .clk_i,
      .rst_ni,
      .start_i(1'b1),
      .base_i('0),
      .beats_o(beats),
      .error_o(error),
      .arvalid_o(arvalid),
      .arready_i(arready),
      .araddr_o(araddr),
      .arlen_o(arlen),
      .arsize_o(arsize),
      .arburst_o(arburst),
      .rvalid_i(rvalid),
      .rready_o(rready),
      .rdata_i(rdata),
      .rresp_i(rresp),
      .rlast_i(rlast),
      .valid_o(weight_valid),
      .ready_i(weight_ready),
      .data_o(weights)
  );

  axi_memory #(
      .BEATS(MEMORY_BEATS),
      .FILE (MEMORY_FILE)
  ) i_memory (
      .clk_i,
      .rst_ni,
      .stall_i(8'(STALL)),
      .latency_i(16'(LATENCY)),
      .spread_i(16'(SPREAD)),
      .arvalid_i(arvalid),
      .arready_o(arready),
      .araddr_i(araddr),
      .arlen_i(arlen),
      .arsize_i(arsize),
      .arburst_i(arburst),
      .rvalid_o(rvalid),
      .rready_i(rready),
      .rdata_o(rdata),
      .rresp_o(rresp),
      .rlast_o(rlast),
      .accepted_o(accepted)
  );

endmodule

`default_nettype wire
