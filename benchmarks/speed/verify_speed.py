"""How long default `codesign verify` of the shipped network takes, and, with --against, what another checkout takes.

    python -m benchmarks.speed.verify_speed [--against FOLDER] [--pairs 5]     writes results/verify_speed.json

Each checkout exports the network and verifies it once, so that its simulators are compiled; then both verify in turn.
FOLDER is a checkout of another version, with its environment in `.venv`. CPU seconds are user and system time of
`codesign verify` and all processes that it starts; on a busy machine they tell more than the clock does.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.record import ROOT, save

NETWORK, IMAGES = "codenet-digits", 16


def codesign(checkout: Path, *words: str) -> dict[str, float]:
    """Runs a command of the checkout's `codesign`: its seconds by the clock and of the CPUs. Exits if it fails."""
    own = checkout / ".venv" / "bin" / "codesign"
    command = [str(own if own.exists() else Path(sys.executable).with_name("codesign")), *words]
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=checkout, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.exit(f"{' '.join(command)} in {checkout}:\n{output.read().decode(errors='replace')[-2000:]}")
    return {"cpu_s": round(usage.ru_utime + usage.ru_stime, 2), "wall_s": round(seconds, 2)}


def measured(checkouts: dict[str, Path], pairs: int, scratch: Path) -> dict[str, list[dict[str, float]]]:
    """By checkout, the runs of `verify`, taken in turn."""
    verify = {name: ("verify", str(scratch / name), "--images", str(IMAGES)) for name in checkouts}
    for name, checkout in checkouts.items():
        codesign(checkout, "export", NETWORK, "--out", str(scratch / name))
        codesign(checkout, *verify[name])
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in checkouts}
    for pair in range(pairs):
        for name, checkout in checkouts.items():
            runs[name].append(codesign(checkout, *verify[name]))
            print(f"{pair + 1} of {pairs}, {name}: {runs[name][-1]}", flush=True)
    return runs


def revision(checkout: Path) -> str:
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=checkout, capture_output=True, text=True, check=False
    )
    return told.stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, help="another checkout")
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    checkouts = {"present": ROOT} | ({"against": options.against.resolve()} if options.against else {})
    with tempfile.TemporaryDirectory(prefix="verify_speed_") as scratch:
        runs = measured(checkouts, options.pairs, Path(scratch))
    medians = {
        name: {unit: statistics.median(run[unit] for run in found) for unit in ("cpu_s", "wall_s")}
        for name, found in runs.items()
    }
    fields: dict[str, object] = {
        "network": NETWORK,
        "images": IMAGES,
        "revisions": {n: revision(c) for n, c in checkouts.items()},
    }
    fields |= {"median": medians, "runs": runs}
    if "against" in medians:
        ratios = {unit: medians["present"][unit] / medians["against"][unit] for unit in ("cpu_s", "wall_s")}
        fields["ratio"] = {unit: round(ratio, 3) for unit, ratio in ratios.items()}
    save(
        "verify_speed",
        fields,
        ("benchmarks/speed/verify_speed.py", "codesign/verification/**/*.py", "codesign/emit/**/*"),
    )


if __name__ == "__main__":
    main()
