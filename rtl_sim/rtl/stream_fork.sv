`default_nettype none

/// Gives every beat of a stream to each of N readers, each at its own pace; a beat leaves when the last has taken it.
///
/// No storage and no latency: `valid` and `ready` pass through one level of logic. Readers that must run apart need
/// `stream_fifo` behind it. Output i is slice i of the packed ports.
module stream_fork #(
    parameter int WIDTH   = 8,  // bits of a beat
    parameter int READERS = 2   // number of outputs
) (
    input  wire                           clk_i,
    input  wire                           rst_ni,
    input  wire                           in0_valid_i,
    output logic                          in0_ready_o,
    input  wire  [  WIDTH-1:0]            in0_data_i,
    output logic [READERS-1:0]            out_valid_o,
    input  wire  [READERS-1:0]            out_ready_i,
    output logic [READERS-1:0][WIDTH-1:0] out_data_o
);

  if (WIDTH < 1 || READERS < 1) begin : gen_check
    $fatal(1, "%m: WIDTH = %0d and READERS = %0d must be positive", WIDTH, READERS);
  end

  logic [READERS-1:0] taken;  // readers that already have the beat which others still wait for

  assign out_valid_o = {READERS{in0_valid_i}} & ~taken;
  assign in0_ready_o = &(out_ready_i | taken);
  assign out_data_o  = {READERS{in0_data_i}};

  always_ff @(posedge clk_i) begin
    if (in0_valid_i) taken <= in0_ready_o ? '0 : taken | out_ready_i;
    if (!rst_ni) taken <= '0;
  end

endmodule

`default_nettype wire
