`default_nettype none

/// Largest of LANES unsigned numbers and the lane that it came on, the lowest of equal ones: a tree of comparisons with
/// registers behind every level.
///
/// Everything moves on while `ce_i` is 1 and stands still else. Latency $clog2(LANES) cycles; with one lane it is wires.
module largest #(
    parameter int LANES = 4,  // numbers a beat
    parameter int BITS = 8,  // bits of a number
    localparam int LEVELS = $clog2(LANES),
    localparam int LANE_BITS = LANES > 1 ? LEVELS : 1
) (
    input  wire                            clk_i,
    input  wire                            rst_ni,
    input  wire                            ce_i,
    input  wire                            valid_i,
    input  wire  [    LANES-1:0][BITS-1:0] data_i,
    output logic                           valid_o,
    output logic [     BITS-1:0]           data_o,
    output logic [LANE_BITS-1:0]           lane_o
);

  if (LANES == 1) begin : gen_wires
    assign valid_o = valid_i;
    assign data_o  = data_i[0];
    assign lane_o  = '0;
    wire unused = &{clk_i, rst_ni, ce_i};
  end else begin : gen_tree
    logic [LEVELS:0] valid;
    assign valid[0] = valid_i;
    always_ff @(posedge clk_i) begin
      if (ce_i) valid[LEVELS:1] <= valid[LEVELS-1:0];
      if (!rst_ni) valid[LEVELS:1] <= '0;
    end

    for (genvar level = 0; level < LEVELS; level++) begin : gen_level
      localparam int GIVEN = (LANES + 2 ** level - 1) >> level;
      localparam int LEFT = (GIVEN + 1) / 2;
      logic [GIVEN-1:0][BITS-1:0] given;
      logic [GIVEN-1:0][ level:0] given_lane;  // below the top bit
      logic [ LEFT-1:0][BITS-1:0] data;
      logic [ LEFT-1:0][ level:0] lane;  // among those that it is the largest of
      if (level == 0) begin : gen_first
        assign given = data_i;
        assign given_lane = '0;
      end else begin : gen_further
        assign given = gen_level[level-1].data;
        for (genvar i = 0; i < GIVEN; i++) begin : gen_lane
          assign given_lane[i] = {1'b0, gen_level[level-1].lane[i]};
        end
      end
      for (genvar i = 0; i < LEFT; i++) begin : gen_pair
        if (2 * i + 1 < GIVEN) begin : gen_both
          logic second;
          assign second = given[2*i+1] > given[2*i];
          always_ff @(posedge clk_i) begin
            if (ce_i) begin
              data[i] <= second ? given[2*i+1] : given[2*i];
              lane[i] <= second ? given_lane[2*i+1] | (level + 1)'(1 << level) : given_lane[2*i];
            end
          end
        end else begin : gen_one
          always_ff @(posedge clk_i) begin
            if (ce_i) begin
              data[i] <= given[2*i];
              lane[i] <= given_lane[2*i];
            end
          end
        end
      end
    end

    assign valid_o = valid[LEVELS];
    assign data_o  = gen_level[LEVELS-1].data[0];
    assign lane_o  = gen_level[LEVELS-1].lane[0];
  end

endmodule

`default_nettype wire
