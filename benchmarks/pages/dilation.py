"""Draws docs/dilation.png: scenes with their true boxes, and the dilation s that the shipped network takes there.

python -m benchmarks.pages.dilation [RUN]
"""

from __future__ import annotations

import sys

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from benchmarks.pages.passages import DOCS
from codesign.api.demo import RECIPE
from codesign.data.dataset import validation_set
from codesign.data.sample import Sample
from codesign.nn.layers import plain
from codesign.training import load_run

SCENES, SIDE = 6, 192
DARK, LIGHT = np.array([20, 20, 60.0]), np.array([220, 110, 40.0])


def main(run: str) -> None:
    recipe, network = load_run(run)
    samples = validation_set(recipe)
    sheet = Image.new("RGB", (SCENES * SIDE, 2 * SIDE), "white")
    for column in range(SCENES):
        scene, dilation = _pair(network, samples[column])
        sheet.paste(scene, (column * SIDE, 0))
        sheet.paste(dilation, (column * SIDE, SIDE))
    sheet.save(DOCS / "dilation.png", optimize=True)


def _pair(network: torch.nn.Module, sample: Sample) -> tuple[Image.Image, Image.Image]:
    """The scene, and the dilations of the first decoder block, one number a position."""
    seen: list[np.ndarray] = []
    block = network.decoder[0].dilation
    hook = block.register_forward_hook(lambda _, inputs, output: seen.append(plain(output)[0, 0].numpy()))
    with torch.no_grad():
        network.raw_heads(torch.from_numpy(sample.image[None]) / 256)
    hook.remove()
    scene = Image.fromarray(sample.image.transpose(1, 2, 0)).resize((SIDE, SIDE), Image.Resampling.NEAREST)
    return _boxed(scene, sample), _boxed(_map(seen[0]), sample)


def _map(dilation: np.ndarray) -> Image.Image:
    level = np.clip(dilation / 4, 0, 1)[..., None]
    pixels = (DARK + level * (LIGHT - DARK)).astype(np.uint8)
    picture = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.NEAREST)
    draw, cell = ImageDraw.Draw(picture), SIDE / len(dilation)
    font = ImageFont.load_default(size=cell * 0.7)
    for (y, x), value in np.ndenumerate(dilation):
        draw.text(((x + 0.5) * cell, (y + 0.5) * cell), f"{int(value)}", fill="white", font=font, anchor="mm")
    return picture


def _boxed(picture: Image.Image, sample: Sample) -> Image.Image:
    draw, factor = ImageDraw.Draw(picture), SIDE / sample.image.shape[1]
    for box in sample.boxes * factor:
        draw.rectangle([float(edge) for edge in box], outline="lime", width=2)
    return picture


if __name__ == "__main__":
    main(*sys.argv[1:] or [RECIPE])
