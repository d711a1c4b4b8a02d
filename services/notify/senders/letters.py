"""Letters: nothing is sent; what comes here waits in the print room until a person prints and posts it."""

from types import TracebackType
from typing import Self

from services.notify.domain.deliveries import Fate, Result
from services.notify.domain.letters import Letter


class PrintRoom:
    """The sender of letters on paper, and its own session."""

    def session(self) -> Self:
        """Return itself: there is nothing to connect."""
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """There is nobody to say goodbye to."""

    def send(self, letter: Letter) -> Result:
        """Put a letter into the queue of the print room."""
        del letter
        return Result(Fate.QUEUED)
