"""The schedule: optimal, within the budget, able to say why not more, and kept in a file."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.cost import stream
from codesign.cost.block import BlockCost
from codesign.errors import ScheduleError
from codesign.graph import Graph, Node, TensorType
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.group_conv import GroupConv
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.split import Split
from codesign.hardware.folding import Folding, Lanes
from codesign.schedule import Edge, Resources, Schedule, schedule
from codesign.schedule.arrivals import Arrivals
from codesign.schedule.buffers import Buffer
from codesign.schedule.problem import Candidate, Link, Problem, vector
from codesign.schedule.search import _scheduled
from codesign.schedule.solve import least_area
from codesign.targets import Target, load_target


def conv(rng: np.random.Generator, inputs: int, outputs: int, kernel: int = 1) -> Conv:
    weight = rng.integers(-7, 8, (outputs, inputs, kernel, kernel))
    pad = kernel // 2
    return Conv(weight, rng.integers(-50, 50, outputs), pads=(pad, pad, pad, pad))


def requant() -> Requant:
    return Requant(np.array([0]), 0, 255, 1.0)


def chain(*channels: int, size: int = 4) -> Graph:
    """Pointwise convolutions with these numbers of channels, each requantized."""
    rng = np.random.default_rng(0)
    nodes: list[Node] = []
    before = "x"
    for index, (a, b) in enumerate(itertools.pairwise(channels)):
        nodes.append(Node(f"conv{index}", conv(rng, a, b), (before,)))
        nodes.append(Node(f"quant{index}", requant(), (f"conv{index}",)))
        before = f"quant{index}"
    return Graph("chain", {"x": TensorType((channels[0], size, size), 0, 15)}, tuple(nodes), (before,))


def branches(size: int = 8) -> Graph:
    """A split whose second half passes through a 3x3 convolution before they are joined again."""
    rng = np.random.default_rng(0)
    nodes = (
        Node("halves", Split((2, 2)), ("x",)),
        Node("conv", conv(rng, 2, 2, 3), ("halves.1",)),
        Node("quant", requant(), ("conv",)),
        Node("join", Concat(), ("halves.0", "quant")),
    )
    return Graph("branches", {"x": TensorType((4, size, size), 0, 255)}, nodes, ("join",))


def exhaustive(problem: Problem) -> list[tuple[int, Resources]]:
    """(interval, area) of every combination of foldings there is."""
    names = list(problem.candidates)
    found = []
    for combination in itertools.product(*problem.candidates.values()):
        choice: Mapping[str, Candidate] = dict(zip(names, combination, strict=True))
        found.append((problem.interval(choice), problem.area(choice)))
    return found


def small_board(**resources: float) -> Target:
    board = load_target("pynq-z2")
    return board.model_copy(update={"resources": board.resources.model_copy(update=resources)})


@pytest.fixture(scope="module")
def enumerated() -> tuple[Problem, list[tuple[int, Resources]]]:
    problem = Problem(chain(4, 6, 3))
    return problem, exhaustive(problem)


@pytest.mark.parametrize("dsp", [2, 3, 5, 8, 20])
def test_the_interval_is_the_shortest_of_all_combinations_within_the_budget(
    enumerated: tuple[Problem, list[tuple[int, Resources]]], dsp: int
) -> None:
    problem, combinations = enumerated
    plan = schedule(problem.graph, load_target("pynq-z2"), max_dsp=dsp)
    best = min(interval for interval, area in combinations if not area.exceeds(plan.budget))
    assert plan.interval_cycles == best


@pytest.mark.parametrize("dsp", [0, 2, 15])
def test_where_dsp_slices_run_out_products_are_made_of_luts(dsp: int) -> None:
    graph, board = chain(4, 6, 3), load_target("pynq-z2")
    plan = schedule(graph, board, max_dsp=dsp, lut_products=True)
    assert plan.used.dsp <= dsp
    assert plan.interval_cycles == schedule(graph, board).interval_cycles
    assert any(folding.products == "lut" for folding in plan.foldings.values())
    assert dsp < 12 or plan.used.dsp >= 12  # what there is is used: one of the blocks takes 12


def test_products_are_made_of_dsp_slices_as_long_as_there_are_some() -> None:
    graph, board = chain(4, 6, 3), load_target("pynq-z2")
    assert schedule(graph, board, lut_products=True) == schedule(graph, board)
    slow = schedule(graph, board, fps=1000, max_dsp=2, lut_products=True)
    assert all(folding.products == "dsp" for folding in slow.foldings.values())


def test_the_plan_with_dsp_slices_stands_where_that_with_products_of_luts_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    graph, board = chain(4, 6, 3), load_target("pynq-z2")
    with_slices = schedule(graph, board, max_dsp=15)
    assert schedule(graph, board, max_dsp=15, lut_products=True).interval_cycles < with_slices.interval_cycles

    def without_luts(problem: Problem, *given: Any) -> Schedule:
        if problem.lut_products:
            raise ScheduleError("the FIFOs do not fit beside the blocks")
        return _scheduled(problem, *given)

    monkeypatch.setattr("codesign.schedule.search._scheduled", without_luts)
    assert schedule(graph, board, max_dsp=15, lut_products=True) == with_slices


def test_products_of_wide_weights_are_made_of_luts_where_slices_run_out():
    """By weights of more digits than those that the price of such products was fitted on."""
    rng = np.random.default_rng(0)
    wide = Conv(rng.integers(-2047, 2048, (8, 8, 1, 1)), np.zeros(8, np.int64))
    graph = Graph("wide", {"x": TensorType((8, 4, 4), 0, 15)}, (Node("conv", wide, ("x",)),), ("conv",))
    plan = schedule(graph, load_target("pynq-z2"), max_dsp=1, lut_products=True)
    assert plan.foldings["conv"].products == "lut" and plan.interval_cycles == 16


@pytest.mark.parametrize("rank", [0.0, 0.1, 0.4, 0.8])
def test_the_area_at_a_given_interval_is_the_least_of_all_combinations(
    enumerated: tuple[Problem, list[tuple[int, Resources]]], rank: float
) -> None:
    problem, combinations = enumerated
    interval = problem.intervals[int(rank * (len(problem.intervals) - 1))]
    budget = Resources(53200, 106400, 140, 220)

    def size(area: Resources) -> float:
        return sum(a * (1_000_000 // limit) for a, limit in zip(vector(area), vector(budget), strict=True) if limit)

    choice = least_area(problem, interval, budget)
    assert choice is not None
    assert problem.interval(choice) <= interval
    best = min(size(area) for cycles, area in combinations if cycles <= interval)
    assert size(problem.area(choice)) <= best * (1 + 1e-4)


@pytest.mark.parametrize("limit", [{}, {"dsp": 6}, {"lut": 2500}, {"lut": 1500, "dsp": 30}, {"ff": 2000}])
def test_a_schedule_never_overbooks(limit: dict[str, float]) -> None:
    plan = schedule(branches(), small_board(**limit))
    assert not plan.used.exceeds(plan.budget)
    assert plan.binds


def test_a_plan_stands_though_the_solver_gives_up_on_what_keeps_it_from_being_faster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    graph, board = chain(16, 32, 32, 8, size=8), small_board(lut=1100, ff=2500, bram36=1, dsp=20)
    explained = schedule(graph, board, lut_products=False)
    assert "all together (LUT" in explained.binds

    def impatient(*given: Any, **options: Any) -> Any:
        if "fifos" in options and sorted(options.get("weights") or (1, 1))[-2] == 0:
            raise ScheduleError("the solver gave up")
        return least_area(*given, **options)

    monkeypatch.setattr("codesign.schedule.search.least_area", impatient)
    found = schedule(graph, board, lut_products=False)
    assert found.interval_cycles == explained.interval_cycles
    assert "all together (several" in found.binds


def test_a_tighter_budget_gives_a_longer_interval() -> None:
    graph = chain(8, 12, 8)
    rich, poor = (schedule(graph, load_target("pynq-z2"), max_dsp=dsp) for dsp in (100, 3))
    assert rich.interval_cycles < poor.interval_cycles
    assert "DSP" in poor.binds


def test_a_frame_rate_that_is_asked_for_is_met_with_less_area() -> None:
    graph = chain(8, 12, 8)
    board = load_target("pynq-z2")
    fast = schedule(graph, board)
    slow = schedule(graph, board, fps=fast.frames_per_second / 8)
    assert slow.frames_per_second >= fast.frames_per_second / 8
    assert slow.used.dsp < fast.used.dsp


def test_products_share_a_multiplier_only_where_it_is_wide_enough() -> None:
    graph = chain(4, 6, 3)
    wide, narrow = (schedule(graph, load_target(name)) for name in ("pynq-z2", "ulx3s-85f"))
    assert any(block.multipliers > block.dsp for block in wide.blocks.values())
    assert all(block.dsp in (0, block.multipliers) for block in narrow.blocks.values())  # 0: small ones, in tables
    assert any(block.dsp for block in narrow.blocks.values())


def test_a_network_that_does_not_fit_is_refused_with_the_figure_that_overflows() -> None:
    with pytest.raises(ScheduleError, match=r"does not fit: LUT \d+ of 97"):
        schedule(chain(4, 6, 3), small_board(lut=100))


def test_a_frame_rate_beyond_the_slowest_block_names_it() -> None:
    with pytest.raises(ScheduleError, match=r"10 cycles a frame are asked for, block \S+ takes at least 16"):
        schedule(chain(4, 6, 3), load_target("pynq-z2"), fps=1e7)


@pytest.mark.parametrize("wrong", [{"fps": 0}, {"clock_mhz": -1}, {"max_dsp": -1}])
def test_figures_without_meaning_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ScheduleError, match="must be positive"):
        schedule(chain(4, 6, 3), load_target("pynq-z2"), **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [8, 12])
@pytest.mark.parametrize("fps", [None, 20000])
def test_the_short_branch_waits_in_a_fifo_for_the_window_of_the_long_one(size: int, fps: float | None) -> None:
    plan = schedule(branches(size), load_target("pynq-z2"), fps=fps)
    beats = 2 // plan.lanes["halves.0"]
    cycles = plan.interval_cycles / size**2
    window = size + 1  # pixels that a 3x3 window looks ahead
    taken = window * 2 // plan.foldings["conv"].simd  # cycles in which these come at once
    branch = sum(plan.blocks[name].latency_cycles for name in ("conv", "quant")) - taken
    waiting = (window + branch / cycles) * beats
    assert waiting - 2 <= plan.fifos[Edge("halves.0", "join", 0)].depth <= waiting + 7  # adapters, bursts, the FIFO


def test_parts_of_a_pixel_come_one_after_another_each_as_long_as_it_is() -> None:
    pixels = Arrivals(np.array([0.0, 10.0]), np.array([9.0, 14.0]))
    first, second = pixels.parts((2, 3))
    assert (first.first.tolist(), first.last.tolist()) == ([0, 10], [3, 11])
    assert (second.first.tolist(), second.last.tolist()) == ([4, 12], [9, 14])


def in_tiles(latency: int, interval: int = 100) -> Candidate:
    """A convolution that takes its weights from memory, of 7 LUTs."""
    return Candidate(Folding(tile=4), Lanes((1,), (1,)), BlockCost(interval, latency, 7, 0, 0, 0, tile=4))


def test_a_fifo_becomes_deeper_by_what_comes_while_the_other_branch_works_in_tiles() -> None:
    """What the branch that it is on itself works in is no matter, nor is a block that has no candidates here."""
    buffer = Buffer(20, 8, frame_beats=50, parallel=frozenset({"a", "gone"}))
    found = {"a": [in_tiles(60), in_tiles(130)], "own": [in_tiles(900)]}
    in_luts = [depth for depth, cost in buffer.options(found) if not cost.bram36]
    assert min(in_luts) == 20
    assert max(in_luts) == 20 + 65  # 1.3 frames of 50 beats


@dataclass(frozen=True, eq=False)
class OneBlock:
    """A problem of blocks without streams between them."""

    candidates: Mapping[str, tuple[Candidate, ...]]
    links: tuple[Link, ...] = ()
    fixed: Resources = field(default_factory=Resources)


def test_a_fifo_beside_tiles_is_no_deeper_than_it_must_be() -> None:
    """A budget of exactly the LUTs of both, and of the reader of weights, is met; one LUT less is not."""
    depth = 20 + 44  # 0.88 frames of 50 beats; 64 words are what one LUT-RAM holds
    buffer = Buffer(20, 3, frame_beats=50, parallel=frozenset({"a"}))
    problem: Any = OneBlock({"a": (in_tiles(88),)})
    fifo = stream.fifo(3, depth, "lut")
    assert fifo.lut < stream.fifo(3, depth + 1, "lut").lut
    luts = 7 + stream.reader().lut + fifo.lut

    def found(luts: int) -> Any:
        budget = Resources(luts, 10**6, bram36=stream.reader().bram36, dsp=0)
        return least_area(problem, 100, budget, fifos={Edge("x", "join", 0): buffer})

    assert found(luts) == {"a": problem.candidates["a"][0]}
    assert found(luts - 1) is None


def test_ends_of_as_many_lanes_are_joined_by_wires() -> None:
    problem = Problem(chain(4, 4, 4))
    choice = {
        name: next(c for c in found if {*c.lanes.inputs, *c.lanes.outputs} == {2})
        for name, found in problem.candidates.items()
    }
    assert [vector(cost) for cost in problem.adapters(choice)] == [(0,) * 5] * len(problem.links)


def test_no_fifo_is_made_where_nothing_waits() -> None:
    assert schedule(chain(4, 6, 3), load_target("pynq-z2")).fifos == {}


def test_weights_on_the_chip_demand_nothing_of_the_memory() -> None:
    plan = schedule(chain(4, 6, 3), load_target("pynq-z2"))
    assert (plan.used.memory_bytes, plan.used_mb_s) == (0, 0)


def test_the_demand_on_memory_is_what_a_frame_reads_times_the_frame_rate() -> None:
    plan = replace(schedule(chain(4, 6, 3), load_target("pynq-z2")), clock_mhz=50.0, interval_cycles=1000)
    blocks = {name: replace(block, memory_bytes=400) for name, block in plan.blocks.items()}
    plan = replace(plan, blocks=blocks)
    assert plan.frames_per_second == 50_000
    assert plan.used_mb_s == pytest.approx(len(blocks) * 400 * 50_000 / 1e6)


def test_a_schedule_survives_its_file(tmp_path: Path) -> None:
    plan = schedule(branches(), load_target("pynq-z2"))
    plan.save(tmp_path / "schedule.json")
    assert Schedule.load(tmp_path / "schedule.json") == plan


def test_a_damaged_or_missing_schedule_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "schedule.json"
    with pytest.raises(ScheduleError, match="there is no schedule"):
        Schedule.load(path)
    schedule(branches(), load_target("pynq-z2")).save(path)
    path.write_text(path.read_text()[:200])
    with pytest.raises(ScheduleError, match="not a readable schedule"):
        Schedule.load(path)


def test_sums_of_resources_say_what_overflows() -> None:
    used = Resources(10, 20, 1.5, 3)
    assert used.exceeds(Resources(10, 20, 1, 3)) == ("BRAM36 1.5 of 1",)
    assert replace(used, bram36=1).exceeds(Resources(10, 20, 1, 3)) == ()


def test_a_window_a_cycle_is_scheduled_where_the_board_has_room() -> None:
    """Dense, grouped and depthwise: no slower than a pixel comes."""
    rng = np.random.default_rng(0)
    weight = rng.integers(-7, 8, (4, 1, 3, 3))
    ops = (
        conv(rng, 4, 4, 3),
        Depthwise(weight, np.zeros(4, np.int32), pads=(1, 1, 1, 1)),
        GroupConv(rng.integers(-7, 8, (4, 2, 3, 3)), np.zeros(4, np.int32), pads=(1, 1, 1, 1), groups=2),
    )
    for op in ops:
        graph = Graph("one", {"x": TensorType((4, 8, 10), 0, 15)}, (Node("conv", op, ("x",)),), ("conv",))
        assert schedule(graph, load_target("zcu104")).interval_cycles == 80
