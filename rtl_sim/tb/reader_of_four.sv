`default_nettype none

/// `weight_reader` with four ports before an `axi_memory`, with the ports that the bench expects.
///
/// The beat of `in0` gives the base address, and starts the reader; before that it must not read.
module reader_of_four #(
    parameter int DEPTH = 16,
    parameter int BURST = 8,
    parameter UNITS = 0,
    parameter OFFSETS = 0,
    parameter BURSTS = 0,
    parameter LASTS = 0,
    parameter WORDS = 0,
    parameter int UNIT0 = 8,
    parameter int UNIT1 = 8,
    parameter int UNIT2 = 8,
    parameter int UNIT3 = 8,
    parameter UNITS_READ = 0,  // of each port, 32 bits each; then its stream ends
    parameter int MEMORY_BEATS = 64,
    parameter string MEMORY_FILE = "",
    parameter int LATENCY = 1,
    parameter int SPREAD = 200,
    parameter int STALL = 0
) (
    input  wire              clk_i,
    input  wire              rst_ni,
    input  wire              in0_valid_i,
    output logic             in0_ready_o,
    input  wire  [     31:0] in0_data_i,
    output logic             out0_valid_o,
    input  wire              out0_ready_i,
    output logic [UNIT0-1:0] out0_data_o,
    output logic             out1_valid_o,
    input  wire              out1_ready_i,
    output logic [UNIT1-1:0] out1_data_o,
    output logic             out2_valid_o,
    input  wire              out2_ready_i,
    output logic [UNIT2-1:0] out2_data_o,
    output logic             out3_valid_o,
    input  wire              out3_ready_i,
    output logic [UNIT3-1:0] out3_data_o
);

  logic start, arvalid, arready, rvalid, rready, rlast, error;
  logic [31:0] base, araddr, beats, accepted;
  logic [7:0] arlen;
  logic [2:0] arsize;
  logic [1:0] arburst, rresp;
  logic [ 63:0] rdata;
  logic [255:0] data;
  logic [3:0] valid, ready, more;
  logic [31:0] count[4];
  localparam logic [127:0] LIMITS = 128'(UNITS_READ);
  assign in0_ready_o = 1;
  assign {out3_data_o, out2_data_o, out1_data_o, out0_data_o} = {
    data[192+:UNIT3], data[128+:UNIT2], data[64+:UNIT1], data[0+:UNIT0]
  };
  wire unused = &{data, beats};

  always_ff @(posedge clk_i) begin
    if (in0_valid_i) begin
      start <= 1;
      base  <= in0_data_i;
    end
    if (!rst_ni) start <= 0;
    if (rst_ni && !start && arvalid) $fatal(1, "%m: a read before the start");
    if (rst_ni && error) $fatal(1, "%m: an error without cause");
    if (rst_ni && beats > accepted) $fatal(1, "%m: more beats counted than asked for");
  end

  assign {out3_valid_o, out2_valid_o, out1_valid_o, out0_valid_o} = valid & more;
  assign ready = {out3_ready_i, out2_ready_i, out1_ready_i, out0_ready_i} & more;
  for (genvar i = 0; i < 4; i++) begin : gen_limit
    assign more[i] = count[i] != LIMITS[i*32+:32];
    always_ff @(posedge clk_i) begin
      if (valid[i] && ready[i]) count[i] <= count[i] + 1;
      if (!rst_ni) count[i] <= 0;
    end
  end

  weight_reader #(
      .PORTS  (4),
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
      .start_i(start),
      .base_i(base),
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
      .valid_o(valid),
      .ready_i(ready),
      .data_o(data)
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
