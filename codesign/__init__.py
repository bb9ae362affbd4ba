"""From PyTorch to verified FPGA hardware.

Every command is also a function here, with a typed result: `summary`, `train`, `quantize`, `evaluate`, `export`,
`verify`, `simulate`, `synth`, `build`, `report`, `report_run`, `compare`, `detect`, `tune`, `search`, `ablate`,
`begin`, `demo`, `recipes`; `suggest` is `codesign export --suggest`. Each lives in `codesign/api/<name>.py` and is
imported when first used, so that `import codesign` stays fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from codesign.version import VERSION

__all__ = [
    "ablate",
    "begin",
    "build",
    "compare",
    "demo",
    "detect",
    "evaluate",
    "export",
    "quantize",
    "recipes",
    "report",
    "report_run",
    "search",
    "simulate",
    "suggest",
    "summary",
    "synth",
    "train",
    "tune",
    "verify",
]

if TYPE_CHECKING:
    from codesign.api.ablate import ablate as ablate
    from codesign.api.begin import begin as begin
    from codesign.api.build import build as build
    from codesign.api.compare import compare as compare
    from codesign.api.demo import demo as demo
    from codesign.api.detect import detect as detect
    from codesign.api.evaluate import evaluate as evaluate
    from codesign.api.export import export as export
    from codesign.api.quantize import quantize as quantize
    from codesign.api.recipes import recipes as recipes
    from codesign.api.report import report as report
    from codesign.api.report_run import report_run as report_run
    from codesign.api.search import search as search
    from codesign.api.simulate import simulate as simulate
    from codesign.api.suggest import suggest as suggest
    from codesign.api.summary import summary as summary
    from codesign.api.synth import synth as synth
    from codesign.api.train import train as train
    from codesign.api.tune import tune as tune
    from codesign.api.verify import verify as verify

__version__ = VERSION


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module(f"codesign.api.{name}"), name)
    raise AttributeError(f"module 'codesign' has no attribute '{name}'")
