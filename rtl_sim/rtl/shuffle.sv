`default_nettype none

/// Channel shuffle: channel i of the output is channel (i % GROUPS) (CHANNELS / GROUPS) + i / GROUPS of the input.
///
/// Two pixels are held in turn, one written and one read, so beats pass at full rate. LANES is 1, or CHANNELS (wiring: no
/// storage, and combinatorial), or a multiple of GROUPS that divides CHANNELS / GROUPS. Latency CHANNELS / LANES + 1 cycles.
module shuffle #(
    parameter int LANES    = 1,  // channels a beat
    parameter int CHANNELS = 4,  // channels of a pixel
    parameter int GROUPS   = 2,  // groups of channels that are interleaved
    parameter int BITS     = 8,  // bits of one lane
    parameter bit BLOCK    = 0   // 1 takes block RAM, 0 takes LUT RAM
) (
    input  wire                   clk_i,
    input  wire                   rst_ni,
    input  wire                   in0_valid_i,
    output logic                  in0_ready_o,
    input  wire  [LANES*BITS-1:0] in0_data_i,
    output logic                  out0_valid_o,
    input  wire                   out0_ready_i,
    output logic [LANES*BITS-1:0] out0_data_o
);

  localparam int RUN = CHANNELS / GROUPS;  // channels of a group

  if (CHANNELS % GROUPS != 0 || !(LANES == 1 || LANES == CHANNELS || (LANES % GROUPS == 0 && RUN % LANES == 0)))
  begin : gen_check
    $fatal(1, "%m: %0d lanes cannot shuffle %0d channels in %0d groups", LANES, CHANNELS, GROUPS);
  end

  if (LANES == CHANNELS) begin : gen_wires
    assign out0_valid_o = in0_valid_i;
    assign in0_ready_o  = out0_ready_i;
    for (genvar i = 0; i < CHANNELS; i++) begin : gen_channel
      assign out0_data_o[i*BITS+:BITS] = in0_data_i[((i%GROUPS)*RUN+i/GROUPS)*BITS+:BITS];
    end
    wire unused = &{clk_i, rst_ni};
  end else begin : gen_memory
    // With several lanes each group has a memory of its own, and a word of each is read at once; with one lane there is
    // one memory. A word of the group's memories serves GROUPS output beats.
    localparam int BANKS = LANES == 1 ? 1 : GROUPS;
    localparam int BEATS = CHANNELS / LANES;
    localparam int WORDS = BEATS / BANKS;  // of a pixel in one memory
    localparam int ADDRESS = WORDS > 1 ? $clog2(WORDS) : 1;

    logic write, read, written, done;  // beats, and last beats of a pixel
    logic write_half, read_half;  // which of the two pixels
    logic [1:0] pixels;  // written and not yet read
    logic [ADDRESS-1:0] write_address, read_address;
    logic [(BANKS > 1 ? $clog2(BANKS) : 1)-1:0] write_bank;
    logic last_word, last_bank;

    assign in0_ready_o = pixels != 2;
    assign write       = in0_valid_i && in0_ready_o;
    assign written     = write && last_word && last_bank;
    assign read        = pixels != 0 && (!out0_valid_o || out0_ready_i);

    counter #(
        .COUNT(WORDS)
    ) i_words (
        .clk_i,
        .rst_ni,
        .step_i (write),
        .count_o(write_address),
        .last_o (last_word)
    );
    counter #(
        .COUNT(BANKS)
    ) i_banks (
        .clk_i,
        .rst_ni,
        .step_i (write && last_word),
        .count_o(write_bank),
        .last_o (last_bank)
    );

    // The reader's inner counter goes through the groups (one lane), or through the parts of a word (several).
    logic [$clog2(GROUPS > 1 ? GROUPS : 2)-1:0] inner, part;
    logic [$clog2(BEATS / GROUPS > 1 ? BEATS / GROUPS : 2)-1:0] outer;
    logic last_inner, last_outer;
    assign done = read && last_inner && last_outer;
    counter #(
        .COUNT(GROUPS)
    ) i_inners (
        .clk_i,
        .rst_ni,
        .step_i (read),
        .count_o(inner),
        .last_o (last_inner)
    );
    counter #(
        .COUNT(BEATS / GROUPS)
    ) i_outers (
        .clk_i,
        .rst_ni,
        .step_i (read && last_inner),
        .count_o(outer),
        .last_o (last_outer)
    );

    always_ff @(posedge clk_i) begin
      if (written) write_half <= !write_half;
      if (done) read_half <= !read_half;
      if (written != done) pixels <= written ? pixels + 1'b1 : pixels - 1'b1;
      if (!out0_valid_o || out0_ready_i) begin
        out0_valid_o <= read;
        part         <= inner;
      end
      if (!rst_ni) begin
        write_half   <= 0;
        read_half    <= 0;
        pixels       <= '0;
        out0_valid_o <= 0;
      end
    end

    logic [BANKS-1:0][LANES*BITS-1:0] word;
    for (genvar bank = 0; bank < BANKS; bank++) begin : gen_bank
      ram #(
          .DEPTH(2 << ADDRESS),
          .WIDTH(LANES * BITS),
          .BLOCK(BLOCK)
      ) i_pixel (
          .clk_i,
          .wen_i  (write && write_bank == $bits(write_bank)'(bank)),
          .waddr_i({write_half, write_address}),
          .data_i (in0_data_i),
          .ren_i  (read),
          .raddr_i({read_half, read_address}),
          .data_o (word[bank])
      );
    end

    if (LANES == 1) begin : gen_one_lane
      logic unused;
      assign unused = &{part, outer};
      assign out0_data_o = word;
      always_ff @(posedge clk_i) begin  // inner RUN + outer
        if (read) read_address <= done ? '0 : last_inner ? ADDRESS'(outer) + 1'b1 : read_address + ADDRESS'(RUN);
        if (!rst_ni) read_address <= '0;
      end
    end else begin : gen_lanes
      localparam int PART = LANES / GROUPS;  // channels of a group in an output beat
      assign read_address = outer;
      for (genvar i = 0; i < LANES; i++) begin : gen_lane
        assign out0_data_o[i*BITS+:BITS] = word[i%GROUPS][(32'(part)*PART+i/GROUPS)*BITS+:BITS];
      end
    end
  end

endmodule

`default_nettype wire
