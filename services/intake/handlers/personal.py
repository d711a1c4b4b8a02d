"""People's data on the way out: masked for lists and views, whole for one person's request, blanked for good.

Nothing leaves in clear that the masking table does not allow the viewer (MK-1 to MK-7); every look is a line in the
book before it is answered (MK-8). Taking out and erasing one person's data is for the leader of the department.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

from lianxi.casework.errors import Forbidden, Invalid, Unknown
from lianxi.casework.identifiers import CaseNumber
from lianxi.casework.masking import PersonalField, Viewer, mask
from lianxi.casework.messages.facts import Actor, Role
from lianxi.casework.validators import citizen_id, clean_text, credit_code, phone
from services.intake.domain.audit import MAX_REASON, ReadKind, fit_reason
from services.intake.domain.begun import Begun
from services.intake.domain.fields import Fields
from services.intake.domain.filing import MAX_ADDRESS, MAX_NAME
from services.intake.domain.personal import RETENTION_YEARS, STAYS, check_erasable, standings_in
from services.intake.domain.petitioner import PERSONAL_FIELDS, Petitioner, named_in
from services.intake.domain.records import Addition, Contact
from services.intake.handlers.audit import look, officer
from services.intake.handlers.file_ports import Attachments
from services.intake.handlers.ports import Desk, Reads
from services.intake.handlers.sealing import open_field

MOST_ROWS = 200
MAY_TAKE_OUT = frozenset({Role.DEPARTMENT_LEADER})
_MASKED = {
    "name": PersonalField.NAME,
    "id_number": PersonalField.ID_NUMBER,
    "phone": PersonalField.MOBILE,
    "address": PersonalField.ADDRESS,
}


class Contacts(Protocol):
    """The contacts of this node."""

    def by_number(self, number: str) -> Contact | None:
        """Return the contact with this number."""
        ...

    def additions(self, number: str) -> Sequence[Addition]:
        """Return what the petitioner brought later, first to last."""
        ...


class Persons(Protocol):
    """The contacts of one person."""

    def numbers_of(self, keys: Sequence[str]) -> list[str]:
        """Return the contacts of whoever has one of these keys."""
        ...

    def sealed_names(self, numbers: Sequence[str]) -> dict[str, tuple[str | None, bool]]:
        """Return the sealed name of each contact, and whether it stands in no list."""
        ...

    def blank(self, number: str, nobody: str, actor: Actor, reason: str, at: datetime) -> None:
        """Take everything personal out of a contact."""
        ...

    def erased(self, numbers: Sequence[str]) -> list[str]:
        """Return those of these contacts that were erased."""
        ...


class Unfinished(Protocol):
    """What was begun or refused and is no contact."""

    def contents(self) -> Iterable[Begun]:
        """Yield all drafts, then all rejects."""
        ...

    def forget(self, kind: str, ids: Sequence[str]) -> None:
        """Delete drafts or rejects."""
        ...

    def forget_mended(self, numbers: Sequence[str]) -> None:
        """Delete the refused input from which these contacts were made."""
        ...


class PersonalWork(Protocol):
    """One transaction."""

    @property
    def contacts(self) -> Contacts:
        """Return the contacts."""
        ...

    @property
    def persons(self) -> Persons:
        """Return the contacts by person."""
        ...

    @property
    def reads(self) -> Reads:
        """Return the book of looks."""
        ...

    @property
    def attachments(self) -> Attachments:
        """Return the files in their cases."""
        ...

    @property
    def unfinished(self) -> Unfinished:
        """Return drafts and rejects."""
        ...


def list_names(body: dict[str, Any], work: PersonalWork, desk: Desk) -> dict[str, Any]:
    """Return the masked names of a page of cases; `rows` say of each where the viewer stands towards it."""
    fields = Fields(body, None)
    actor = officer(fields, desk)
    rows = {str(CaseNumber.parse(row.values.get("number", ""))): row for row in fields.rows("rows", MOST_ROWS)}
    found = work.persons.sealed_names(list(rows))
    names = {}
    for number, (sealed, restricted) in found.items():
        if sealed and not restricted:
            name = desk.vault.open(sealed, f"contact/{number}/name")
            # a list is no place for a full name, whoever looks: the case page shows it to its handler
            viewer = Viewer.COLLEAGUE if _viewer(rows[number]) is Viewer.HANDLER else _viewer(rows[number])
            names[number] = mask(PersonalField.NAME, name, viewer)
    if names:
        first = min(names)
        work.reads.add(look(first, ReadKind.LISTED, ("name",), actor, desk, contacts=len(names)))
    return {"rows": [{"number": number, "name": name} for number, name in sorted(names.items())]}


def show_masked(body: dict[str, Any], work: PersonalWork, desk: Desk) -> dict[str, Any]:
    """Return the petitioner of one case as far as the viewer may see; `also` names what else is shown of the case."""
    fields = Fields(body, None)
    actor, viewer = officer(fields, desk), _viewer(fields)
    contact = work.contacts.by_number(str(CaseNumber.parse(body.get("number", ""), "number")))
    if contact is None:
        raise Unknown("信访件", str(body.get("number", "")))
    accusation = fields.flag("accusation") or contact.restricted
    shown = {}
    for name, field in _MASKED.items():
        if value := open_field(contact, name, desk.vault):
            hidden = mask(PersonalField.ACCUSER, value, viewer) is None if accusation else False
            shown[name] = None if hidden else mask(field, value, viewer)
    also = fields.words("also", 5, 40)
    kind = ReadKind.CONTENT if also else ReadKind.MASKED
    seen = [name for name, value in shown.items() if value]
    work.reads.add(look(contact.number, kind, (*seen, *also), actor, desk))
    return {
        "number": contact.number,
        "anonymous": contact.anonymous,
        "viewer": viewer.value,
        "petitioner": {name: value for name, value in shown.items() if value},
        "erased": bool(work.persons.erased([contact.number])),
    }


def erase_person(body: dict[str, Any], work: PersonalWork, desk: Desk) -> dict[str, Any]:
    """Blank every contact of one person, or say why the law does not allow it; `only_check` blanks nothing."""
    fields = Fields(body, None)
    actor, reason = leader_of(fields, desk), reason_given(fields)
    person = person_meant(fields, desk)
    numbers = work.persons.numbers_of(hashed(person, desk))
    begun: dict[str, list[str]] = {}
    for row, _ in naming(person, work, desk):
        begun.setdefault(row.kind, []).append(row.id)
    if not numbers and not begun:
        raise Unknown("信访人", "所填信息")
    check_erasable(numbers, standings_in(body.get("standings") or ()), desk.clock.now().date())
    if not fields.flag("only_check"):
        for number in numbers:
            nobody = desk.vault.keyed_hash(f"contact:{number}", "petitioner")
            work.persons.blank(number, nobody, actor, fit_reason(reason), desk.clock.now())
            work.attachments.forget(number)
            work.reads.add(look(number, ReadKind.ERASED, PERSONAL_FIELDS, actor, desk, reason=reason))
        for kind, ids in begun.items():
            work.unfinished.forget(kind, ids)
        work.unfinished.forget_mended(numbers)
    return {
        "erased": numbers,
        "unfinished": sum(map(len, begun.values())),
        "stays": list(STAYS),
        "retention_years": RETENTION_YEARS,
    }


def find_person(body: dict[str, Any], work: PersonalWork, desk: Desk) -> dict[str, Any]:
    """Return the numbers of one person's contacts, nothing else."""
    fields = Fields(body, None)
    leader_of(fields, desk)
    return {"numbers": work.persons.numbers_of(hashed(person_meant(fields, desk), desk))}


def _viewer(fields: Fields) -> Viewer:
    try:
        viewer = Viewer(fields.text("viewer", 20))
    except ValueError:
        raise Invalid(fields.name("viewer"), "MK-1", "请注明查看人与事项的关系。") from None
    return viewer


def leader_of(fields: Fields, desk: Desk) -> Actor:
    """Return the leader of the department, who alone answers such requests."""
    actor = officer(fields, desk)
    if actor.role not in MAY_TAKE_OUT:
        raise Forbidden("只有信访部门负责人可以办理个人信息的查询、导出和删除申请。", rule="PIPL-45")
    return actor


def reason_given(fields: Fields) -> str:
    """Return where the request came from."""
    reason = fields.text("reason", MAX_REASON, multiline=True)
    if not reason:
        raise Invalid("reason", "MK-8", "请写明申请来源和理由，并记入日志。")
    return reason


def naming(person: Petitioner, work: PersonalWork, desk: Desk) -> Iterator[tuple[Begun, str]]:
    """Yield the drafts and rejects that name the person, opened; they have no hash to be found by, so each is tried."""
    for begun in work.unfinished.contents():
        content = desk.vault.open(begun.content_sealed, begun.place)
        if named_in(content, person):
            yield begun, content


def hashed(person: Petitioner, desk: Desk) -> list[str]:
    """Return the hashes of all that identifies a person, by every accepted key."""
    identities = [":".join(pair) for pair in person.identities()]
    return [key for identity in identities for key in desk.vault.keyed_hashes(identity, "petitioner")]


def person_meant(fields: Fields, desk: Desk) -> Petitioner:
    """Return who was meant, of whom at least one thing that identifies must be known."""
    given, values = fields.inner("identity"), fields.inner("identity").values
    today = desk.clock.now().date()
    person = Petitioner(
        name=clean_text(values["name"], given.name("name"), MAX_NAME) if given.given("name") else "",
        id_number=citizen_id(str(values["id_number"]), today, given.name("id_number"))
        if given.given("id_number")
        else "",
        credit_code=credit_code(str(values["credit_code"])) if given.given("credit_code") else "",
        phone=phone(str(values["phone"]), given.name("phone")) if given.given("phone") else "",
        address=given.known_by("address", MAX_ADDRESS),
    )
    if not person.identities():
        raise Invalid("identity", "PR-3", "请填写身份证号、统一社会信用代码、电话，或姓名加住址中的至少一项。")
    return person
