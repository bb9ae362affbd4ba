"""weight_reader: every port gets its region over and over, whatever the memory's latency and the others' pauses."""

import numpy as np

from codesign.bench import RawFile, Streams, check_streams
from codesign.emit.rtl import weight_image as image
from codesign.emit.rtl.base import Block, Port
from codesign.emit.rtl.weight_image import Region, WeightImage

MIXED = (8, 16, 64, 4)
FRAMES = 3


def reader(
    label: str,
    beats: tuple[int, ...],
    depth: int,
    latency: tuple[int, int],
    stall: int,
    seed: int,
    units: tuple[int, ...] = MIXED,
    interval_cycles: int | None = None,
) -> Streams:
    """Four ports with regions of so many beats, in units of so many bits; each is read FRAMES times."""
    rng = np.random.default_rng(seed)
    regions, data = [], b""
    for port, (count, unit) in enumerate(zip(beats, units, strict=True)):
        regions.append(Region(str(port), len(data), count * 8, unit))
        data += rng.bytes(count * 8)
        data += rng.bytes(-len(data) % image.ALIGNMENT)
    made = WeightImage(tuple(regions), data)
    base = 5 * image.ALIGNMENT
    memory = WeightImage((), bytes(base) + data)
    parameters = image.reader_parameters(made, depth) | {
        "MEMORY_BEATS": len(memory.data) // 8,
        "MEMORY_FILE": f"{label}.bin",
        "LATENCY": latency[0],
        "SPREAD": latency[1] - latency[0],
        "STALL": stall,
    }
    del parameters["PORTS"]
    parameters["UNITS_READ"] = sum(
        FRAMES * count * 64 // unit << 32 * port for port, (count, unit) in enumerate(zip(beats, units, strict=True))
    )
    parameters |= {f"UNIT{port}": unit for port, unit in enumerate(units)}
    outputs, ports = [], []
    for region in made.regions:
        content = np.frombuffer(data[region.offset : region.offset + region.size], np.uint8)
        bits = np.unpackbits(content, bitorder="little")
        lane_bits = min(region.unit_bits, 16)
        lanes = bits.reshape(-1, region.unit_bits // lane_bits, lane_bits) @ (1 << np.arange(lane_bits))
        outputs.append(np.broadcast_to(lanes.T[None, :, :, None], (FRAMES, *lanes.T.shape, 1)))
        ports.append(Port(region.unit_bits // lane_bits, lane_bits, signed=False))
    start = np.full((FRAMES, 1, 1, 1), base)
    contents = (RawFile(f"{label}.bin", memory.data),)
    block = Block("reader_of_four", parameters, (Port(1, 32, signed=False),), tuple(ports), contents)
    return Streams(label, block, [start], outputs, interval_cycles, seed=seed, tolerance=4)  # what is in the ports


def test_every_port_gets_its_region_again_and_again():
    check_streams(
        [
            reader("fast", (16, 9, 24, 1), 16, (1, 1), 0, 1),
            reader("slow", (16, 9, 24, 1), 16, (1, 200), 0, 2),
            reader("stalling", (7, 40, 3, 12), 32, (1, 200), 160, 3),
            reader("shallow", (70, 8, 17, 2), 8, (30, 40), 64, 4),
        ]
    )


def test_the_bus_can_be_filled_by_prefetching_over_the_latency():
    whole = (64, 64, 64, 64)
    check_streams(
        [
            reader("near", (32, 32, 32, 32), 16, (1, 1), 0, 5, whole, 128),
            reader("far", (32, 32, 32, 32), 32, (60, 60), 0, 6, whole, 128),
        ]
    )
