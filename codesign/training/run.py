"""Run folders: what a training leaves behind.

recipe.yaml           the recipe with every default spelt out
float.ckpt            Lightning checkpoint of the floating-point phase's last epoch
last.ckpt             Lightning checkpoint of the quantized phase's last epoch
initial.safetensors   what the floating-point network began with, if that was not at random
float_best.safetensors, best.safetensors   of either phase, the weights with the best figure on the validation set, with
                      the batch norms that they train with
weights.safetensors   the final quantized network
model.qonnx.onnx      the same as QONNX, which can be exported without PyTorch; of `codesign train`
history.json          losses, learning rates and figures of every epoch (`codesign.training.history`)
analysis.json         figures class by class, confusions, differences layer by layer (`codesign.training.analysis`)
examples/             the pictures that it tells of
result.json           `TrainResult`
tensorboard/          logs of either phase, if asked for
report.html           by `codesign report RUN --html`
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import safetensors.torch
import torch
from pydantic import ConfigDict, TypeAdapter, ValidationError
from safetensors import SafetensorError

from codesign.errors import CheckpointError
from codesign.files import write_bytes, write_text
from codesign.nn.network import Network, float_network, quantized_network
from codesign.reading import read_json
from codesign.recipe import Recipe, load_recipe
from codesign.run_folder import RECIPE as RECIPE
from codesign.run_folder import RESULT as RESULT
from codesign.run_folder import WEIGHTS as WEIGHTS
from codesign.run_folder import find_run as find_run
from codesign.training.callbacks import unsound
from codesign.training.checkpoint import read_checkpoint
from codesign.training.history import load_history, of_phase, save_history

FLOAT_CHECKPOINT = "float.ckpt"
LAST_CHECKPOINT = "last.ckpt"
BEST = {"float_phase": "float_best.safetensors", "quantized_phase": "best.safetensors"}
INITIAL = "initial.safetensors"
LOGS = "tensorboard"


@dataclass(frozen=True)
class TrainResult:
    """What a training reached on the validation set."""

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    run: Path
    seconds: float
    """Wall-clock time of both phases; only of what remained, if resumed."""
    ap50: float | None = None
    """Detection: quantized network, IoU 0.5; none if the recipe has no quantized phase."""
    ap: float | None = None
    """Quantized network, IoU 0.50 to 0.95; likewise."""
    float_ap50: float | None = None
    """Floating-point network that it was folded from."""
    float_ap: float | None = None
    accuracy: float | None = None
    """Classification: the same of top-1 accuracy."""
    float_accuracy: float | None = None
    threads: int | None = None
    """Threads of torch on the CPU. It splits sums among them, so another number of them ends with other weights."""


_RESULT = TypeAdapter(TrainResult)


def load_run(run: str | Path) -> tuple[Recipe, Network]:
    """The recipe and the final quantized network, in eval mode, of a finished run.

    Raises:
        CheckpointError: the run is missing, unfinished, truncated, or of another network than its recipe says.
        RecipeError: its recipe is malformed.
    """
    folder = find_run(run)
    recipe = load_recipe(folder / RECIPE)
    if recipe.training.quantized_phase is None:
        raise CheckpointError(
            "was trained in floating point only", where=str(folder), remedy="train with a quantized phase"
        )
    network = quantized_network(recipe)
    restore(network, read_weights(folder / WEIGHTS), folder / WEIGHTS)
    return recipe, network.eval()


def load_float_run(run: str | Path, overrides: Sequence[str] = ()) -> tuple[Recipe, Network]:
    """The recipe and the floating-point network, in eval mode, that a run trained first.

    Args:
        run: run folder.
        overrides: settings of the recipe that leave its parameters as they are.

    Raises:
        CheckpointError: its checkpoint is missing, truncated, or of another network.
        RecipeError: its recipe is malformed.
    """
    folder = find_run(run)
    recipe = load_recipe(folder / RECIPE, overrides)
    file = folder / FLOAT_CHECKPOINT
    state = read_checkpoint(file)["state_dict"]
    network = float_network(recipe)
    restore(network, {name.removeprefix("network."): tensor for name, tensor in state.items()}, file)
    network.finish(recipe)
    return recipe, network.eval()


def copy_float_phase(run: Path, out: Path) -> None:
    """Put what a run's floating-point phase left into another run folder, which then goes on from there."""
    out.mkdir(parents=True, exist_ok=True)
    for name in (FLOAT_CHECKPOINT, BEST["float_phase"]):
        if (run / name).is_file():
            shutil.copyfile(run / name, out / name)
    save_history(out, of_phase(load_history(run), "float_phase"))


def restore(network: Network, state: dict[str, torch.Tensor], source: Path) -> None:
    """Load a state dict whole.

    Raises:
        CheckpointError: a tensor is missing, unknown or of another shape, or holds what is no finite number.
    """
    try:
        network.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise CheckpointError(
            "holds weights of another network than its recipe describes",
            where=str(source),
            remedy="keep the recipe it was trained with, or train again",
        ) from error
    broken = unsound(network)
    if broken is not None:
        raise CheckpointError(f"{broken} holds values that are no numbers", where=str(source), remedy="train again")


def save_weights(network: Network, folder: Path, name: str = WEIGHTS) -> None:
    """Write the network's tensors."""
    save_tensors(network.state_dict(), folder / name)


def save_tensors(state: Mapping[str, torch.Tensor], file: Path) -> None:
    write_bytes(file, safetensors.torch.save({n: tensor.detach().cpu().contiguous() for n, tensor in state.items()}))


def save_result(result: TrainResult) -> None:
    """Write `result.json`, without the folder's own place and what was not measured."""
    content = {key: value for key, value in asdict(result).items() if key != "run" and value is not None}
    write_text(result.run / RESULT, json.dumps(content, indent=2) + "\n")


def load_result(folder: Path) -> TrainResult:
    """Read `result.json`.

    Raises:
        CheckpointError: it is missing or malformed.
    """
    path = folder / RESULT
    try:
        found = read_json(path, CheckpointError)
        return _RESULT.validate_json(json.dumps({**found, "run": str(folder)}))
    except (FileNotFoundError, TypeError, ValidationError) as error:
        raise CheckpointError("is missing or malformed", where=str(path), remedy="finish the training") from error


def is_finished(folder: Path, recipe: Recipe) -> bool:
    """Whether a training has ended there, and all that it left can be read: result and weights."""
    try:
        load_result(folder)
        if recipe.training.quantized_phase is None:
            return (folder / FLOAT_CHECKPOINT).is_file()
        load_run(folder)
    except CheckpointError:
        return False
    return True


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Tensors of a safetensors file by name. Raises CheckpointError if it is missing or truncated."""
    if not path.is_file():
        raise CheckpointError("is missing: the run is not finished", where=str(path), remedy="train with --resume")
    try:
        return safetensors.torch.load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"is truncated or no safetensors file ({error})", where=str(path), remedy="train again"
        ) from error
