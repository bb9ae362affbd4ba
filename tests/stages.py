"""The stages that `verify` runs by default, by what a build was made from."""

from codesign.verification import STAGES

OF_A_RUN = tuple(name for name in STAGES if name != "litert")
OF_AN_ONNX_FILE = tuple(name for name in OF_A_RUN if name != "brevitas")
