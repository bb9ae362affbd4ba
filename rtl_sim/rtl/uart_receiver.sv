`default_nettype none

/// Bytes of a serial line: 8 bits, lowest first, no parity, one stop bit, BIT_CYCLES cycles a bit.
///
/// A byte is there for one cycle and cannot be held up. Bits are sampled in their middle; a byte without a stop bit is
/// dropped. `break_o` is high while the line has been low for more than two bytes: the sender asks for a new start.
module uart_receiver #(
    parameter int BIT_CYCLES = 100  // clock cycles of a bit on the line
) (
    input  wire        clk_i,
    input  wire        rst_ni,
    input  wire        rx_i,
    output logic       valid_o,
    output logic [7:0] data_o,
    output logic       break_o
);

  localparam int COUNT = $clog2(BIT_CYCLES);
  localparam int LONG = 20 * BIT_CYCLES;

  if (BIT_CYCLES < 4) begin : gen_check
    $fatal(1, "%m: BIT_CYCLES = %0d must be 4 at least", BIT_CYCLES);
  end

  logic [1:0] synchronized;
  logic line, busy, middle;
  logic [         COUNT-1:0] left;  // cycles to the middle of the next bit
  logic [               3:0] bits;  // taken of start bit, byte and stop bit
  logic [$clog2(LONG+1)-1:0] low;
  assign line = synchronized[1];
  assign middle = busy && left == '0;
  assign break_o = low == $bits(low)'(LONG);

  always_ff @(posedge clk_i) begin
    synchronized <= {synchronized[0], rx_i};
    valid_o <= middle && bits == 9 && line;
    if (middle && bits < 9) data_o <= {line, data_o[7:1]};
    left <= left == '0 ? COUNT'(BIT_CYCLES - 1) : left - 1'b1;
    if (!busy) begin
      busy <= !line;
      bits <= '0;
      left <= COUNT'(BIT_CYCLES / 2 - 1);
    end else if (middle) begin
      bits <= bits + 1'b1;
      if (bits == 9 || (bits == 0 && line)) busy <= 0;
    end
    low <= line ? '0 : break_o ? low : low + 1'b1;
    if (break_o) busy <= 0;  // or its end would look like that of a byte
    if (!rst_ni) begin
      synchronized <= '1;
      {valid_o, busy} <= '0;
      low <= '0;
    end
  end

endmodule

`default_nettype wire
