`default_nettype none

/// AXI4-Lite registers of a design: identity, start and stop at frame borders, counters, address of the weights.
///
/// The map is that of `codesign/emit/rtl/registers.py`. Addresses are those of words, their low two bits are ignored.
/// Words that are not in the map, and writes of what is only read, are answered with SLVERR and change nothing, as are
/// writes of the weights' address after the first start; such a read gives 0. Write address and write data may come in
/// any order; each channel holds one item, so a read or a write is done every second cycle. No output depends on an
/// input of the same cycle.
///
/// The design tells which first and last beats of frames pass, for each of its streams (`frame_gate`, `tlast`). A
/// frame has begun with its first beat on any input, is in with its last beat on all inputs, and out with its last
/// beat on all outputs; streams may be up to 255 frames apart, and 65,535 frames in flight. An input is open
/// (`enable_o`) while the design runs, until the frame that passes is in, and while another input is ahead.
module axi_lite_registers #(
    parameter int INPUTS = 1,  // stream inputs of the design
    parameter int OUTPUTS = 1,  // stream outputs of the design
    parameter logic [127:0] MODEL_HASH = '0  // digest of the network, to be read
) (
    input wire clk_i,
    input wire rst_ni,

    input  wire         awvalid_i,
    output logic        awready_o,
    input  wire  [11:0] awaddr_i,
    input  wire         wvalid_i,
    output logic        wready_o,
    input  wire  [31:0] wdata_i,
    input  wire  [ 3:0] wstrb_i,
    output logic        bvalid_o,
    input  wire         bready_i,
    output logic [ 1:0] bresp_o,
    input  wire         arvalid_i,
    output logic        arready_o,
    input  wire  [11:0] araddr_i,
    output logic        rvalid_o,
    input  wire         rready_i,
    output logic [31:0] rdata_o,
    output logic [ 1:0] rresp_o,

    output logic [ INPUTS-1:0] enable_o,
    input  wire  [ INPUTS-1:0] in_first_i,
    input  wire  [ INPUTS-1:0] in_last_i,
    input  wire  [OUTPUTS-1:0] out_last_i,

    output logic        weights_start_o,  // from the first start on
    output logic [63:0] weights_base_o,
    input  wire         weights_error_i   // a pulse or a level
);

  localparam logic [31:0] ID = 32'h43445347, MAP_VERSION = 32'h00010000;
  localparam logic [11:0] AT_ID = 12'h000;
  localparam logic [11:0] AT_MAP_VERSION = 12'h004;
  localparam logic [11:0] AT_MODEL_HASH_0 = 12'h010;
  localparam logic [11:0] AT_MODEL_HASH_1 = 12'h014;
  localparam logic [11:0] AT_MODEL_HASH_2 = 12'h018;
  localparam logic [11:0] AT_MODEL_HASH_3 = 12'h01c;
  localparam logic [11:0] AT_CONTROL = 12'h020;
  localparam logic [11:0] AT_STATUS = 12'h024;
  localparam logic [11:0] AT_ERRORS = 12'h028;
  localparam logic [11:0] AT_FRAMES_IN = 12'h030;
  localparam logic [11:0] AT_FRAMES_OUT = 12'h034;
  localparam logic [11:0] AT_INTERVAL_CYCLES = 12'h038;
  localparam logic [11:0] AT_LATENCY_CYCLES = 12'h03c;
  localparam logic [11:0] AT_CYCLES_LOW = 12'h040;
  localparam logic [11:0] AT_CYCLES_HIGH = 12'h044;
  localparam logic [11:0] AT_WEIGHTS_BASE_LOW = 12'h048;
  localparam logic [11:0] AT_WEIGHTS_BASE_HIGH = 12'h04c;

  localparam logic [1:0] OKAY = 2'b00, SLVERR = 2'b10;
  wire unused = &{1'b0, awaddr_i[1:0], araddr_i[1:0]};

  if (INPUTS < 1 || OUTPUTS < 1) begin : gen_check
    $fatal(1, "%m: INPUTS = %0d and OUTPUTS = %0d must be positive", INPUTS, OUTPUTS);
  end

  // Frames, by streams: begun or over on it, modulo 256.
  logic run;
  logic [INPUTS-1:0][7:0] begun_on, in_on;
  logic [OUTPUTS-1:0][7:0] out_on;
  logic [INPUTS-1:0] leads, in_done, amid, behind;
  logic [OUTPUTS-1:0] out_done;
  logic [31:0] begun, frames_in, frames_out;
  logic [15:0] in_flight;
  wire begins = |(in_first_i & leads);
  wire is_in = &(in_done | in_last_i);
  wire is_out = &(out_done | out_last_i);
  wire [31:0] begun_next = begun + 32'(begins);
  wire busy = in_flight != '0;
  wire running = |enable_o;

  for (genvar i = 0; i < INPUTS; i++) begin : gen_input
    wire [7:0] begun_on_next = begun_on[i] + 8'(in_first_i[i]);
    assign leads[i]   = begun_on[i] == begun[7:0];
    assign in_done[i] = in_on[i] != frames_in[7:0];
    assign behind[i]  = begun_on_next != begun_next[7:0];
    always_ff @(posedge clk_i) begin
      begun_on[i] <= begun_on_next;
      in_on[i]    <= in_on[i] + 8'(in_last_i[i]);
      amid[i]     <= (amid[i] || in_first_i[i]) && !in_last_i[i];
      enable_o[i] <= run || ((amid[i] || in_first_i[i]) && !in_last_i[i]) || behind[i];
      if (!rst_ni) begin
        begun_on[i] <= '0;
        in_on[i]    <= '0;
        amid[i]     <= 0;
        enable_o[i] <= 0;
      end
    end
  end
  for (genvar i = 0; i < OUTPUTS; i++) begin : gen_output
    assign out_done[i] = out_on[i] != frames_out[7:0];
    always_ff @(posedge clk_i) begin
      out_on[i] <= out_on[i] + 8'(out_last_i[i]);
      if (!rst_ni) out_on[i] <= '0;
    end
  end

  // Cycles; a frame is measured when none is.
  logic [63:0] cycles;
  logic [31:0] interval_cycles, latency_cycles, out_cycle, first_cycle, measured;
  logic measuring, any_out;
  wire measured_is_out = measuring && is_out && frames_out == measured;

  always_ff @(posedge clk_i) begin
    cycles     <= cycles + 1'b1;
    begun      <= begun_next;
    frames_in  <= frames_in + 32'(is_in);
    frames_out <= frames_out + 32'(is_out);
    in_flight  <= in_flight + 16'(begins) - 16'(is_out);
    if (is_out) begin
      out_cycle <= cycles[31:0];
      any_out   <= 1;
      if (any_out) interval_cycles <= cycles[31:0] - out_cycle;
    end
    if (measured_is_out) latency_cycles <= cycles[31:0] - first_cycle;
    if (begins && (!measuring || measured_is_out)) begin
      first_cycle <= cycles[31:0];
      measured    <= begun;
      measuring   <= 1;
    end else if (measured_is_out) begin
      measuring <= 0;
    end
    if (!rst_ni) begin
      cycles          <= '0;
      begun           <= '0;
      frames_in       <= '0;
      frames_out      <= '0;
      in_flight       <= '0;
      interval_cycles <= '0;
      latency_cycles  <= '0;
      measuring       <= 0;
      any_out         <= 0;
    end
  end

  // Writing.
  logic [11:0] awaddr;
  logic [31:0] wdata;
  logic [3:0] wstrb;
  logic weight_error;
  wire write = !awready_o && !wready_o && (!bvalid_o || bready_i);

  function automatic logic [31:0] merged(logic [31:0] old, logic [31:0] data, logic [3:0] strobes);
    for (int i = 0; i < 4; i++) merged[i*8+:8] = strobes[i] ? data[i*8+:8] : old[i*8+:8];
  endfunction

  always_ff @(posedge clk_i) begin
    if (awready_o) awaddr <= {awaddr_i[11:2], 2'b00};
    if (wready_o) {wdata, wstrb} <= {wdata_i, wstrb_i};
    awready_o <= write || (awready_o && !awvalid_i);
    wready_o  <= write || (wready_o && !wvalid_i);
    if (bready_i) bvalid_o <= 0;
    if (write) begin
      bvalid_o <= 1;
      bresp_o  <= OKAY;
      case (awaddr)
        AT_CONTROL: begin
          if (wstrb[0]) begin
            run <= wdata[0];
            if (wdata[0]) weights_start_o <= 1;
          end
        end
        AT_ERRORS: if (wstrb[0] && wdata[0]) weight_error <= 0;
        AT_WEIGHTS_BASE_LOW:
        if (weights_start_o) bresp_o <= SLVERR;
        else weights_base_o[31:0] <= merged(weights_base_o[31:0], wdata, wstrb);
        AT_WEIGHTS_BASE_HIGH:
        if (weights_start_o) bresp_o <= SLVERR;
        else weights_base_o[63:32] <= merged(weights_base_o[63:32], wdata, wstrb);
        default: bresp_o <= SLVERR;
      endcase
    end
    if (weights_error_i) weight_error <= 1;
    if (!rst_ni) begin
      awready_o       <= 1;
      wready_o        <= 1;
      bvalid_o        <= 0;
      run             <= 0;
      weight_error    <= 0;
      weights_start_o <= 0;
      weights_base_o  <= '0;
    end
  end

  // Reading.
  logic [11:0] araddr;
  logic [31:0] cycles_high;
  wire read = !arready_o && (!rvalid_o || rready_i);

  always_ff @(posedge clk_i) begin
    if (arready_o) araddr <= {araddr_i[11:2], 2'b00};
    arready_o <= read || (arready_o && !arvalid_i);
    if (rready_i) rvalid_o <= 0;
    if (read) begin
      rvalid_o <= 1;
      rresp_o  <= OKAY;
      case (araddr)
        AT_ID: rdata_o <= ID;
        AT_MAP_VERSION: rdata_o <= MAP_VERSION;
        AT_MODEL_HASH_0: rdata_o <= MODEL_HASH[127:96];
        AT_MODEL_HASH_1: rdata_o <= MODEL_HASH[95:64];
        AT_MODEL_HASH_2: rdata_o <= MODEL_HASH[63:32];
        AT_MODEL_HASH_3: rdata_o <= MODEL_HASH[31:0];
        AT_CONTROL: rdata_o <= 32'(run);
        AT_STATUS: rdata_o <= 32'({!running && !busy, busy, running});
        AT_ERRORS: rdata_o <= 32'(weight_error);
        AT_FRAMES_IN: rdata_o <= frames_in;
        AT_FRAMES_OUT: rdata_o <= frames_out;
        AT_INTERVAL_CYCLES: rdata_o <= interval_cycles;
        AT_LATENCY_CYCLES: rdata_o <= latency_cycles;
        AT_CYCLES_LOW: {cycles_high, rdata_o} <= cycles;
        AT_CYCLES_HIGH: rdata_o <= cycles_high;
        AT_WEIGHTS_BASE_LOW: rdata_o <= weights_base_o[31:0];
        AT_WEIGHTS_BASE_HIGH: rdata_o <= weights_base_o[63:32];
        default: {rresp_o, rdata_o} <= {SLVERR, 32'd0};
      endcase
    end
    if (!rst_ni) begin
      arready_o   <= 1;
      rvalid_o    <= 0;
      cycles_high <= '0;
    end
  end

`ifndef SYNTHESIS
  assert property (@(posedge clk_i) disable iff (!rst_ni) (in_first_i & ~enable_o) == '0)
  else $error("%m: a frame began on a closed input");
  assert property (@(posedge clk_i) disable iff (!rst_ni) is_out |-> busy || begins)
  else $error("%m: a frame went out that had not come in");
`endif

endmodule

`default_nettype wire
