"""Networks as recipes describe them, one file a kind, without torch; `codesign.nn` has a file of that name to build it.

A new network needs these two files only: the section `Model` here, with the default of `kind` its file's name. A user's
own lie outside the package, in `networks/` and `nn/` of the folder that $CODESIGN_NETWORKS names (docs/own_network.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import Discriminator, Tag

from codesign.networks.base import Network
from codesign.plugins import load, names, users_networks

__path__.extend(users_networks("networks"))

DEFAULT_KIND = "codenet"
"""The kind of recipes that name none."""


def sections() -> dict[str, type[Network]]:
    """The sections by kind."""
    return {kind: load(__name__, kind).Model for kind in names(__name__)}


def kind_of(content: Any) -> str:
    """The kind that a section of a recipe, read or still a mapping, says it is of."""
    found = content.get("kind", DEFAULT_KIND) if isinstance(content, dict) else getattr(content, "kind", DEFAULT_KIND)
    return str(found)


if TYPE_CHECKING:
    AnyNetwork = Network
else:
    AnyNetwork = Annotated[
        Union[tuple(Annotated[section, Tag(kind)] for kind, section in sections().items())],  # noqa: UP007
        Discriminator(kind_of),
    ]
"""The section of whichever network `kind` names."""
