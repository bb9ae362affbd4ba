`default_nettype none

/// Sends bytes over a serial line: 8 bits, lowest first, no parity, one stop bit, BIT_CYCLES cycles a bit.
module uart_transmitter #(
    parameter int BIT_CYCLES = 100  // clock cycles of a bit on the line
) (
    input  wire        clk_i,
    input  wire        rst_ni,
    input  wire        in0_valid_i,
    output logic       in0_ready_o,
    input  wire  [7:0] in0_data_i,
    output logic       tx_o
);

  localparam int COUNT = $clog2(BIT_CYCLES);

  if (BIT_CYCLES < 2) begin : gen_check
    $fatal(1, "%m: BIT_CYCLES = %0d must be 2 at least", BIT_CYCLES);
  end

  logic [COUNT-1:0] left;
  logic [3:0] bits;  // still to be sent
  logic [8:0] waiting;  // bits after the one on the line
  assign in0_ready_o = bits == '0;

  always_ff @(posedge clk_i) begin
    left <= left == '0 ? COUNT'(BIT_CYCLES - 1) : left - 1'b1;
    if (in0_ready_o) begin
      left <= COUNT'(BIT_CYCLES - 1);
      if (in0_valid_i) begin
        {waiting, tx_o} <= {1'b1, in0_data_i, 1'b0};
        bits <= 10;
      end
    end else if (left == '0) begin
      {waiting, tx_o} <= {1'b1, waiting};
      bits <= bits - 1'b1;
    end
    if (!rst_ni) begin
      tx_o <= 1;
      bits <= '0;
    end
  end

endmodule

`default_nettype wire
