`default_nettype none

/// Does the reads and writes of registers that the compiled harness asks for, one after another, over AXI4-Lite.
///
/// The harness decides which of address and data of a write comes first, and how long an answer waits to be taken.
/// Answers must stay until they are taken, come only when asked for, and be OKAY, or SLVERR to what must be refused.
module register_master #(
    parameter int WRITES = -1,  // number of the channel of answers to writes, for violations
    parameter int READS  = -2   // of answers to reads
) (
    input  wire         clk_i,
    input  wire         rst_ni,
    output logic        awvalid_o,
    input  wire         awready_i,
    output logic [11:0] awaddr_o,
    output logic        wvalid_o,
    input  wire         wready_i,
    output logic [31:0] wdata_o,
    output logic [ 3:0] wstrb_o,
    input  wire         bvalid_i,
    output logic        bready_o,
    input  wire  [ 1:0] bresp_i,
    output logic        arvalid_o,
    input  wire         arready_i,
    output logic [11:0] araddr_o,
    input  wire         rvalid_i,
    output logic        rready_o,
    input  wire  [31:0] rdata_i,
    input  wire  [ 1:0] rresp_i
);

  /// The next access: 0 while there is none, 1 for a read, 2 for a write.
  import "DPI-C" function int network_access();
  import "DPI-C" function int unsigned network_access_address();
  import "DPI-C" function int unsigned network_access_data();
  import "DPI-C" function int unsigned network_access_strobes();
  /// Whether it must be answered with SLVERR.
  import "DPI-C" function bit network_access_refused();
  /// A random number below `limit`.
  import "DPI-C" function int network_delay(input int limit);
  /// The access is done, with what was read.
  import "DPI-C" function void network_accessed(input int unsigned data);
  import "DPI-C" function void network_violation(
    input int id,
    input int rule
  );

  localparam int UNASKED = 4, WRONG_ANSWER = 5;
  localparam logic [1:0] OKAY = 2'b00, SLVERR = 2'b10;

  stream_rules #(
      .ID(WRITES),
      .WIDTH(2),
      .PORT(1)
  ) i_b (
      .clk_i,
      .rst_ni,
      .valid_i(bvalid_i),
      .ready_i(bready_o),
      .last_i (1'b0),
      .data_i (bresp_i)
  );
  stream_rules #(
      .ID(READS),
      .WIDTH(34),
      .PORT(1)
  ) i_r (
      .clk_i,
      .rst_ni,
      .valid_i(rvalid_i),
      .ready_i(rready_o),
      .last_i (1'b0),
      .data_i ({rresp_i, rdata_i})
  );

  logic writing, reading;  // until the answer is taken
  int address_in, data_in, answer_in;  // cycles to wait

  always_ff @(posedge clk_i) begin
    if (awready_i) awvalid_o <= 0;
    if (wready_i) wvalid_o <= 0;
    if (arready_i) arvalid_o <= 0;
    address_in <= address_in - 1;
    data_in    <= data_in - 1;
    answer_in  <= answer_in - 1;
    if (address_in == 0) awvalid_o <= writing;
    if (address_in == 0) arvalid_o <= reading;
    if (data_in == 0) wvalid_o <= writing;
    bready_o <= writing && answer_in <= 0 && !(bvalid_i && bready_o);
    rready_o <= reading && answer_in <= 0 && !(rvalid_i && rready_o);
    if (rst_ni && bvalid_i && (!writing || awvalid_o || wvalid_o)) network_violation(WRITES, UNASKED);
    if (rst_ni && rvalid_i && (!reading || arvalid_o)) network_violation(READS, UNASKED);
    if (rst_ni && ((bvalid_i && bready_o) || (rvalid_i && rready_o))) begin
      automatic logic [1:0] due = network_access_refused() ? SLVERR : OKAY;
      if (writing && bresp_i != due) network_violation(WRITES, WRONG_ANSWER);
      if (reading && rresp_i != due) network_violation(READS, WRONG_ANSWER);
      network_accessed(rdata_i);
      {writing, reading} <= '0;
    end
    if (!writing && !reading) begin
      automatic int next = network_access();
      reading    <= next == 1;
      writing    <= next == 2;
      awaddr_o   <= 12'(network_access_address());
      araddr_o   <= 12'(network_access_address());
      wdata_o    <= network_access_data();
      wstrb_o    <= 4'(network_access_strobes());
      address_in <= network_delay(4);
      data_in    <= network_delay(4);
      answer_in  <= network_delay(16);
    end
    if (!rst_ni) begin
      {awvalid_o, wvalid_o, arvalid_o, bready_o, rready_o, writing, reading} <= '0;
    end
  end

endmodule

`default_nettype wire
