`default_nettype none

/// Every unit of every word comes out once, in order, and words are asked for only while there is room.
///
/// The reader of the memory keeps to what `weight_port` asks of it: it reserves only where `free_o` says so, and brings only
/// words that it has reserved, when it likes.
module prove_weight_port #(
    parameter int UNIT_BITS = 32,
    parameter int WORDS     = 2
) (
    input wire                    clk_i,
    input wire [64/UNIT_BITS-1:0] mark_i,
    input wire                    reserve_i,
    input wire                    load_i,
    input wire [            63:0] word_i,
    input wire                    ready_i
);

  localparam int UNITS = 64 / UNIT_BITS;
  logic rst_ni = 0;  // in the first cycle only
  always_ff @(posedge clk_i) rst_ni <= 1;
  logic free, valid;
  logic [UNIT_BITS-1:0] data;
  logic [2:0] coming;  // words reserved that have not come
  logic [2:0] here;  // words that have come and not left whole
  logic [$clog2(UNITS):0] unit;
  logic [2:0] idle;  // cycles without a unit while a word is here, or without room while there is none

  weight_port #(
      .UNIT_BITS(UNIT_BITS),
      .WORDS(WORDS)
  ) dut (
      .clk_i,
      .rst_ni,
      .free_o (free),
      .reserve_i,
      .load_i,
      .word_i,
      .valid_o(valid),
      .ready_i,
      .data_o (data)
  );
  stream_stable #(
      .WIDTH(UNIT_BITS)
  ) stable (
      .clk_i,
      .rst_ni,
      .valid_i(valid),
      .ready_i,
      .data_i (data)
  );
  for (genvar u = 0; u < UNITS; u++) begin : gen_unit
    channel_order #(
        .BITS(UNIT_BITS),
        .IN_LANES(UNITS),
        .IN_CHANNEL(u),
        .OUT_BEATS(UNITS),
        .OUT_CHANNEL(u),
        .MOST(WORDS)
    ) order (
        .clk_i,
        .rst_ni,
        .mark_i(mark_i[u]),
        .in_valid_i(load_i),
        .in_ready_i(1'b1),
        .in_data_i(word_i),
        .out_valid_i(valid),
        .out_ready_i(ready_i),
        .out_data_i(data)
    );
  end

  wire pop = valid && ready_i;
  wire ends = pop && int'(unit) == UNITS - 1;
  always_ff @(posedge clk_i) begin
    coming <= coming + 3'(reserve_i) - 3'(load_i);
    here   <= here + 3'(load_i) - 3'(ends);
    if (pop) unit <= ends ? '0 : unit + 1'b1;
    idle <= (here != '0 && !valid) || (here + coming < 3'(WORDS) && !free) ? idle + 1'b1 : '0;
    if (!rst_ni) begin
      coming <= '0;
      here   <= '0;
      unit   <= '0;
      idle   <= '0;
    end
  end

  always_comb begin
    if (rst_ni) begin
      assume (!reserve_i || free);
      assume (!load_i || coming != '0);
      no_more_than_there_is_room_for : assert (int'(here) + int'(coming) <= WORDS);
      no_deadlock : assert (int'(idle) < 2);
    end
  end

endmodule

`default_nettype wire
