"""What the use cases of files need from outside, as Protocols: files by content, in their cases, on their way in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from lianxi.casework.identifiers import DivisionCode
from services.intake.domain.attachments import Attachment, Blob, Limits, Load, Upload
from services.intake.handlers.ports import Clock, Contacts, Reads, Vault


class Blobs(Protocol):
    """The files by their content."""

    def get(self, sha256: str) -> Blob | None:
        """Return a file, locked."""
        ...

    def add(self, new: Sequence[Blob]) -> None:
        """Note files; one that is known stays as it is."""
        ...

    def change(self, sha256: str, **values: Any) -> None:
        """Set fields of a file; it is due at once."""
        ...

    def put_off(self, sha256: str, finding: str) -> None:
        """Note that it did not work; it is due again later."""
        ...

    def claim(self, most: int) -> list[Blob]:
        """Return files that are due for work."""
        ...

    def wanted_from_below(self) -> list[Blob]:
        """Return the files that nodes below are to bring."""
        ...

    def condemn_unused(self) -> int:
        """Let go of files that no case needs."""
        ...

    def forget(self, sha256: str) -> None:
        """Delete the row of a file whose bytes are gone."""
        ...

    def hasten(self, case_no: str | None) -> int:
        """Make what waits due now."""
        ...

    def counts(self) -> dict[str, int]:
        """Return how many files are in each state."""
        ...


class Attachments(Protocol):
    """The files in their cases."""

    def add(self, new: Attachment) -> bool:
        """Attach a file to a case; False when it is attached to it already."""
        ...

    def of_case(self, case_no: str) -> list[tuple[Attachment, Blob]]:
        """Return the files of a case."""
        ...

    def get(self, case_no: str, attachment_id: str) -> tuple[Attachment, Blob] | None:
        """Return one file of a case."""
        ...

    def missing(self) -> list[tuple[Attachment, Blob]]:
        """Return the files of all cases that are not here yet."""
        ...

    def forget(self, case_no: str) -> int:
        """Detach all files of a case; those that no other case needs are to be erased."""
        ...

    def note_reading(self, reading: Mapping[str, Any]) -> bool:
        """Write down who opened a file; False when it is still the same look."""
        ...


class Uploads(Protocol):
    """Files on their way in."""

    def load_of(self, case_no: str) -> Load:
        """Return what a case has already, locked against another upload that starts now."""
        ...

    def add(self, new: Upload) -> None:
        """Note an upload that begins."""
        ...

    def get(self, upload_id: str) -> Upload | None:
        """Return an upload, locked."""
        ...

    def finish(self, upload_id: str, attachment_id: str) -> None:
        """Note which attachment it became."""
        ...

    def touch(self, upload_id: str) -> None:
        """Note that it goes on."""
        ...

    def drop(self, upload_id: str) -> None:
        """Forget an upload."""
        ...

    def drop_abandoned(self, hours: int, most: int) -> list[str]:
        """Forget uploads on which nothing came for so long; return their ids."""
        ...


class FileWork(Protocol):
    """One transaction, as far as files are concerned."""

    @property
    def contacts(self) -> Contacts:
        """Return the contacts."""
        ...

    @property
    def reads(self) -> Reads:
        """Return the book of looks at personal data."""
        ...

    @property
    def blobs(self) -> Blobs:
        """Return the files by content."""
        ...

    @property
    def attachments(self) -> Attachments:
        """Return the files in their cases."""
        ...

    @property
    def uploads(self) -> Uploads:
        """Return the files on their way in."""
        ...

    def record(self, message: Any, *, at: datetime) -> None:
        """Tell the other services, once this work is committed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDesk:
    """The ports that outlive a transaction."""

    node: DivisionCode
    clock: Clock
    vault: Vault
    limits: Limits
    upload_hours: int
    new_id: Callable[[], str]
    draw_key: Callable[[], str]
