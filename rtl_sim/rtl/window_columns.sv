`default_nettype none
// verilator lint_off PINCONNECTEMPTY

/// The columns of KERNEL_Y pixels that windows are made of: for each row of windows the frame's columns in turn, each in
/// BEATS beats, one a cycle. `out0_last_o` is high with the last beat of a row.
///
/// Row n, counted on across frames, lies in bank `n mod KERNEL_Y`, which holds the last SLOTS of its rows: all pixels of a
/// column are read at once. `ring_counts` says when; pixels above and below the frame are zero. Once a column's first
/// beat is out, the others follow without a gap. The path from `out0_ready_i` to clock enables inside is combinatorial,
/// `in0_ready_o` is a register's.
module window_columns #(
    parameter int WIDTH = 8,  // bits of a beat
    parameter int BEATS = 4,  // beats of a pixel
    parameter int IN_Y = 4,  // rows of the input map
    parameter int IN_X = 4,  // columns of the input map
    parameter int OUT_Y = 4,  // rows of windows
    parameter int KERNEL_Y = 3,  // rows of the kernel
    parameter int STRIDE_Y = 1,  // rows from one window to the next
    parameter int PAD_Y = 1,  // rows of padding above the map
    parameter int SLOTS = 1,  // rows that a bank holds, a power of two
    parameter bit BLOCK = 0  // 1 takes block RAM, 0 takes LUT RAM
) (
    input  wire                            clk_i,
    input  wire                            rst_ni,
    input  wire                            in0_valid_i,
    output logic                           in0_ready_o,
    input  wire  [   WIDTH-1:0]            in0_data_i,
    output logic                           out0_valid_o,
    input  wire                            out0_ready_i,
    output logic [KERNEL_Y-1:0][WIDTH-1:0] out0_data_o,
    output logic                           out0_last_o
);

  localparam int ROW = IN_X * BEATS;
  // Rows from a frame's last row of windows to the next frame's first; pixels between the origins of columns.
  localparam int ROWS_FRAME = IN_Y - (OUT_Y - 1) * STRIDE_Y;
  localparam int JUMP_ROW = (STRIDE_Y - 1) * IN_X + 1;
  localparam int JUMP_FRAME = (ROWS_FRAME - 1) * IN_X + 1;
  localparam int JUMP_BITS = $clog2((JUMP_ROW > JUMP_FRAME ? JUMP_ROW : JUMP_FRAME) + 1);
  localparam int PLACE_BITS = ROW > 1 ? $clog2(ROW) : 1;
  localparam int ADDR_BITS = ROW * SLOTS > 1 ? $clog2(ROW * SLOTS) : 1;
  localparam int BANK_BITS = KERNEL_Y > 1 ? $clog2(KERNEL_Y) : 1;
  localparam int SLOT_BITS = SLOTS > 1 ? $clog2(SLOTS) : 1;
  localparam int Y_BITS = OUT_Y > 1 ? $clog2(OUT_Y) : 1;

  if (ROWS_FRAME < 1 || PAD_Y >= KERNEL_Y) begin : gen_check
    $fatal(1, "%m: padding must be smaller than the kernel");
  end
  if ((SLOTS & (SLOTS - 1)) != 0) begin : gen_check_slots
    $fatal(1, "%m: SLOTS = %0d is no power of two", SLOTS);
  end

  function automatic logic [ADDR_BITS-1:0] word(input logic [PLACE_BITS-1:0] place, input logic [SLOT_BITS-1:0] slot);
    return ADDR_BITS'({place, slot} >> (SLOT_BITS - $clog2(SLOTS)));
  endfunction

  // Writing: a row lies in the next bank, and those after KERNEL_Y rows in the next slot.
  logic write, write_row, write_round;
  logic [PLACE_BITS-1:0] write_place;
  logic [ BANK_BITS-1:0] write_bank;
  logic [ SLOT_BITS-1:0] write_slot;
  counter #(
      .COUNT(ROW)
  ) i_write_place (
      .clk_i,
      .rst_ni,
      .step_i (write),
      .count_o(write_place),
      .last_o (write_row)
  );
  counter #(
      .COUNT(KERNEL_Y)
  ) i_write_bank (
      .clk_i,
      .rst_ni,
      .step_i (write && write_row),
      .count_o(write_bank),
      .last_o (write_round)
  );
  counter #(
      .COUNT(SLOTS)
  ) i_write_slot (
      .clk_i,
      .rst_ni,
      .step_i (write && write_row && write_round),
      .count_o(write_slot),
      .last_o ()
  );

  // Reading: a step reads one beat of a column. Only a column's first waits.
  logic ce, read_ce, ready, step, started, column_last, row_last, y_last;
  logic [PLACE_BITS-1:0] place;
  logic [Y_BITS-1:0] y;
  assign step = read_ce && (started || ready);
  counter #(
      .COUNT(BEATS)
  ) i_beat (
      .clk_i,
      .rst_ni,
      .step_i (step),
      .count_o(),
      .last_o (column_last)
  );
  counter #(
      .COUNT(ROW)
  ) i_place (
      .clk_i,
      .rst_ni,
      .step_i (step),
      .count_o(place),
      .last_o (row_last)
  );
  counter #(
      .COUNT(OUT_Y)
  ) i_y (
      .clk_i,
      .rst_ni,
      .step_i (step && row_last),
      .count_o(y),
      .last_o (y_last)
  );

  // Where the uppermost row of the windows lies.
  logic [BANK_BITS-1:0] bank;
  logic [SLOT_BITS-1:0] slot;
  logic [BANK_BITS:0] next_bank;
  logic [SLOT_BITS-1:0] next_slot;
  logic round;
  always_comb begin
    next_bank = {1'b0, bank} + (BANK_BITS + 1)'(y_last ? ROWS_FRAME % KERNEL_Y : STRIDE_Y % KERNEL_Y);
    round = next_bank >= (BANK_BITS + 1)'(KERNEL_Y);
    if (round) next_bank = next_bank - (BANK_BITS + 1)'(KERNEL_Y);
    next_slot = slot + SLOT_BITS'(y_last ? ROWS_FRAME / KERNEL_Y : STRIDE_Y / KERNEL_Y) + SLOT_BITS'(round);
  end
  always_ff @(posedge clk_i) begin
    if (step) started <= !column_last;
    if (step && row_last) begin
      bank <= next_bank[BANK_BITS-1:0];
      slot <= SLOTS > 1 ? next_slot : '0;
    end
    if (!rst_ni) begin
      started <= 0;
      bank <= BANK_BITS'(PAD_Y > 0 ? KERNEL_Y - PAD_Y : 0);
      slot <= SLOT_BITS'(PAD_Y > 0 ? SLOTS - 1 : 0);
    end
  end
  wire unused = &{1'b0, next_bank[BANK_BITS]};

  logic [JUMP_BITS-1:0] jump;
  assign jump = JUMP_BITS'(!row_last ? 1 : y_last ? JUMP_FRAME : JUMP_ROW);
  ring_counts #(
      .BEATS(BEATS),
      .PIXELS(IN_Y * IN_X),
      .SPAN((KERNEL_Y - 1) * IN_X),
      .LEAD(PAD_Y * IN_X),
      .CAPACITY(KERNEL_Y * SLOTS * IN_X),
      .JUMP_BITS(JUMP_BITS)
  ) i_counts (
      .clk_i,
      .rst_ni,
      .in0_valid_i,
      .in0_ready_o,
      .write_o       (write),
      .ready_o       (ready),
      .advance_i     (step && column_last),
      .jump_i        (jump),
      .frame_end_i   (step && row_last && y_last),
      .release_i     (step && column_last),
      .release_jump_i(jump)
  );

  logic [KERNEL_Y-1:0][WIDTH-1:0] stored;
  for (genvar b = 0; b < KERNEL_Y; b++) begin : gen_bank
    logic [SLOT_BITS-1:0] own_slot;  // banks before the uppermost row's hold rows of the next round
    if (SLOTS > 1 && b < KERNEL_Y - 1) begin : gen_round
      assign own_slot = slot + SLOT_BITS'(BANK_BITS'(b) < bank);
    end else begin : gen_same
      assign own_slot = slot;
    end
    ram #(
        .DEPTH(ROW * SLOTS),
        .WIDTH(WIDTH),
        .BLOCK(BLOCK),
        .LATE (1)
    ) i_ram (
        .clk_i,
        .wen_i  (write && write_bank == BANK_BITS'(b)),
        .waddr_i(word(write_place, write_slot)),
        .data_i (in0_data_i),
        .ren_i  (read_ce),
        .raddr_i(word(place, own_slot)),
        .data_o (stored[b])
    );
  end

  // What is read comes two steps later; while the output waits, reads go on until one has to wait behind it.
  logic [KERNEL_Y-1:0] y_inside;
  logic [1:0][KERNEL_Y-1:0] read_inside;
  logic [1:0][BANK_BITS-1:0] read_bank;
  logic [1:0] read_valid, read_last;
  assign ce = !out0_valid_o || out0_ready_i;
  assign read_ce = ce || !read_valid[1];
  always_ff @(posedge clk_i) begin
    if (read_ce) begin
      read_valid  <= {read_valid[0], step};
      read_last   <= {read_last[0], row_last};
      read_bank   <= {read_bank[0], bank};
      read_inside <= {read_inside[0], y_inside};
    end
    if (ce) begin
      out0_valid_o <= read_valid[1];
      out0_last_o  <= read_last[1];
    end
    if (!rst_ni) begin
      read_valid   <= '0;
      out0_valid_o <= 0;
    end
  end
  for (genvar ky = 0; ky < KERNEL_Y; ky++) begin : gen_ky
    in_frame #(
        .SIZE(IN_Y),
        .OUT(OUT_Y),
        .KERNEL(KERNEL_Y),
        .STRIDE(STRIDE_Y),
        .PAD(PAD_Y)
    ) i_inside (
        .out_i   (y),
        .kernel_i(BANK_BITS'(ky)),
        .inside_o(y_inside[ky])
    );
    logic [WIDTH-1:0] chosen;
    always_comb begin
      chosen = '0;
      for (int b = 0; b < KERNEL_Y; b++) begin
        if (read_inside[1][ky] && read_bank[1] == BANK_BITS'(b)) chosen = stored[(b+ky)%KERNEL_Y];
      end
    end
    always_ff @(posedge clk_i) if (ce) out0_data_o[ky] <= chosen;
  end

endmodule

// verilator lint_on PINCONNECTEMPTY
`default_nettype wire
