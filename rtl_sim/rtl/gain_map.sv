`default_nettype none
// verilator lint_off PINCONNECTEMPTY

/// Multiplies every pixel by the gain of its row and that of its column, LANES channels at once: `mul` by a value a pixel.
///
/// A word of each table is read a pixel ahead. GAIN_BITS must hold every product of two gains, OUT_BITS every result.
/// Takes a beat a cycle from the second one after reset on. Cuts all combinatorial paths. Latency three cycles.
module gain_map #(
    parameter int LANES = 1,  // channels a beat
    parameter int BEATS = 4,  // beats of a pixel
    parameter int ROWS = 4,  // rows of the map
    parameter int COLUMNS = 4,  // columns of the map
    parameter int IN_BITS = 12,  // bits of an input lane
    parameter bit IN_SIGNED = 0,  // input lanes are signed
    parameter int ROW_BITS = 2,  // bits of a row's gain
    parameter int COLUMN_BITS = 2,  // bits of a column's gain
    parameter int GAIN_BITS = 4,  // bits of a pixel's gain
    parameter int OUT_BITS = 16,  // bits of an output lane
    parameter ROW_FILE = "",  // memory file of the gain of each row
    parameter COLUMN_FILE = ""  // memory file of the gain of each column
) (
    input  wire                       clk_i,
    input  wire                       rst_ni,
    input  wire                       in0_valid_i,
    output logic                      in0_ready_o,
    input  wire  [ LANES*IN_BITS-1:0] in0_data_i,
    output logic                      out0_valid_o,
    input  wire                       out0_ready_i,
    output logic [LANES*OUT_BITS-1:0] out0_data_o
);

  localparam int Y_BITS = ROWS > 1 ? $clog2(ROWS) : 1;
  localparam int X_BITS = COLUMNS > 1 ? $clog2(COLUMNS) : 1;

  logic valid, ready, step, x_last;
  logic [     Y_BITS-1:0] y;
  logic [     X_BITS-1:0] x;
  logic [   ROW_BITS-1:0] row;
  logic [COLUMN_BITS-1:0] column;

  // y, x: the place whose gains are read next
  assign step = ready || !valid;
  always_ff @(posedge clk_i) begin
    valid <= rst_ni;
  end
  counter #(
      .COUNT(COLUMNS)
  ) i_x (
      .clk_i,
      .rst_ni,
      .step_i (step),
      .count_o(x),
      .last_o (x_last)
  );
  counter #(
      .COUNT(ROWS)
  ) i_y (
      .clk_i,
      .rst_ni,
      .step_i (step && x_last),
      .count_o(y),
      .last_o ()
  );
  rom #(
      .DEPTH(ROWS),
      .WIDTH(ROW_BITS),
      .DATA_FILE(ROW_FILE)
  ) i_rows (
      .clk_i,
      .en_i  (step),
      .addr_i(y),
      .data_o(row)
  );
  rom #(
      .DEPTH(COLUMNS),
      .WIDTH(COLUMN_BITS),
      .DATA_FILE(COLUMN_FILE)
  ) i_columns (
      .clk_i,
      .en_i  (step),
      .addr_i(x),
      .data_o(column)
  );

  mul #(
      .LANES(LANES),
      .BEATS(BEATS),
      .SPREAD(1),
      .IN0_BITS(IN_BITS),
      .IN0_SIGNED(IN_SIGNED),
      .IN1_BITS(GAIN_BITS),
      .OUT_BITS(OUT_BITS)
  ) i_mul (
      .clk_i,
      .rst_ni,
      .in0_valid_i,
      .in0_ready_o,
      .in0_data_i,
      .in1_valid_i(valid),
      .in1_ready_o(ready),
      .in1_data_i (GAIN_BITS'(row) * GAIN_BITS'(column)),
      .out0_valid_o,
      .out0_ready_i,
      .out0_data_o
  );

endmodule

// verilator lint_on PINCONNECTEMPTY
`default_nettype wire
