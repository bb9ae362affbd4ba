"""Traffic at the ports of a simulated design: which frames pass with which pauses, and when it is reset.

A simulation plays phases of frames one after another, without a break between them. In each, the other sides of the
ports pause in a way of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from codesign.emit.rtl.project import RtlProject, Stream


@dataclass(frozen=True)
class Stall:
    """Before a beat, with `probability`, the port's other side pauses for 1 to `longest` cycles, each as likely."""

    probability: float
    longest: int = 1


@dataclass(frozen=True)
class Pause:
    """Before beat `beat` of frame `frame` of its phase, the other side of port `stream` pauses for so many cycles."""

    stream: int
    frame: int
    beat: int
    cycles: int


@dataclass(frozen=True)
class Phase:
    """So many frames and their traffic.

    stalls: by number of the port. memory: share of the cycles in which the memory of streamed weights pauses.
    patient: readers are ready only where a beat is offered, as AXI4-Stream allows them to. reset: so many cycles after
    these frames have passed, while later ones are on their way, the design is reset; the later ones then begin anew.
    """

    frames: int
    stalls: Mapping[int, Stall] = field(default_factory=dict)
    pauses: tuple[Pause, ...] = ()
    memory: float = 0.0
    patient: bool = False
    reset: int | None = None


Traffic = tuple[Phase, ...]

STEADY = 6
"""Frames without a pause, of which all ends but the first and the last count for the interval."""

GAPS = (64, 300, 1000)
"""Cycles for which an input pauses within a pixel, a row, and before a frame's last beat."""

SMALL = 60_000
"""Cycles in which a small network passes its traffic more than once, up to `REPEATS` times."""

REPEATS = 8


def even(project: RtlProject, frames: int, stall: float = 0.0) -> Traffic:
    """Frames back to back; each port and the memory pause in a cycle with probability `stall`."""
    stalls = {port.id: Stall(stall) for port in _ports(project)} if stall else {}
    return (Phase(frames, stalls, memory=stall),)


def demanding(project: RtlProject, images: int, latency_cycles: int) -> Traffic:
    """What a design must stand: two resets amid frames, frames without pauses, then every kind of pause.

    The frames without pauses that follow the second reset are as many as there are `images`, less those of the other
    phases, and never less than STEADY. latency_cycles: of a frame.
    """
    interval = project.interval_cycles
    few = images < 8
    repeats = max(1, min(REPEATS, SMALL // (8 * interval)))
    pauses = tuple(_pauses(project, 1 if few else 2, repeats))
    steady = max(STEADY, images + 4 - sum(phase.frames for phase in pauses) - 1) + under_way(project, latency_cycles)
    both = {port.id: Stall(0.3) for port in _ports(project)}
    return (
        Phase(0, both, reset=latency_cycles * 4 // 5),
        Phase(1, both, memory=0.1, reset=interval * 2 // 3 + 17),
        Phase(steady),
        *pauses,
    )


def under_way(project: RtlProject, latency_cycles: int) -> int:
    """Frames that must pass before the design is full, where it takes tiles of weights over frames; else 0."""
    return -(-latency_cycles // project.interval_cycles) if project.weights else 0


def _pauses(project: RtlProject, frames: int, repeats: int) -> Iterator[Phase]:
    ports = _ports(project)
    inputs, outputs = project.inputs, project.outputs
    for _ in range(repeats):
        yield Phase(frames, {port.id: Stall(0.1) for port in ports}, memory=0.1)
        yield Phase(frames, {port.id: Stall(0.5) for port in ports}, memory=0.5, patient=True)
        yield Phase(frames, _limiting(project, inputs, 1), memory=0.2, patient=True)
        yield Phase(frames, _limiting(project, outputs, 1) | _limiting(project, inputs, 64))
        gaps = tuple(pause for port in inputs for pause in _awkward(port))
        yield Phase(frames, _limiting(project, outputs, 300), gaps, patient=True)
        yield _stopped(project)


def _limiting(project: RtlProject, ports: tuple[Stream, ...], longest: int) -> dict[int, Stall]:
    """Pauses that make the ports about as slow as the design, so that it now waits for them and now does not."""
    stalls = {}
    for port in ports:
        idle = max(1.0, project.interval_cycles / _beats(port) - 1)  # cycles a beat in which nothing passes
        most = max(longest, round(idle / 16))
        # A pause can follow a pause, so that p / (1 - p) of them come before a beat.
        stalls[port.id] = Stall(idle / (idle + (most + 1) / 2), most)
    return stalls


def _awkward(port: Stream) -> Iterator[Pause]:
    """Within a pixel, within a row, and before the last beat of a frame, and before the first of the next."""
    channels, height, width = port.shape
    a_pixel = -(-channels // port.lanes)
    last = _beats(port) - 1
    middle = (height // 2 * width + width // 2) * a_pixel
    places = (min(last, middle + a_pixel // 2), height // 3 * width * a_pixel + (width * 2 // 3) * a_pixel, last)
    for beat, cycles in zip(places, GAPS, strict=True):
        yield Pause(port.id, 0, beat, cycles)
    yield Pause(port.id, 1, 0, GAPS[0] + 1)


def _stopped(project: RtlProject) -> Phase:
    """Readers that stop amid a frame for longer than the design can hold, while its inputs pause now and then."""
    held = project.interval_cycles * 5 // 4
    pauses = [
        Pause(port.id, 0, 0 if project.sparse else _beats(port) * (2 + index) // (5 + index), held + 64)
        for index, port in enumerate(project.outputs)
    ]
    return Phase(2, _limiting(project, project.inputs, 8), tuple(pauses), memory=0.1)


def _ports(project: RtlProject) -> tuple[Stream, ...]:
    return (*project.inputs, *project.outputs)


def _beats(port: Stream) -> int:
    """Beats of a frame."""
    channels, height, width = port.shape
    return height * width * -(-channels // port.lanes)


def lines(traffic: Traffic) -> tuple[list[str], list[str]]:
    """Lines of a RUN file that come before those of streams, and after."""
    before, after, first = [], [], 0
    for number, phase in enumerate(traffic):
        before.append(f"phase {phase.frames} {int(phase.memory * 256)} {int(phase.patient)}")
        if phase.reset is not None:
            before.append(f"reset {phase.reset}")
        after += [f"stall {port} {number} {s.probability} {s.longest}" for port, s in phase.stalls.items()]
        after += [f"pause {p.stream} {first + p.frame} {p.beat} {p.cycles}" for p in phase.pauses]
        first += phase.frames
    return before, after


def frames_of(traffic: Traffic) -> int:
    """In all."""
    return sum(phase.frames for phase in traffic)


def steady_frames(traffic: Traffic) -> range:
    """Numbers of the frames of the first phase without pauses."""
    first = 0
    for phase in traffic:
        if phase.frames and not phase.stalls and not phase.pauses:
            return range(first, first + phase.frames)
        first += phase.frames
    return range(0)


def first_frames(traffic: Traffic) -> tuple[int, ...]:
    """Numbers of the frames with which the design begins after each reset."""
    found, frames = [0], 0
    for phase in traffic:
        frames += phase.frames
        if phase.reset is not None:
            found.append(frames)
    return tuple(found)


def longest_pause(traffic: Traffic) -> int:
    """In cycles: of a port that pauses, and of memory, which pauses for a cycle at a time, none."""
    stalls = [stall.longest for phase in traffic for stall in phase.stalls.values()]
    return max([0, *stalls, *(pause.cycles for phase in traffic for pause in phase.pauses)])
