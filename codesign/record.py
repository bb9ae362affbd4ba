"""The base of all records that are written as JSON."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A part of a report."""

    model_config = ConfigDict(frozen=True)
