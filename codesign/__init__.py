"""From PyTorch to verified FPGA hardware.

Every command is also a function here, with a typed result: `summary`, `train`, `quantize`, `evaluate`, `export`,
`verify`, `simulate`, `synth`, `build`, `report`, `compare`, `detect`, `tune`, `search`, `demo`. Each lives in
`codesign/api/<name>.py` and is imported when first used, so that `import codesign` stays fast.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from codesign.version import VERSION

if TYPE_CHECKING:
    from codesign.api.build import build as build
    from codesign.api.compare import compare as compare
    from codesign.api.demo import demo as demo
    from codesign.api.detect import detect as detect
    from codesign.api.evaluate import evaluate as evaluate
    from codesign.api.export import export as export
    from codesign.api.quantize import quantize as quantize
    from codesign.api.report import report as report
    from codesign.api.search import search as search
    from codesign.api.simulate import simulate as simulate
    from codesign.api.summary import summary as summary
    from codesign.api.synth import synth as synth
    from codesign.api.train import train as train
    from codesign.api.tune import tune as tune
    from codesign.api.verify import verify as verify

__version__ = VERSION


def __getattr__(name: str) -> Any:
    if not name.startswith("_") and find_spec(f"codesign.api.{name}"):
        return getattr(import_module(f"codesign.api.{name}"), name)
    raise AttributeError(f"module 'codesign' has no attribute '{name}'")
