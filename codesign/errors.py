"""The one family of errors that a user is meant to read."""


class CodesignError(Exception):
    """Something the user can mend: what is wrong, where, and what to do.

    The command line prints it as one line and exits with status 2. details: further lines, where there is a list to
    tell.
    """

    details: tuple[str, ...] = ()

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.tell(what, where, remedy)

    def tell(self, what: str, where: str, remedy: str) -> None:
        """Says it in other words, for one who knows better where it happened."""
        self.what = what
        self.where = where
        self.remedy = remedy
        self.args = (str(self),)

    def __str__(self) -> str:
        line = f"{self.where}: {self.what}" if self.where else self.what
        return f"{line}; {self.remedy}" if self.remedy else line


def first_line(error: BaseException) -> str:
    """The first line of what another library says, or the error's type where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


class RecipeError(CodesignError):
    """A recipe names an unknown key, or a value that cannot be built."""


class DataError(CodesignError):
    """A dataset folder, annotation or image is missing or malformed."""


class CheckpointError(CodesignError):
    """A run folder or checkpoint is missing, truncated or of another network."""


class TrainingError(CodesignError):
    """A training came to values that are no numbers."""


class GraphError(CodesignError):
    """A graph is malformed, or cannot be expressed exactly in integers."""


class TargetError(CodesignError):
    """A target board is unknown, or its file is malformed."""


class ScheduleError(CodesignError):
    """No folding of the network fits the target."""


class BuildError(CodesignError):
    """A build folder is missing, of another format, or in use."""


class CacheError(CodesignError):
    """The user's cache cannot be made or written."""


class ToolError(CodesignError):
    """A compiler or simulator is missing, or failed."""


class NotWrittenError(CodesignError):
    """A function, or a source of hardware, that `codesign new` has begun and nobody has written yet."""

    def __init__(self, file: str, what: str) -> None:
        super().__init__(f"{what} is not written yet", where=file, remedy="its comment says what belongs there")
