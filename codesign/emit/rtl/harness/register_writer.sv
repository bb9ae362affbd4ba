`default_nettype none

/// Writes one register over AXI4-Lite after reset.
module register_writer #(
    parameter logic [11:0] ADDRESS = 0,
    parameter logic [31:0] DATA = 0
) (
    input  wire         clk_i,
    input  wire         rst_ni,
    output logic        awvalid_o,
    input  wire         awready_i,
    output logic [11:0] awaddr_o,
    output logic        wvalid_o,
    input  wire         wready_i,
    output logic [31:0] wdata_o
);

  assign awaddr_o = ADDRESS;
  assign wdata_o  = DATA;

  always_ff @(posedge clk_i) begin
    if (awready_i) awvalid_o <= 0;
    if (wready_i) wvalid_o <= 0;
    if (!rst_ni) begin
      awvalid_o <= 1;
      wvalid_o  <= 1;
    end
  end

endmodule

`default_nettype wire
