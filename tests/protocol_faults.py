"""Faults of a design's ports, streams and state, each switched on by its number in a memory file."""

import re
from pathlib import Path

SWITCH = "mem/fault.mem"

_FAULT = f"""
  logic [7:0] fault[1];
  initial $readmemh("{SWITCH}", fault);
"""

EDITS: dict[str, tuple[tuple[str, str], ...]] = {
    "axi_stream_output.sv": (
        (
            "  logic [LANES*BITS-1:0] data;\n",
            _FAULT
            + """
  logic [LANES*BITS-1:0] data, sound;
  logic valid, ready, seen, again;
  int waited, stalled;
  always_ff @(posedge clk_i) begin
    waited  <= valid && !tready_i ? waited + 1 : 0;
    stalled <= tvalid_o && !tready_i ? stalled + 1 : 0;
    seen    <= !(tvalid_o && tready_i) && (seen || tready_i);
    if (tvalid_o && tready_i) again <= fault[0] == 9 && !again && stalled >= 8;
    if (!rst_ni) {waited, stalled, seen, again} <= '0;
  end
  assign tvalid_o = fault[0] == 4 ? valid && tready_i
                  : fault[0] == 5 ? valid && seen
                  : fault[0] == 7 ? valid && waited != 3
                  : fault[0] == 10 ? valid || !rst_ni
                  : fault[0] == 29 ? valid && (beat != 0 || seen)
                  : valid;
  wire hold = fault[0] == 9 && stalled >= 8 && !again;
  assign ready = fault[0] == 7 ? tready_i && waited != 3
               : fault[0] == 5 ? tready_i && seen
               : fault[0] == 29 ? tready_i && (beat != 0 || seen)
               : tready_i && !hold;
  assign data = sound ^ (LANES * BITS)'((fault[0] == 6 && waited == 2) || (fault[0] == 28 && stalled >= 200));
""",
        ),
        (
            ".out0_valid_o(tvalid_o), .out0_ready_i(tready_i), .out0_data_o(data)",
            ".out0_valid_o(valid), .out0_ready_i(ready), .out0_data_o(sound)",
        ),
        (
            "assign tlast_o = beat == COUNT'(BEATS - 1);",
            """wire at_end = beat == COUNT'(BEATS - 1);
  assign tlast_o = fault[0] == 1 ? beat == COUNT'(BEATS - 2)
                 : fault[0] == 2 ? 1'b0
                 : fault[0] == 3 ? at_end || beat == COUNT'(BEATS / 2)
                 : fault[0] == 8 ? at_end && waited != 3
                 : at_end;""",
        ),
        ("beat <= tlast_o ? '0", "beat <= at_end ? '0"),
        ("assign last_o  = tlast_o &&", "assign last_o  = at_end &&"),
        ("if (!rst_ni) beat", "if (!rst_ni && fault[0] != 11) beat"),
    ),
    "axi_stream_input.sv": (
        (
            "  logic valid, ready;\n",
            _FAULT
            + """
  logic valid, ready;
  int idle, frames, beats, waited;
  logic both;
  wire passes = tvalid_i && tready_o;
  always_ff @(posedge clk_i) begin
    idle   <= tvalid_i ? 0 : idle + 1;
    frames <= frames + 32'(last_o);
    beats  <= beats + 32'(passes);
    waited <= last_o ? 0 : waited + 1;
    both   <= !passes && (both || (!tvalid_i && !ready));
    if (!rst_ni) {idle, frames, beats, waited, both} <= '0;
  end
  wire wrong = (fault[0] == 12 && idle >= 64) || (fault[0] == 13 && idle >= 1000) || (fault[0] == 14 && frames >= 4)
      || (fault[0] == 15 && beats[9:0] == '1) || (fault[0] == 17 && both) || (fault[0] == 25 && idle >= 300);
  wire slow = (fault[0] == 16 && waited < INTERVAL / 3) || (fault[0] == 26 && waited < INTERVAL * 9 / 100);
""",
        ),
        (".in0_valid_i(tvalid_i), .in0_ready_o(tready_o)", ".in0_valid_i(tvalid_i && !slow), .in0_ready_o(taken)"),
        (
            "  frame_gate #(",
            "  wire taken;\n  assign tready_o = (taken || fault[0] == 19) && !slow;\n\n  frame_gate #(",
        ),
        (".in0_data_i(data)", ".in0_data_i(data ^ (LANES * BITS)'(wrong))"),
    ),
    "frame_gate.sv": (
        ("  logic at_last;\n", _FAULT + "  logic at_last;\n"),
        (".clk_i, .rst_ni, .step_i(pass)", ".clk_i, .rst_ni(rst_ni || fault[0] == 18), .step_i(pass)"),
    ),
    "stream_fifo.sv": (
        ("  logic unused_head, unused_tail;\n", _FAULT + "  logic unused_head, unused_tail;\n"),
        ("level == LEVEL'(DEPTH - 1));", "level == LEVEL'(DEPTH - 1)) || fault[0] == 20;"),
        ("reads (.clk_i, .rst_ni,", "reads (.clk_i, .rst_ni(rst_ni || fault[0] == 21),"),
    ),
    "axi_lite_registers.sv": (
        ("  // Writing.\n", _FAULT + "  // Writing.\n"),
        ("      frames_out      <= '0;\n", "      if (fault[0] != 22) frames_out <= '0;\n"),
        ("if (bready_i) bvalid_o <= 0;", "if (bready_i || fault[0] == 23) bvalid_o <= 0;"),
        (
            "interval_cycles <= cycles[31:0] - out_cycle;",
            "interval_cycles <= cycles[31:0] - out_cycle + 32'(fault[0] == 24);",
        ),
        ("      run             <= 0;\n", "      if (fault[0] != 30) run <= 0;\n"),
        ("strobes[i] ? data[i*8+:8]", "strobes[i] || fault[0] == 31 ? data[i*8+:8]"),
        ("{rresp_o, rdata_o} <= {SLVERR, 32'd0}", "{rresp_o, rdata_o} <= {fault[0] == 32 ? OKAY : SLVERR, 32'd0}"),
        ("run <= wdata[0];", "run <= wdata[0] || (fault[0] == 33 && run);"),
    ),
}
"""By file of the library: what is replaced, and by what."""


def equip(rtl: Path, interval_cycles: int) -> None:
    """Puts all faults into the library of an exported design, switched off."""
    for name, edits in EDITS.items():
        path = rtl / "library" / name
        text = path.read_text()
        for sound, faulty in edits:
            found = _spaced_anyhow(sound).findall(text)
            assert len(found) == 1, (name, sound)
            text = text.replace(found[0], faulty.replace("INTERVAL", str(interval_cycles)))
        path.write_text(text)
    switch(rtl, 0)


def _spaced_anyhow(text: str) -> re.Pattern[str]:
    """Finds `text` however its lines are broken and aligned."""
    return re.compile(r"\s*".join(map(re.escape, re.findall(r"\w+|[^\w\s]", text))) + r"\n?")


def switch(rtl: Path, number: int) -> None:
    """Switches one fault on; 0: none."""
    (rtl / SWITCH).write_text(f"{number:x}\n")
