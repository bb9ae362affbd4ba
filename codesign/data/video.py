"""Frames of videos and cameras, by OpenCV where that is installed."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from codesign.errors import DataError, ToolError

USUAL_RATE = 25.0
"""Frames a second of what does not say how many it has."""
CODEC = "mp4v"


class Frames:
    """The frames (3, H, W) uint8, RGB, of a video file, or of the camera that has a number.

    Raises ToolError without OpenCV, DataError for what it cannot open, or what holds no frame.
    """

    def __init__(self, source: str | Path) -> None:
        self.source = str(source)
        self.is_live = self.source.isdecimal()
        if not self.is_live and not Path(source).is_file():
            raise DataError("video is missing", where=self.source, remedy="give a video's file")
        self._cv2 = opencv(self.source)
        self._capture = self._cv2.VideoCapture(int(self.source) if self.is_live else self.source)
        if not self._capture.isOpened():
            what = "there is no such camera, or it is in use" if self.is_live else "cannot be read as a video"
            raise DataError(what, where=self.source, remedy="see whether another program shows it")
        rate = float(self._capture.get(self._cv2.CAP_PROP_FPS))
        self.per_second = rate if 0 < rate < 1000 else USUAL_RATE

    def __iter__(self) -> Iterator[np.ndarray]:
        first = True
        while (got := self._capture.read())[0]:
            first = False
            yield np.ascontiguousarray(got[1][..., ::-1].transpose(2, 0, 1))  # OpenCV has blue first
        if first:
            raise DataError("holds no frame", where=self.source, remedy="see whether another program shows it")

    def __enter__(self) -> Frames:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._capture.release()


class Writer:
    """Writes frames (H, W, 3) uint8, RGB, into an MP4 file, which is there only if at least one was written."""

    def __init__(self, path: Path, per_second: float) -> None:
        self.path = path
        self.per_second = per_second
        self._cv2 = opencv(str(path))
        self._writer: Any = None

    def write(self, frame: np.ndarray) -> None:
        height, width = frame.shape[:2]
        if self._writer is None:
            codec = self._cv2.VideoWriter.fourcc(*CODEC)
            self._writer = self._cv2.VideoWriter(str(self.path), codec, self.per_second, (width, height))
        self._writer.write(np.ascontiguousarray(frame[..., ::-1]))

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._writer is not None:
            self._writer.release()


def opencv(source: str) -> Any:
    """The module `cv2`. Raises ToolError, for the user of `source`, if it is not installed."""
    try:
        return import_module("cv2")
    except ImportError as error:
        raise ToolError(
            "videos and cameras are read by OpenCV, which is not installed",
            where=source,
            remedy="pip install 'codesign[video]', or make pictures of it first, e.g. with ffmpeg",
        ) from error
