"""Writes a proposed recipe as a file to read and to change: commented, with what it was chosen by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import yaml

from codesign.scaffold.proposal import Learning, Proposal

TEMPLATE = "recipe.yaml.j2"
SPARE_BOXES = 2
"""A detector may say so many times as many boxes as the fullest picture has."""
LEAST_BOXES = 20
WIDTH = 110


@dataclass(frozen=True)
class About:
    """What a recipe says of its set. title: of the set; format: as recipes name it, format_title: as people do.

    drawn: there is one split only. clip: boxes leave their pictures. most_objects: of a picture. width_reason: why the
    network has the size it has.
    """

    title: str
    summary: str
    path: Path
    format: str
    format_title: str
    pictures: int
    drawn: bool
    clip: bool
    most_objects: int
    width_reason: str


def recipe_text(task: str, about: About, proposal: Proposal, learning: Learning) -> str:
    """The YAML file."""
    jinja = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return jinja.get_template(TEMPLATE).render(
        title=_line(about.title),
        summary=_line(about.summary),
        name=slug(about.title),
        task=task,
        path=_flow(str(about.path)),
        format=_line(about.format_title),
        format_name=about.format,
        drawn=about.drawn,
        clip=about.clip,
        image_size=_size(*proposal.image_size),
        size_reason=_line(proposal.reason).capitalize(),
        width_reason=_line(about.width_reason),
        model=_block(proposal.model),
        learning=learning,
        scale="[0.7, 1.3]" if task == "detection" else "[0.85, 1.2]",
        pictures=f"{about.pictures:,}",
        steps_an_epoch=max(about.pictures // learning.batch_size, 1),
        most_objects=about.most_objects,
        max_boxes=max(SPARE_BOXES * about.most_objects, LEAST_BOXES),
    )


def _size(height: int, width: int) -> str:
    return f"[{height}, {width}]" if height != width else f"{width}"


def slug(title: str) -> str:
    """A name for recipes and folders."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", title).strip("-.")[:60].lstrip("_-.") or "mine"


def _line(text: str) -> str:
    """One line, whatever a folder is called."""
    return " ".join(text.split())


def _flow(value: object) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
    return text.removesuffix("\n...\n").strip()


def _block(model: dict[str, Any]) -> str:
    text: str = yaml.safe_dump(model, default_flow_style=None, sort_keys=False, allow_unicode=True, width=WIDTH)
    return "\n".join(f"  {line}" for line in text.rstrip("\n").splitlines())
