"""Sections of a recipe that networks know as well: what all sections have in common, and how a network is trained."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

Positive = Annotated[int, Field(strict=True, gt=0, le=10**6)]
"""How many there are of something. Strict: neither a text nor a truth value is taken for a number."""
Size = Annotated[int, Field(strict=True, gt=0, le=2**16)]
"""Channels, or images at once: more is a mistake, which would take all memory before it showed."""
Magnification = Annotated[float, Field(strict=True, ge=0.01, le=100)]
Weight = Annotated[float, Field(strict=True, ge=1e-9, le=1e6)]
"""The weight of a term of the loss."""
Rate = Annotated[float, Field(strict=True, ge=1e-12, le=100)]
"""A learning rate."""

LENGTHS = ("epochs", "steps")
"""Keys of which a phase has one: a setting of the one replaces the other."""


class Section(BaseModel):
    """Part of a recipe: frozen, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Phase(Section):
    """One run of the optimizer, as long as its `epochs` or its `steps` say.

    The rate rises over the first tenth of the steps and falls to zero as a cosine.
    """

    DEFAULT_STEPS: ClassVar[int]

    epochs: Positive | None = None
    steps: Positive | None = None
    learning_rate: Rate = 2e-3

    @model_validator(mode="before")
    @classmethod
    def _has_a_length(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("epochs") is None and given.get("steps") is None:
            return {**given, "steps": cls.DEFAULT_STEPS}
        return given

    @model_validator(mode="after")
    def _has_one_length(self) -> Self:
        if self.epochs is not None and self.steps is not None:
            raise ValueError("a phase has either epochs or steps: set the other to null")
        return self

    def passes(self, batches: int) -> int:
        """How often it goes over a training set of so many batches."""
        return self.epochs if self.epochs is not None else -(-(self.steps or 0) // batches)


class FloatPhase(Phase):
    """Floating point, from random weights. The rate rises over the first tenth of the steps and falls as a cosine.

    epochs: how often every training image is seen, in place of steps.
    steps: how many batches are seen, rounded up to whole passes over the set, which suits small sets and large ones
        alike; 4,400 unless epochs are given.
    learning_rate: the highest rate.
    """

    DEFAULT_STEPS: ClassVar[int] = 4400


class QuantizedPhase(Phase):
    """With quantizers, from the weights of the floating-point phase. The rate rises and falls likewise.

    epochs: how often every training image is seen, in place of steps.
    steps: how many batches are seen, rounded up to whole passes over the set; 800 unless epochs are given; 0 calibrates
        the quantizers and trains nothing.
    learning_rate: the highest rate. Far below the floating-point phase's it leaves 4-bit weights, which must move by
        whole steps, short of what they can reach.
    """

    DEFAULT_STEPS: ClassVar[int] = 800
    steps: Annotated[int, Field(strict=True, ge=0, le=10**6)] | None = None


class Distillation(Section):
    """Quantized training also learns the heads of the floating-point network.

    weight: what the loss against them is multiplied by.
    """

    weight: Weight = 1.0


class Freezing(Section):
    """In the last `epochs` of quantized training, weights move only within `boundary` steps of a rounding threshold.

    Confidence-guided annealing (Liu, Liu, Cheng, arXiv 2302.02210): the others would round alike anyway.

    epochs: the last so many of quantized training.
    boundary: the part of a quantization step around a threshold within which weights still move.
    """

    epochs: Positive = 1
    boundary: Annotated[float, Field(strict=True, gt=0, lt=0.5)] = 0.005


class ChannelReuse(Section):
    """Quantized training of a binary network also lessens what its channels do not share with each other.

    weight: of the loss, which is the mean over the layers of the fraction of bit operations that is left of reuse
        along minimum spanning trees.
    rise: part of the training over which the weight rises to its value.
    interval: batches of an epoch between two computations of the trees.
    max_depth: most levels of a tree below its root; null: any number.
    """

    weight: Weight = Field(examples=[0.1])
    rise: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.25
    interval: Positive = 25
    max_depth: Positive | None = Field(default=None, examples=[8])


class Augmentation(Section):
    """Changes of training images, drawn anew in every epoch, after CenterNet's.

    mirror: half of them left to right; not for classes that this would change.
    scale: smallest and largest magnification, about a random place.
    colour: largest relative change of brightness, contrast and saturation.
    """

    mirror: StrictBool = True
    scale: tuple[Magnification, Magnification] = (0.6, 1.4)
    colour: Annotated[float, Field(strict=True, ge=0, lt=1)] = 0.4

    @model_validator(mode="after")
    def _scale_is_a_range(self) -> Self:
        if self.scale[0] > self.scale[1]:
            raise ValueError("scale has its largest magnification first")
        return self


class Training(Section):
    """Adam in floating point with batch norm, then with quantizers from the folded weights; or without the latter.

    batch_size: images at a time, of all devices together.
    weight_decay: of weights, as AdamW has it; biases, batch norms and scales do not decay.
    ema: each phase ends with the moving average of its weights, e.g. 0.999.
    fractional_first: dilations become whole numbers in the quantized phase only; in floating point the operator samples
        fractional positions, which learn faster than rounded ones.
    batch_norm: in the quantized phase. Folded, it is gone from the start. Kept, its statistics follow what quantization
        does, are frozen for the last quarter, and are folded into the weights before these are quantized, all the time,
        which makes a step longer. Either way nothing is left of it in the result, but for units of binary networks.
    precision: of convolutions, mixed on GPUs alone; quantizers compute in float32 always.
    validate_every: epochs between two looks at the validation set, beside that at a phase's end.
    patience: a phase ends early after so many looks without a better figure.
    keep: whether a phase ends with the weights of its last epoch, or of that with the best figure.
    augmentation: changes of training images, drawn anew in every epoch; null: none.
    float_phase: the training in floating point.
    quantized_phase: the training with quantizers that follows; null: none, and nothing to export.
    distillation: quantized training also learns from the floating-point network; null: it does not.
    freezing: the last epochs move only weights near a rounding threshold; null: all weights.
    reuse: a loss that makes channels of binary layers share bit operations; null: none.
    """

    batch_size: Size = 32
    weight_decay: Annotated[float, Field(strict=True, ge=0, le=10)] = 1e-4
    ema: Annotated[float, Field(strict=True, gt=0, lt=1)] | None = Field(default=None, examples=[0.999])
    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = "32-true"
    validate_every: Positive = 1
    patience: Positive | None = None
    keep: Literal["last", "best"] = "last"
    augmentation: Augmentation | None = None
    fractional_first: StrictBool = False
    batch_norm: Literal["folded", "kept"] = "folded"
    float_phase: FloatPhase = FloatPhase()
    quantized_phase: QuantizedPhase | None = QuantizedPhase()
    distillation: Distillation | None = None
    freezing: Freezing | None = None
    reuse: ChannelReuse | None = None
