"""Where an agency keeps the number of the last event it is done with."""

import os
from pathlib import Path
from typing import Protocol


class Cursor(Protocol):
    """Keeps a number; a database is a better place than a file when the events go into one too."""

    def read(self) -> int:
        """Return the number of the last event that is done, 0 at first."""
        ...

    def write(self, cursor: int) -> None:
        """Keep a number so that it survives a crash."""
        ...


class FileCursor:
    """A cursor in a file, replaced as a whole each time."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)

    def read(self) -> int:
        """Return the number of the last event that is done."""
        return int(self._path.read_text(encoding="ascii")) if self._path.exists() else 0

    def write(self, cursor: int) -> None:
        """Keep a number."""
        beside = self._path.with_name(self._path.name + ".new")
        with beside.open("w", encoding="ascii") as file:
            file.write(str(cursor))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
