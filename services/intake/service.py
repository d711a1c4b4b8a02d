"""The doors of intake: what may be called, what is read from the bus, what runs every second."""

from collections.abc import Sequence
from typing import Any, ClassVar

from lianxi.bus.doors import RETRY_THEN_PARK, call, consume_batch, every
from lianxi.bus.messages import Incoming
from lianxi.casework.errors import Refused
from lianxi.courier import decode
from services.intake import handlers
from services.intake.handlers import (
    attachments,
    audit,
    drafts,
    file_chores,
    guided,
    mending,
    person_export,
    personal,
    refusing,
)
from services.intake.storage import IntakeWork
from services.intake.wiring import build


class IntakeService:
    """Contacts of five channels, and the people they come from."""

    name: ClassVar[str] = "intake"
    decode = staticmethod(decode)

    def __init__(self) -> None:
        parts = build()
        self.open_work = parts.open_work
        self.clock = parts.clock
        self._desk = parts.desk
        self._files = parts.files
        self._check = parts.check

    @call(expected=(Refused,))
    def register(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Register a contact: number and query code."""
        return handlers.register(body, work, self._desk)

    @call(expected=(Refused,))
    def keep_refused(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Keep a filing that the portal refused."""
        del work
        return refusing.keep_handed_in(body, self._desk)

    @call(expected=(Refused,), read_only=True)
    def find(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Find a contact by its query code."""
        return handlers.find(body, work, self._desk)

    @call(expected=(Refused,))
    def contact(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Show a contact in full; the look is written down."""
        return handlers.show_contact(body, work, self._desk)

    @call(expected=(Refused,), read_only=True)
    def guided_visits(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """List visits that were guided elsewhere."""
        return guided.list_guided(body, work, self._desk)

    @call(expected=(Refused,))
    def guided_visit(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Show a guided visit in full; the look is written down."""
        return guided.open_guided(body, work, self._desk)

    @call(expected=(Refused,))
    def petitioner_reach(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Say how a petitioner is reached."""
        return handlers.reach_petitioner(body, work, self._desk)

    @call(expected=(Refused,))
    def bring(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Keep what a petitioner brings later."""
        return handlers.bring(body, work, self._desk)

    @call(expected=(Refused,))
    def save_draft(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Keep a contact that is not finished."""
        return drafts.save_draft(body, work, self._desk)

    @call(expected=(Refused,), read_only=True)
    def draft(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Open a draft by its code, or one's own."""
        return drafts.open_draft(body, work, self._desk)

    @call(expected=(Refused,), read_only=True)
    def drafts(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """List a clerk's own drafts."""
        return drafts.list_drafts(body, work, self._desk)

    @call(expected=(Refused,))
    def drop_draft(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Forget a draft."""
        return drafts.drop_draft(body, work, self._desk)

    @call(expected=(Refused,), read_only=True)
    def rejects(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """List refused input that nobody has mended yet."""
        return drafts.list_rejects(body, work, self._desk)

    @call(expected=(Refused,))
    def reject(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Open refused input; the look is written down."""
        return drafts.open_reject(body, work, self._desk)

    @call(expected=(Refused,))
    def drop_reject(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Note that refused input will not be mended."""
        return drafts.drop_reject(body, work, self._desk)

    @call(expected=(Refused,))
    def import_reject(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Take in a refused row of an import as it was mended."""
        return mending.import_reject(body, work, self._desk)

    @every(3600.0)
    def forget_drafts(self) -> None:
        """Forget what petitioners began and left."""
        with self.open_work() as work:
            drafts.forget_drafts(work, self._desk)

    @call(expected=(Refused,))
    def petitioner_names(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Give the masked names of a page of cases."""
        return personal.list_names(body, work, self._desk)

    @call(expected=(Refused,))
    def petitioner_masked(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Show the petitioner of a case as far as the viewer may see."""
        return personal.show_masked(body, work, self._desk)

    @call(expected=(Refused,))
    def note_read(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Write down a look at what another service keeps."""
        return audit.note_read(body, work, self._desk)

    @call(expected=(Refused,), read_only=True)
    def reads(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """List who looked at personal data."""
        return audit.list_reads(body, work, self._desk)

    @call(expected=(Refused,), read_only=True)
    def reads_of_petitioner(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Tell a petitioner who looked."""
        return audit.reads_of_petitioner(body, work, self._desk)

    @call(expected=(Refused,), read_only=True)
    def person_contacts(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Find the contacts of one person."""
        return personal.find_person(body, work, self._desk)

    @call(expected=(Refused,))
    def export_person(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Take out all that is kept of one person."""
        return person_export.export_person(body, work, self._desk)

    @call(expected=(Refused,))
    def erase_person(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Blank all that is kept of one person."""
        return personal.erase_person(body, work, self._desk)

    @consume_batch("intake.dossier", on_failure=RETRY_THEN_PARK)
    def dossiers(self, work: IntakeWork, messages: Sequence[Incoming]) -> None:
        """Keep the petitioners of cases whose custody came to this node, and mark accusations."""
        handlers.keep_dossiers([message.body for message in messages], work, self._desk)

    @call(expected=(Refused,))
    def start_upload(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Begin an upload."""
        return attachments.start_upload(body, work, self._files)

    @call(expected=(Refused,))
    def show_upload(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Show an upload to whoever has its key."""
        return attachments.show_upload(body, work, self._files)

    @call(expected=(Refused,))
    def finish_upload(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Attach a file that has come in whole."""
        return attachments.finish_upload(body, work, self._files)

    @call(expected=(Refused,))
    def drop_upload(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Give an upload up."""
        return attachments.drop_upload(body, work, self._files)

    @call(expected=(Refused,), read_only=True)
    def list_attachments(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """List the files of a case."""
        return attachments.list_attachments(body, work, self._files)

    @call(expected=(Refused,))
    def open_attachment(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Let a reader open a file; who reads is written down."""
        return attachments.open_attachment(body, work, self._files)

    @call(expected=(Refused,))
    def file_chores(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Hand out what is due with files."""
        return file_chores.file_chores(body, work, self._files)

    @call(expected=(Refused,))
    def file_scanned(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Note what the virus scanner said."""
        return file_chores.file_scanned(body, work, self._files)

    @call(expected=(Refused,))
    def file_arrived(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Note that a wanted file has come."""
        return file_chores.file_arrived(body, work, self._files)

    @call(expected=(Refused,))
    def file_failed(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Note that a file could not be fetched."""
        return file_chores.file_failed(body, work, self._files)

    @call(expected=(Refused,))
    def file_erased(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Forget a file whose bytes are gone."""
        return file_chores.file_erased(body, work, self._files)

    @call(expected=(Refused,))
    def file_for_peer(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Say whether a neighbour may have a file now."""
        return file_chores.file_for_peer(body, work, self._files)

    @call(expected=(Refused,), read_only=True)
    def files_wanted_of(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """List the files that a child is to bring."""
        return file_chores.files_wanted_of(body, work, self._files)

    @call(expected=(Refused,), read_only=True)
    def file_from_peer(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Say whether a child may bring a file."""
        return file_chores.file_from_peer(body, work, self._files)

    @consume_batch("intake.materials", on_failure=RETRY_THEN_PARK)
    def arrived_materials(self, work: IntakeWork, messages: Sequence[Incoming]) -> None:
        """Note the files of cases that other nodes told of."""
        file_chores.keep_arrived([message.body for message in messages], work, self._files)

    @consume_batch("intake.custody", on_failure=RETRY_THEN_PARK)
    def moved_cases(self, work: IntakeWork, messages: Sequence[Incoming]) -> None:
        """Tell the files of cases that this node handed on."""
        file_chores.follow_custody([message.body for message in messages], work, self._files)

    @every(1.0)
    def look_after_database(self) -> None:
        """Show in the metrics whether the database answers; a nameko process also needs a tick to notice signals."""
        self._check()


Service = IntakeService
