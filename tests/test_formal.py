"""Formal proofs: the stream primitives pass them, and a primitive with a mistake does not."""

import shutil
from pathlib import Path

import pytest

from codesign.resources import rtl_dir
from trust import formal

MISTAKES = {
    "stream_register": ("out0_data_o  <= in0_ready_o ? in0_data_i : skid;", "out0_data_o  <= in0_data_i;"),
    "stream_fifo": ("level == LEVEL'(DEPTH - 1)", "level == LEVEL'(DEPTH)"),
    "ring": ("COUNT_BITS'(CAPACITY - LEAD - 1)", "COUNT_BITS'(CAPACITY - LEAD)"),
    "window_taps": ("MISSING_BITS'(SKIP_ROW) + passed", "MISSING_BITS'(SKIP_ROW)"),
    "top_k": ("assign ce = !full || ready;", "assign ce = 1;"),
    "stream_fork": ("in0_ready_o = &(out_ready_i | taken)", "in0_ready_o = |(out_ready_i | taken)"),
}


def test_every_proof_names_its_properties_and_belongs_to_a_module():
    modules = {file.stem.removeprefix("prove_") for file in formal.FORMAL.glob("prove_*.sv")}
    assert {proof.module for proof in formal.PROOFS} == modules
    assert all((rtl_dir() / f"{module}.sv").is_file() for module in modules)


def test_a_register_loses_doubles_and_reorders_nothing_however_long_it_runs():
    rows = formal.run(formal.Proof("stream_register"))
    assert {(row["result"], row["depth"]) for row in rows} == {("proved", None)}
    assert {row["property"] for row in rows} == {
        "every_beat_once_in_order",
        "nothing_before_it_came",
        "no_more_than_it_holds",
        "stable_under_back_pressure",
        "no_deadlock",
    }


@pytest.mark.parametrize("module", MISTAKES)
def test_a_mistake_in_a_primitive_is_found(module, tmp_path):
    rtl = Path(shutil.copytree(rtl_dir(), tmp_path / "rtl"))
    right, wrong = MISTAKES[module]
    (file,) = (file for file in rtl.glob(f"{module}*.sv") if right in file.read_text())
    file.write_text(file.read_text().replace(right, wrong))
    assert {row["result"] for row in formal.run(formal.Proof(module), rtl)} == {"fails"}
