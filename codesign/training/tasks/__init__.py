"""What a network learns, one file a task, found by its name in recipes; what its outputs mean is in `codesign.tasks`.

Such a file has

    collate(recipe)                            function from samples to a batch: `images` (N, 3, H, W) uint8, and more
    loss(outputs, batch)                       of a network's `raw_heads`: one value, or its summands by name
    distillation_loss(outputs, teacher, batch) the same with the teacher's outputs for truth
"""

from types import ModuleType

from codesign.plugins import load
from codesign.recipe import Recipe


def task_of(recipe: Recipe) -> ModuleType:
    """The file of a recipe's task."""
    return load(__name__, recipe.task)
