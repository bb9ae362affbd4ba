"""Refusals of a file that a rewrite of it may mend."""

from __future__ import annotations

from codesign.errors import GraphError


class RefusalError(GraphError):
    """A refusal, and what may mend it.

    rewrite: the module of `codesign.frontend.suggestions` that may make a file of it that is read. tensor: of the file,
    what is to be rewritten: an output of the node that is refused, or the tensor that lacks a quantizer.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "", rewrite: str, tensor: str = "") -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.rewrite, self.tensor = rewrite, tensor


def placed(error: GraphError, where: str, tensor: str = "") -> GraphError:
    """The same refusal, which happened at `where`, at the node that gives `tensor`, unless it knows better."""
    error.tell(error.what, error.where or where, error.remedy)
    if isinstance(error, RefusalError):
        error.tensor = error.tensor or tensor
    return error
