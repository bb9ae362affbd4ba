`default_nettype none

/// axi_lite_registers with gates at its inputs, for `axi_lite_registers_cocotb.py`. A frame has 5 - i beats on input i.
module registers_top #(
    parameter int INPUTS = 1,
    parameter int OUTPUTS = 1,
    parameter MODEL_HASH = 0
) (
    input  wire               clk_i,
    input  wire               rst_ni,
    input  wire               s_axil_awvalid,
    output wire               s_axil_awready,
    input  wire [       11:0] s_axil_awaddr,
    input  wire               s_axil_wvalid,
    output wire               s_axil_wready,
    input  wire [       31:0] s_axil_wdata,
    input  wire [        3:0] s_axil_wstrb,
    output wire               s_axil_bvalid,
    input  wire               s_axil_bready,
    output wire [        1:0] s_axil_bresp,
    input  wire               s_axil_arvalid,
    output wire               s_axil_arready,
    input  wire [       11:0] s_axil_araddr,
    output wire               s_axil_rvalid,
    input  wire               s_axil_rready,
    output wire [       31:0] s_axil_rdata,
    output wire [        1:0] s_axil_rresp,
    input  wire [ INPUTS-1:0] in_valid_i,
    output wire [ INPUTS-1:0] in_ready_o,
    output wire [ INPUTS-1:0] out_valid_o,
    input  wire [ INPUTS-1:0] out_ready_i,
    input  wire [OUTPUTS-1:0] out_last_i,
    output wire               weights_start_o,
    output wire [       63:0] weights_base_o,
    input  wire               weights_error_i
);

  wire [INPUTS-1:0] enable, first, last;

  for (genvar i = 0; i < INPUTS; i++) begin : gen_gate
    frame_gate #(
        .BEATS(5 - i)
    ) i_gate (
        .clk_i,
        .rst_ni,
        .enable_i(enable[i]),
        .in0_valid_i(in_valid_i[i]),
        .in0_ready_o(in_ready_o[i]),
        .out0_valid_o(out_valid_o[i]),
        .out0_ready_i(out_ready_i[i]),
        .first_o(first[i]),
        .last_o(last[i])
    );
  end

  axi_lite_registers #(
      .INPUTS(INPUTS),
      .OUTPUTS(OUTPUTS),
      .MODEL_HASH(128'(MODEL_HASH))
  ) i_registers (
      .clk_i,
      .rst_ni,
      .awvalid_i(s_axil_awvalid),
      .awready_o(s_axil_awready),
      .awaddr_i(s_axil_awaddr),
      .wvalid_i(s_axil_wvalid),
      .wready_o(s_axil_wready),
      .wdata_i(s_axil_wdata),
      .wstrb_i(s_axil_wstrb),
      .bvalid_o(s_axil_bvalid),
      .bready_i(s_axil_bready),
      .bresp_o(s_axil_bresp),
      .arvalid_i(s_axil_arvalid),
      .arready_o(s_axil_arready),
      .araddr_i(s_axil_araddr),
      .rvalid_o(s_axil_rvalid),
      .rready_i(s_axil_rready),
      .rdata_o(s_axil_rdata),
      .rresp_o(s_axil_rresp),
      .enable_o(enable),
      .in_first_i(first),
      .in_last_i(last),
      .out_last_i,
      .weights_start_o,
      .weights_base_o,
      .weights_error_i
  );

endmodule

`default_nettype wire
