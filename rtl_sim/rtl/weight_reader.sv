`default_nettype none

/// One AXI4 read master for all blocks whose weights come from memory.
///
/// Port r reads its region of the weight image over and over, `BURSTS[r]` bursts from burst number `OFFSETS[r]` on, of which
/// the last has `LASTS[r]` beats and all others BURST, and gets it as a stream of units of `UNITS[r]` bits, the low ones in
/// the low bits of its 64-bit field of `data_o`. Reading starts with `start_i`, from byte address `base_i`, a multiple of the
/// burst's bytes, so no burst crosses a 4 KB boundary. `beats_o` counts the beats that have come.
///
/// Behind the bus is a buffer of DEPTH beats for each port; a burst is asked for when there is room for all of it, so the
/// bus never waits (`rready` is constant) and no port can block another. Ports are asked in turn, and a buffered beat goes
/// in every cycle to the next of the ports, in turn, that has room for one. Responses must come in the order of the
/// requests (there is one ID); errors in them are counted nowhere, `error_o` stays high after one.
module weight_reader #(
    parameter int PORTS = 2,  // number of readers
    parameter int BURST = 8,  // beats of a full burst
    parameter int DEPTH = 16,  // a power of two, at least BURST
    parameter UNITS = 64'h0808,  // 8 bits each, port 0 low
    parameter OFFSETS = 64'h0000_0001_0000_0000,  // 32 bits each
    parameter BURSTS = 64'h0000_0001_0000_0001,  // 32 bits each
    parameter LASTS = 64'h0808,  // 8 bits each
    parameter WORDS = 64'h0202  // that a port holds, 8 bits each
) (
    input  wire                 clk_i,
    input  wire                 rst_ni,
    input  wire                 start_i,
    input  wire  [        31:0] base_i,
    output logic [        31:0] beats_o,
    output logic                error_o,
    output logic                arvalid_o,
    input  wire                 arready_i,
    output logic [        31:0] araddr_o,
    output logic [         7:0] arlen_o,
    output logic [         2:0] arsize_o,
    output logic [         1:0] arburst_o,
    input  wire                 rvalid_i,
    output logic                rready_o,
    input  wire  [        63:0] rdata_i,
    input  wire  [         1:0] rresp_i,
    input  wire                 rlast_i,
    output logic [   PORTS-1:0] valid_o,
    input  wire  [   PORTS-1:0] ready_i,
    output logic [PORTS*64-1:0] data_o
);

  localparam int SCAN = PORTS < 4 ? 4 : PORTS;  // a port is not looked at again before its last request is on record
  localparam int PORT_BITS = $clog2(SCAN);
  localparam int DEPTH_BITS = $clog2(DEPTH);
  localparam int BURST_BYTES_BITS = $clog2(BURST) + 3;
  localparam int BURST_BITS = 32 - BURST_BYTES_BITS;
  localparam int QUEUE_BITS = 4;

  if (DEPTH != 1 << DEPTH_BITS || DEPTH < BURST || BURST != 1 << $clog2(BURST) || BURST > 16) begin : gen_check
    $fatal(1, "%m: DEPTH = %0d and BURST = %0d must be powers of two, BURST <= 16", DEPTH, BURST);
  end

  // The tables, by port.
  localparam logic [SCAN*32-1:0] ALL_OFFSETS = (SCAN * 32)'(OFFSETS);
  localparam logic [SCAN*32-1:0] ALL_BURSTS = (SCAN * 32)'(BURSTS);
  localparam logic [SCAN*8-1:0] ALL_LASTS = (SCAN * 8)'(LASTS);
  localparam logic [SCAN*8-1:0] ALL_UNITS = (SCAN * 8)'(UNITS);
  localparam logic [SCAN*8-1:0] ALL_WORDS = (SCAN * 8)'(WORDS);

  typedef logic [SCAN*32-1:0] bursts_t;
  function automatic bursts_t last_bursts();
    for (int i = 0; i < SCAN; i++) last_bursts[i*32+:32] = ALL_OFFSETS[i*32+:32] + ALL_BURSTS[i*32+:32] - 1;
  endfunction
  localparam bursts_t ALL_FINALS = last_bursts();
  function automatic int highest_burst();
    highest_burst = 0;
    for (int i = 0; i < PORTS; i++) begin
      if (int'(ALL_FINALS[i*32+:32]) > highest_burst) highest_burst = int'(ALL_FINALS[i*32+:32]);
    end
  endfunction
  localparam int AT_BITS = $clog2(highest_burst() + 1);

  // State of each port, in beats modulo 2 * DEPTH: asked for, come, and handed on to the port; and its next burst.
  (* ram_style = "distributed" *) logic [DEPTH_BITS:0] asked[SCAN];
  (* ram_style = "distributed" *) logic [DEPTH_BITS:0] come[SCAN];
  (* ram_style = "distributed" *) logic [DEPTH_BITS:0] handed[SCAN];
  (* ram_style = "distributed" *) logic [AT_BITS-1:0] at[SCAN];
  logic clearing;  // one turn after reset, which writes the first state of all ports

  // Asking: one port is looked at in a cycle, its request made in the next.
  logic [PORT_BITS-1:0] scan, scanned;
  logic scan_last, look, request, queue_room;
  logic [AT_BITS-1:0] scanned_at, scanned_first, scanned_final;
  logic [DEPTH_BITS:0] scanned_asked, scanned_used;
  logic scanned_valid;
  logic [DEPTH_BITS:0] final_length;
  wire at_final = scanned_at == scanned_final;
  wire [DEPTH_BITS:0] length = at_final ? final_length : (DEPTH_BITS + 1)'(BURST);
  wire wanted = scanned_valid && scanned_used <= (DEPTH_BITS + 1)'(DEPTH - BURST);
  assign look = clearing || !wanted || request;
  assign request = wanted && queue_room && (!arvalid_o || arready_i);

  counter #(
      .COUNT(SCAN)
  ) i_scan (
      .clk_i,
      .rst_ni,
      .step_i (look),
      .count_o(scan),
      .last_o (scan_last)
  );

  assign arsize_o  = 3'd3;
  assign arburst_o = 2'b01;
  assign rready_o  = 1;

  always_ff @(posedge clk_i) begin
    if (look) begin
      scanned       <= scan;
      scanned_at    <= at[scan];
      scanned_first <= AT_BITS'(ALL_OFFSETS[scan*32+:32]);
      scanned_final <= AT_BITS'(ALL_FINALS[scan*32+:32]);
      final_length  <= (DEPTH_BITS + 1)'(ALL_LASTS[scan*8+:8]);
      scanned_asked <= asked[scan];
      scanned_used  <= asked[scan] - handed[scan];
      scanned_valid <= start_i && !clearing && 32'(scan) < PORTS;
    end
    if (scan_last) clearing <= 0;
    if (request) begin
      araddr_o <= base_i + {BURST_BITS'(scanned_at), {BURST_BYTES_BITS{1'b0}}};
      arlen_o  <= 8'(length - 1'b1);
    end
    if (request || arready_i) arvalid_o <= request;
    if (clearing || request) begin
      asked[clearing?scan : scanned] <= clearing ? '0 : scanned_asked + length;
      at[clearing ? scan : scanned] <=
          clearing ? AT_BITS'(ALL_OFFSETS[scan*32+:32]) : at_final ? scanned_first : scanned_at + 1'b1;
    end
    if (!rst_ni) begin
      clearing      <= 1;
      scanned_valid <= 0;
      arvalid_o     <= 0;
    end
  end

  // Receiving: bursts come in the order in which they were asked for.
  (* ram_style = "distributed" *) logic [PORT_BITS+DEPTH_BITS:0] queue[1<<QUEUE_BITS];
  logic [QUEUE_BITS-1:0] queue_in, queue_out;
  logic [ QUEUE_BITS:0] queue_count;
  logic [PORT_BITS-1:0] owner;
  logic [DEPTH_BITS:0] owner_asked, place;
  logic [$clog2(BURST)-1:0] beat;
  assign {owner, owner_asked} = queue[queue_out];
  assign place = owner_asked + (DEPTH_BITS + 1)'(beat);
  assign queue_room = !queue_count[QUEUE_BITS];

  always_ff @(posedge clk_i) begin
    if (request) begin
      queue[queue_in] <= {scanned, scanned_asked};
      queue_in <= queue_in + 1'b1;
    end
    if (rvalid_i) begin
      beat <= rlast_i ? '0 : beat + 1'b1;
      if (rlast_i) queue_out <= queue_out + 1'b1;
      beats_o <= beats_o + 1'b1;
      if (rresp_i != '0) error_o <= 1;
    end
    queue_count <= queue_count + (QUEUE_BITS + 1)'(request) - (QUEUE_BITS + 1)'(rvalid_i && rlast_i);
    if (clearing || rvalid_i) come[clearing?scan : owner] <= clearing ? '0 : place + 1'b1;
    if (!rst_ni) begin
      queue_in    <= '0;
      queue_out   <= '0;
      queue_count <= '0;
      beat        <= '0;
      beats_o     <= '0;
      error_o     <= 0;
    end
  end

  // Handing on. A port served in the last two cycles may still look free; `give` looks again.
  logic [PORT_BITS-1:0] served, given, loaded;
  logic [DEPTH_BITS:0] served_handed;
  logic [SCAN-1:0] free, later, candidates;  // later: numbers above that of the port chosen last
  logic give, given_valid, loaded_valid;
  assign candidates = |(free & later) ? free & later : free;
  wire [SCAN-1:0] chosen = candidates & (~candidates + 1'b1);
  assign served_handed = handed[served];
  assign give = !clearing && free[served] && served_handed != come[served];

  function automatic logic [PORT_BITS-1:0] number(input logic [SCAN-1:0] one);
    number = '0;
    for (int i = 0; i < SCAN; i++) if (one[i]) number |= PORT_BITS'(i);
  endfunction

  always_ff @(posedge clk_i) begin
    served       <= number(chosen);
    later        <= ~(chosen | (chosen - 1'b1));
    given        <= served;
    given_valid  <= give;
    loaded       <= given;
    loaded_valid <= given_valid;
    if (clearing || give) handed[clearing?scan : served] <= clearing ? '0 : served_handed + 1'b1;
    if (!rst_ni) begin
      served       <= '0;
      later        <= '0;
      given_valid  <= 0;
      loaded_valid <= 0;
    end
  end

  logic [63:0] read, word;
  always_ff @(posedge clk_i) word <= read;
  ram #(
      .DEPTH(SCAN * DEPTH),
      .WIDTH(64),
      .BLOCK(1)
  ) i_buffer (
      .clk_i,
      .wen_i  (rvalid_i),
      .waddr_i({owner, place[DEPTH_BITS-1:0]}),
      .data_i (rdata_i),
      .ren_i  (give),
      .raddr_i({served, served_handed[DEPTH_BITS-1:0]}),
      .data_o (read)
  );

  if (SCAN > PORTS) begin : gen_no_port
    assign free[SCAN-1:PORTS] = '0;
  end
  for (genvar r = 0; r < PORTS; r++) begin : gen_port
    localparam int UNIT = int'(ALL_UNITS[r*8+:8]);
    weight_port #(
        .UNIT_BITS(UNIT),
        .WORDS(int'(ALL_WORDS[r*8+:8]))
    ) i_port (
        .clk_i,
        .rst_ni,
        .free_o   (free[r]),
        .reserve_i(give && served == PORT_BITS'(r)),
        .load_i   (loaded_valid && loaded == PORT_BITS'(r)),
        .word_i   (word),
        .valid_o  (valid_o[r]),
        .ready_i  (ready_i[r]),
        .data_o   (data_o[r*64+:UNIT])
    );
    if (UNIT < 64) begin : gen_unused
      assign data_o[r*64+UNIT+:64-UNIT] = '0;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && rvalid_i && queue_count == '0) $fatal(1, "%m: a beat came that was not asked for");
    if (rst_ni && start_i && |base_i[BURST_BYTES_BITS-1:0]) $fatal(1, "%m: base address %h is not aligned", base_i);
  end
`endif

endmodule

`default_nettype wire
