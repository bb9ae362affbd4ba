"""Recipes: one YAML file that says which network is trained on which data, and how.

A recipe is checked whole before anything runs: an unknown key, a wrong type or an impossible combination is a
`RecipeError` that names the file, the key's path and, for a misspelt key, the nearest valid one.
"""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StrictBool, ValidationError, model_validator

from codesign import yaml_text
from codesign.errors import RecipeError
from codesign.files import write_text
from codesign.networks import AnyNetwork, sections
from codesign.networks.base import Task
from codesign.plugins import names
from codesign.reading import SETTINGS_BYTES, read_text
from codesign.resources import models_dir
from codesign.sections import LENGTHS, Positive, Section, Training

Bits = Annotated[int, Field(strict=True, ge=2, le=8)]
Percentile = Annotated[float, Field(strict=True, gt=50, le=100)]
Seed = Annotated[int, Field(strict=True, ge=0, lt=2**31)]

MOST_PIXELS_MADE = 2**34
"""The most pixels of all images of a digits set that is made."""
PICTURES = "pictures"
"""The set of one's own pictures, in whatever format they are."""
LONGEST_SHOWN = 60
"""Characters of a value that an error shows."""
LARGEST_BATCH_BYTES = 2**32
"""The most bytes that the images of a batch take."""


def _known_task(task: str) -> str:
    if task not in names("codesign.tasks"):
        raise ValueError(f"there is no task {task}: use {' or '.join(names('codesign.tasks'))}")
    return task


def sets_of(task: str) -> tuple[str, ...]:
    """Data sets of a task, as recipes name them."""
    return tuple(name.replace("_", "-") for name in names(f"codesign.data.{task}"))


SMALLEST_SIDE, LARGEST_SIDE, SIDE_STEP = 16, 8192, 8
"""Pixels of an input's side, and what that is a multiple of."""


def _sides(size: object) -> object:
    """Height and width, or one number for both."""
    sides = size if isinstance(size, list | tuple) else (size, size)
    good = (type(side) is int and SMALLEST_SIDE <= side <= LARGEST_SIDE and side % SIDE_STEP == 0 for side in sides)
    if len(sides) != 2 or not all(good):
        raise ValueError(
            f"it is one number or [height, width], multiples of {SIDE_STEP} from {SMALLEST_SIDE} to {LARGEST_SIDE:,}"
        )
    return size


Side = Annotated[int, Field(ge=SMALLEST_SIDE, le=LARGEST_SIDE, multiple_of=SIDE_STEP)]
ImageSize = Annotated[Side | tuple[Side, Side], BeforeValidator(_sides)]


class Data(Section):
    """Where images come from.

    set: `pictures`, one's own in the folder `path`, where there is a path or a format; else `digits`: of detection made
        in the cache, of classification scikit-learn's. Fashion-MNIST is Debian's package unless there is a path. A
        recipe of a set that is not at hand can be summarized and exported untrained, but not trained.
    path: folder of the set, or of one's own pictures the file that lists them: a data.yaml, JSON or CSV file.
    format: of one's own pictures: recognized unless given. The names of formats are taken for `set`, too.
    split: share of one's own pictures that is drawn to be measured on, where the folder has one split only.
    boxes: those that leave their pictures are refused, or clipped to them.
    image_size: pixels of the network's input, one number for a square or [height, width]; multiples of 8 from 16 on.
    fit: of pictures of another shape. letterbox keeps their shape, in the middle of black; stretch does not.
    train_images, val_images: how many digits scenes are made; of sets for classification, how many are used at most.
        One's own pictures are all used.
    seed: of the digits that are made, and of the share that is drawn.
    digit_heights: pixels of the smallest and the largest digit; 18 and 3/4 of the image unless given.
    """

    set: str = "digits"
    path: Path | None = Field(default=None, examples=["photos"])
    format: str | None = Field(default=None, examples=["yolo"])
    split: Annotated[float, Field(strict=True, gt=0, lt=1)] = 0.2
    boxes: Literal["refuse", "clip"] = "refuse"
    image_size: ImageSize = 64
    fit: Literal["letterbox", "stretch"] = "letterbox"
    train_images: Positive = 4000
    val_images: Positive = 256
    seed: Seed = 0
    digit_heights: tuple[Positive, Positive] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the network's input."""
        return (self.image_size, self.image_size) if isinstance(self.image_size, int) else self.image_size

    @model_validator(mode="before")
    @classmethod
    def _own_pictures(cls, content: Any) -> Any:
        """What is meant where `set` is left out, or is a format."""
        if not isinstance(content, dict):
            return content
        given, formats = content.get("set"), names("codesign.data.formats")
        if isinstance(given, str) and given in formats:
            return {**content, "set": PICTURES, "format": content.get("format") or given}
        if given is None and (content.get("path") is not None or content.get("format") is not None):
            return {**content, "set": PICTURES}
        return content

    @model_validator(mode="after")
    def _format_is_known(self) -> Self:
        formats = names("codesign.data.formats")
        if self.format is not None and (self.set != PICTURES or self.format not in formats):
            raise ValueError(f"data.format is for data.set {PICTURES}, and one of {', '.join(formats)}")
        return self

    @model_validator(mode="after")
    def _digits_fit(self) -> Self:
        if self.digit_heights and self.digit_heights[0] > self.digit_heights[1]:
            raise ValueError("digit_heights are the smallest and the largest, in this order")
        images = self.train_images + self.val_images
        height, width = self.size
        if self.set == "digits" and self.path is None and images * height * width > MOST_PIXELS_MADE:
            raise ValueError(f"{images:,} images of {height} x {width} pixels are too many to make")
        return self


PTQ = (
    "training.quantized_phase={steps: 0}",
    "quantization.equalize=true",
    "quantization.adaptive_rounding=true",
    "quantization.weight_scale=unclipped",
)
"""Settings that quantize a network after its training, without another one."""

WeightScale = Literal["largest", "unclipped", "statistics"]


class LayerWidths(Section):
    """Widths of single layers in bits, in place of those of the whole network; a number alone is that of both.

    weight_bits: of weights, signed.
    activation_bits: of what the layer hands to the next; outputs of the network have output_bits.
    """

    weight_bits: Bits | None = None
    activation_bits: Bits | None = None

    @model_validator(mode="before")
    @classmethod
    def _both_alike(cls, given: Any) -> Any:
        alike = isinstance(given, int) and not isinstance(given, bool)
        return {"weight_bits": given, "activation_bits": given} if alike else given

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.weight_bits is None and self.activation_bits is None:
            raise ValueError("a layer's widths are weight_bits, activation_bits or both")
        return self


Pattern = Annotated[str, Field(min_length=1, max_length=200)]


class Quantization(Section):
    """Widths in bits. Scales are powers of two: per output channel for weights, per tensor for activations.

    weight_bits: of weights, signed; of the first layer's, stem_weight_bits.
    stem_weight_bits: of the first layer's weights.
    activation_bits: of what a layer hands to the next.
    output_bits: of the network's outputs, signed.
    activation_percentile: an activation's full scale is this percentile of its magnitudes in calibration.
    calibration_batches: training batches that set the scales before quantized training.
    weight_scale: what sets a channel's full scale. Its largest magnitude, rounded to the nearest power of two, which
        clips by up to a factor of sqrt(2); the same rounded up, so unclipped; or statistics, twice its mean magnitude
        (Liu, Liu, Cheng, arXiv 2302.02210), which does not follow the few weights that oscillate.
    weight_percentile: magnitudes of a channel beyond this percentile are clipped before quantized training; 100: none.
    equalize: channels between layers get ranges alike before anything is quantized, which the network computes the same
        with (cross-layer equalization, Nagel et al., arXiv 1906.04721).
    adaptive_rounding: weights are rounded for the least error of their layer's output, and biases corrected, by the
        calibration's images (GPTQ, arXiv 2210.17323); in place of a training, so with a quantized phase of 0 steps.
    binary: weights and activations are -1 or +1, but for the image, the weights of the first layer, the last layer, and
        in residual networks the summands and the average.
    layers: widths of single layers by patterns of their module paths, as in {"heads.*": 8} or
        {"*.depthwise": {weight_bits: 8}}. Of several that match, the last one holds.
    """

    weight_bits: Bits = 4
    stem_weight_bits: Bits = 8
    activation_bits: Bits = 8
    output_bits: Annotated[int, Field(strict=True, ge=4, le=16)] = 8
    weight_scale: WeightScale = "largest"
    weight_percentile: Percentile = 100.0
    activation_percentile: Percentile = 99.9
    calibration_batches: Annotated[int, Field(strict=True, gt=0, le=10_000)] = 4
    equalize: StrictBool = False
    adaptive_rounding: StrictBool = False
    binary: StrictBool = False
    layers: dict[Pattern, LayerWidths] = Field(default={}, max_length=1000, examples=[{"heads.*": 8}])


class Detection(Section):
    """Which peaks of the heat map become boxes.

    score_threshold: the least score of a box.
    max_boxes: the most boxes of an image, the best ones.
    """

    score_threshold: Annotated[float, Field(strict=True, ge=1e-6, lt=1)] = 0.05
    max_boxes: Annotated[int, Field(strict=True, gt=0, le=10_000)] = 50


class Recipe(Section):
    """A whole recipe. See `models/*.yaml` for examples.

    name: of the recipe, and of the folders that are made from it.
    task: what the network does, detection or classification.
    seed: of the first weights and of the order of images.
    data: where images come from, and the size at which the network takes them.
    model: the network; its key `kind` says which one, and which other keys there are.
    quantization: widths in bits.
    training: how it is trained.
    detection: which peaks of the heat map become boxes.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
    task: Annotated[Task, AfterValidator(_known_task)] = "detection"
    seed: Seed = 0
    data: Data = Data()
    model: AnyNetwork
    quantization: Quantization = Quantization()
    training: Training = Training()
    detection: Detection = Detection()

    @model_validator(mode="after")
    def _network_does_the_task(self) -> Self:
        if self.model.task != self.task:
            raise ValueError(f"a {self.model.kind} is for {self.model.task}: task must be {self.model.task}")
        self.model.check(self.training)
        return self

    @model_validator(mode="after")
    def _network_can_be_binary(self) -> Self:
        if self.quantization.binary and not self.model.has_binary_form:
            able = ", ".join(kind for kind, section in sections().items() if section.has_binary_form)
            raise ValueError(f"a {self.model.kind} has no binary form: quantization.binary is for {able}")
        if self.training.reuse is not None and not self.quantization.binary:
            raise ValueError("training.reuse is for binary networks: quantization.binary must be true")
        return self

    @model_validator(mode="after")
    def _rounding_is_the_last_thing_done(self) -> Self:
        phase = self.training.quantized_phase
        if self.quantization.adaptive_rounding and (phase is None or phase.steps != 0):
            raise ValueError(
                "quantization.adaptive_rounding is in place of a training: training.quantized_phase.steps must be 0"
            )
        if self.quantization.binary and (self.quantization.equalize or self.quantization.adaptive_rounding):
            raise ValueError("binary networks are trained: quantization.equalize and adaptive_rounding must be false")
        return self

    @model_validator(mode="after")
    def _image_divides_into_cells(self) -> Self:
        if any(side % self.model.coarsest_stride for side in self.data.size):
            size = self.data.image_size if isinstance(self.data.image_size, int) else list(self.data.image_size)
            raise ValueError(
                f"data.image_size {size} is no multiple of {self.model.coarsest_stride}, the stride of the last stage"
            )
        return self

    @model_validator(mode="after")
    def _batch_fits_in_memory(self) -> Self:
        height, width = self.data.size
        if self.training.batch_size * 3 * height * width > LARGEST_BATCH_BYTES:
            raise ValueError(
                f"training.batch_size {self.training.batch_size:,} of images of {height} x {width} pixels is more than "
                f"{LARGEST_BATCH_BYTES // 2**30} GiB"
            )
        return self

    @model_validator(mode="after")
    def _data_are_of_the_task(self) -> Self:
        known = (PICTURES, *sets_of(self.task))
        if self.data.set not in known:
            raise ValueError(f"data.set {self.data.set} is not for {self.task}: use {', '.join(known)}")
        augmentation = self.training.augmentation
        if self.task == "classification" and augmentation is not None and augmentation.scale[1] >= 2:
            raise ValueError("training.augmentation.scale must stay below 2, or images lose what they show")
        return self


def load_recipe(path_or_name: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read and check a recipe.

    Args:
        path_or_name: a YAML file, or the name of a recipe that ships with the package.
        overrides: `key.path=value` settings that replace the file's; values are parsed as YAML.

    Raises:
        RecipeError: no such recipe, not YAML, an unknown key, a bad value, or an override of a wrong form.
    """
    path = find_recipe(path_or_name)
    try:
        content = yaml_text.parse(read_text(path, RecipeError, limit=SETTINGS_BYTES))
    except ValueError as error:
        raise RecipeError(f"is not YAML ({error})", where=str(path), remedy="mend its syntax") from error
    if not isinstance(content, dict):
        raise RecipeError("is not a mapping of keys", where=str(path), remedy="see models/codenet-digits.yaml")
    for setting in overrides:
        _override(content, setting)
    return parse_recipe(content, str(path))


def parse_recipe(content: dict[str, Any], source: str) -> Recipe:
    """Check a recipe already read into a mapping; `source` is named in errors.

    Raises:
        RecipeError: as for `load_recipe`.
    """
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        raise _recipe_error(error, source) from error


def save_recipe(recipe: Recipe, path: Path) -> None:
    """Write a recipe with every default spelt out."""
    write_text(path, yaml_text.dump(recipe.model_dump(mode="json")))


def find_recipe(path_or_name: str | Path) -> Path:
    """The file of a recipe, given itself, with or without its suffix, or by the name under which it ships.

    Raises:
        RecipeError: there is none.
    """
    path = Path(path_or_name)
    for file in (path, path.with_name(f"{path.name}.yaml")):
        if file.is_file():
            return file
    shipped = models_dir() / f"{path_or_name}.yaml"
    if path.name == str(path_or_name) and shipped.is_file():
        return shipped
    names = sorted(file.stem for file in models_dir().glob("*.yaml"))
    raise RecipeError(
        "no such recipe", where=str(path_or_name), remedy=f"give a YAML file or one of {', '.join(names)}"
    )


def _override(content: dict[str, Any], setting: str) -> None:
    key, separator, text = setting.partition("=")
    steps = key.split(".")
    if not separator or not all(steps):
        raise RecipeError("is not of the form key.path=value", where=f"--set {setting}", remedy="e.g. seed=1")
    node: Any = content
    for step in steps[:-1]:
        node = node[int(step)] if isinstance(node, list) and _is_index(step, node) else _child(node, step, setting)
    try:
        value = yaml_text.parse(text)
    except ValueError as error:
        raise RecipeError(f"its value is not YAML ({error})", where=f"--set {setting}") from error
    if isinstance(node, list) and _is_index(steps[-1], node):
        node[int(steps[-1])] = value
    elif isinstance(node, dict):
        for other in LENGTHS if steps[-1] in LENGTHS and value is not None else ():
            node.pop(other, None)
        node[steps[-1]] = value
    else:
        raise RecipeError("leads to a key inside a plain value", where=f"--set {setting}", remedy="shorten the key")


def _child(node: Any, step: str, setting: str) -> Any:
    if not isinstance(node, dict):
        raise RecipeError("leads to a key inside a plain value", where=f"--set {setting}", remedy="shorten the key")
    return node.setdefault(step, {})


def _is_index(step: str, node: list[Any]) -> bool:
    return step.isdigit() and int(step) < len(node)


def _recipe_error(error: ValidationError, source: str) -> RecipeError:
    """The first problem, as one line; a misspelt key before the missing key that it leaves behind."""
    first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    steps = _without_kind(first["loc"])
    location = [str(step) for step in steps]
    where = f"{source}: {'.'.join(location)}" if location else source
    if first["type"] == "extra_forbidden":
        valid = _keys_at(first["loc"][:-1])
        nearest = difflib.get_close_matches(location[-1], valid, n=1, cutoff=0.4)
        remedy = f"did you mean '{nearest[0]}'?" if nearest else f"valid keys here: {', '.join(valid)}"
        return RecipeError("unknown key", where=where, remedy=remedy)
    if first["type"] == "union_tag_invalid":
        known = ", ".join(sections())
        return RecipeError(f"no network '{first['ctx']['tag']}'", where=f"{where}.kind", remedy=f"known: {known}")
    if first["type"] == "missing":
        return RecipeError("key is missing", where=where, remedy="add it")
    message = first["msg"].removeprefix("Value error, ")
    given = "" if isinstance(first["input"], dict) else f" (got {_shown(first['input'])})"
    return RecipeError(f"{message}{given}", where=where, remedy="correct the value")


def _without_kind(location: Sequence[int | str]) -> tuple[int | str, ...]:
    """Pydantic names the chosen member of a union between the section and its keys."""
    return tuple(step for place, step in enumerate(location) if place != 1 or location[0] != "model")


def _keys_at(location: Sequence[int | str]) -> list[str]:
    """Keys that are valid in the section at `location`."""
    section: Any = Recipe
    if location[:1] == ("model",):
        section, location = sections()[str(location[1])], location[2:]
    for step in location:
        if isinstance(step, int) or step not in section.model_fields:  # a place in a list, or a key that is free
            continue
        section = section.model_fields[step].annotation
        if not isinstance(section, type) or not issubclass(section, BaseModel):
            section = next(part for part in get_args(section) if isinstance(part, type) and issubclass(part, BaseModel))
    return list(section.model_fields)


def _shown(value: object) -> str:
    """A value as an error shows it."""
    if isinstance(value, int) and abs(value) >= 10**LONGEST_SHOWN:  # Python refuses to write more than 4,300 digits
        return f"an integer of {value.bit_length():,} bits"
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
