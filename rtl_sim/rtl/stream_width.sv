`default_nettype none

/// Regroups the channels of a stream from IN_LANES to OUT_LANES a beat, at one beat a cycle on the narrower side.
///
/// Pixels stay apart: CHANNELS channels take ceil(CHANNELS / lanes) beats on either side, and lanes past the last channel
/// carry anything. Where neither number of lanes divides the other, the way leads through their greatest common divisor,
/// whose rate then limits. Cuts all combinatorial paths. Latency: with k beats of the narrower side in one of the wider,
/// k + 1 cycles from narrow to wide (fewer for a pixel of fewer beats), 2 from wide to narrow.
module stream_width #(
    parameter int BITS      = 8,  // of one lane
    parameter int CHANNELS  = 4,  // of a pixel
    parameter int IN_LANES  = 1,  // channels a beat of the input
    parameter int OUT_LANES = 2   // channels a beat of the output
) (
    input  wire                       clk_i,
    input  wire                       rst_ni,
    input  wire                       in0_valid_i,
    output logic                      in0_ready_o,
    input  wire  [ IN_LANES*BITS-1:0] in0_data_i,
    output logic                      out0_valid_o,
    input  wire                       out0_ready_i,
    output logic [OUT_LANES*BITS-1:0] out0_data_o
);

  if (BITS < 1 || CHANNELS < 1 || IN_LANES < 1 || OUT_LANES < 1) begin : gen_check
    $fatal(1, "%m: BITS, CHANNELS, IN_LANES and OUT_LANES must be positive");
  end

  function automatic int common(input int a, input int b);  // greatest common divisor
    while (b != 0) begin
      int rest = a % b;
      a = b;
      b = rest;
    end
    return a;
  endfunction

  localparam int LANES = common(IN_LANES, OUT_LANES);

  if (IN_LANES == OUT_LANES) begin : gen_wires
    assign out0_valid_o = in0_valid_i;
    assign in0_ready_o  = out0_ready_i;
    assign out0_data_o  = in0_data_i;
    wire unused = &{clk_i, rst_ni};
  end else if (LANES == OUT_LANES) begin : gen_narrow
    stream_narrow #(
        .BITS(BITS),
        .CHANNELS(CHANNELS),
        .IN_LANES(IN_LANES),
        .OUT_LANES(OUT_LANES)
    ) i_narrow (
        .*
    );
  end else if (LANES == IN_LANES) begin : gen_widen
    stream_widen #(
        .BITS(BITS),
        .CHANNELS(CHANNELS),
        .IN_LANES(IN_LANES),
        .OUT_LANES(OUT_LANES)
    ) i_widen (
        .*
    );
  end else begin : gen_both
    logic middle_valid, middle_ready;
    logic [LANES*BITS-1:0] middle_data;

    stream_narrow #(
        .BITS(BITS),
        .CHANNELS(CHANNELS),
        .IN_LANES(IN_LANES),
        .OUT_LANES(LANES)
    ) i_narrow (
        .clk_i,
        .rst_ni,
        .in0_valid_i,
        .in0_ready_o,
        .in0_data_i,
        .out0_valid_o(middle_valid),
        .out0_ready_i(middle_ready),
        .out0_data_o (middle_data)
    );
    stream_widen #(
        .BITS(BITS),
        .CHANNELS(CHANNELS),
        .IN_LANES(LANES),
        .OUT_LANES(OUT_LANES)
    ) i_widen (
        .clk_i,
        .rst_ni,
        .in0_valid_i(middle_valid),
        .in0_ready_o(middle_ready),
        .in0_data_i (middle_data),
        .out0_valid_o,
        .out0_ready_i,
        .out0_data_o
    );
  end

endmodule

`default_nettype wire
