`default_nettype none

/// For one axis of a sliding window: whether kernel position `kernel_i` lies within the SIZE input positions when the
/// window is at output position `out_i`, that is `0 <= out_i * STRIDE - PAD + kernel_i * DILATION < SIZE`.
module in_frame #(
    parameter int SIZE = 4,  // input positions
    parameter int OUT = 4,  // output positions
    parameter int KERNEL = 3,  // kernel positions
    parameter int STRIDE = 1,  // input positions from one window to the next
    parameter int DILATION = 1,  // input positions from one kernel position to the next
    parameter int PAD = 1,  // positions of padding in front
    localparam int OUT_BITS = OUT > 1 ? $clog2(OUT) : 1,
    localparam int KERNEL_BITS = KERNEL > 1 ? $clog2(KERNEL) : 1
) (
    input  wire  [   OUT_BITS-1:0] out_i,
    input  wire  [KERNEL_BITS-1:0] kernel_i,
    output logic                   inside_o
);

  logic [KERNEL-1:0] is_inside;
  for (genvar k = 0; k < KERNEL; k++) begin : gen_k
    // The first output position whose tap k is not before the frame, and the first whose tap k is behind it.
    localparam int TAP = k * DILATION;
    localparam int FIRST = PAD > TAP ? (PAD - TAP + STRIDE - 1) / STRIDE : 0;
    localparam int BEHIND = SIZE + PAD > TAP ? (SIZE + PAD - TAP + STRIDE - 1) / STRIDE : 0;
    logic late_enough, early_enough;
    if (FIRST == 0) begin : gen_from_first
      assign late_enough = 1;
    end else begin : gen_from
      assign late_enough = FIRST < OUT && out_i >= OUT_BITS'(FIRST);
    end
    if (BEHIND >= OUT) begin : gen_to_last
      assign early_enough = 1;
    end else begin : gen_to
      assign early_enough = BEHIND > 0 && out_i <= OUT_BITS'(BEHIND - 1);
    end
    assign is_inside[k] = late_enough && early_enough;
  end
  assign inside_o = is_inside[kernel_i];
  wire unused = &{out_i, kernel_i};

endmodule

`default_nettype wire
