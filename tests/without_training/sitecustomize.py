"""Found on PYTHONPATH, makes a Python that has what `pip install codesign` brings, and nothing of its extra `train`."""

import sys

ABSENT = {"torch", "brevitas", "lightning", "sklearn", "pycocotools", "matplotlib", "onnxoptimizer", "safetensors"}


class Absent:
    """Finds none of these, whoever asks."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Absent)
