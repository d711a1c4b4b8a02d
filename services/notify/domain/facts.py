"""The facts of a message that a rule may ask for and a text may name: codes, days and numbers, nothing people wrote.

Each message class lists its facts here one by one, so neither a petition's text nor anything personal can slip into a
delivery: what is not listed does not exist for notify. Facts are texts; days are ISO days of Asia/Shanghai, "" is "not
given". Facts about the case itself (`CASE_FACTS`) come from its earlier events and are there for every message.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from lianxi.casework.messages import events as e
from lianxi.casework.messages import notices as n
from lianxi.casework.messages.catalogue import EVENTS
from lianxi.casework.messages.direct_filing import FiledAtOrgan
from lianxi.casework.messages.dispute import OrganDesignated
from lianxi.casework.messages.facts import PetitionClass, Transfer, TransferKind
from lianxi.casework.messages.materials import Material, MaterialsArrived, MaterialsKept
from lianxi.law.receipts import local_day

CASE_FACTS = ("holder", "holding_unit", "sender", "assigner")
TOWNSHIP_CODE, TOWNSHIP_OFFICE = 9, "office"
"""The length of a township's code, and the unit that is its own government (deploy/xining/units.yaml)."""
LISTS = frozenset({"assists", "between", "into", "parties"})
"""Facts that name several cases or organs, with spaces between them."""
Getter = Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseStanding:
    """What notify remembers of a case: whose it is, who sent and assigned it, and whether it is sealed (GD-1).

    `forwarded` is the organ it was last sent to and the day, as the petitioner was told by whoever sent it (DOC-2).
    """

    case_no: str
    holder: str = ""
    holding_unit: str = ""
    sender: str = ""
    assigner: str = ""
    sealed: bool = False
    forwarded: str = ""


TEACHING = (
    e.CaseReceived,
    e.CaseRegistered,
    FiledAtOrgan,
    e.CaseClassified,
    e.CaseDelivered,
    e.CaseReturned,
    OrganDesignated,
    e.ReportAccepted,
)
"""The events that change what is remembered of a case; all others leave it as it is (`followed`)."""


def followed(case: CaseStanding, event: e.CaseEvent) -> CaseStanding:
    """Return the case after `event`; what was sealed once stays sealed."""
    match event:
        case e.CaseReceived():
            return replace(case, holder=event.head.node)
        case e.CaseRegistered() | e.CaseClassified():
            return replace(case, sealed=case.sealed or _accuses(event))
        case e.CaseDelivered(transfer=transfer):
            assigned = transfer.kind is TransferKind.ASSIGN
            return replace(
                case,
                holder=transfer.to_node,
                holding_unit=transfer.to_unit,
                sender=transfer.from_node,
                assigner=transfer.from_node if assigned else case.assigner,
                forwarded=_forwarded(transfer, local_day(transfer.offered_at)),
            )
        case e.CaseReturned(transfer=transfer):
            return replace(case, holder=transfer.to_node, holding_unit="", assigner="", forwarded="")
        case FiledAtOrgan(unit=unit) | OrganDesignated(moved=True, transfer=None, lead=unit):
            after = replace(case, holding_unit=unit)
        case e.ReportAccepted():
            after = replace(case, assigner="")
        case _:
            after = case
    return after


def _forwarded(transfer: Transfer, on: date) -> str:
    """Return to which organ a case was sent, and when, as far as that is news to its petitioner.

    The office of a township or street is the government of that place: who was told that the case goes there has been
    told, whichever desk of it has the case (PR-11 wants the organ and the day). Other units are organs of their own.
    """
    township = len(transfer.to_node) == TOWNSHIP_CODE
    unit = "" if township and transfer.to_unit == f"{transfer.to_node}.{TOWNSHIP_OFFICE}" else transfer.to_unit
    return f"{unit or transfer.to_node} {on.isoformat()}"


def _told_before(message: Any, case: CaseStanding) -> str:
    """Whether the petitioner knows already what a transfer says: the same organ, and the same day."""
    transfer, document = getattr(message, "transfer", None), getattr(message, "document", None)
    if transfer is None or document is None or not case.forwarded:
        return "no"
    return "yes" if _forwarded(transfer, document.issued_on) == case.forwarded else "no"


def _accuses(event: e.CaseRegistered | e.CaseClassified) -> bool:
    classes = {claim.petition_class for claim in event.claims}
    if isinstance(event, e.CaseRegistered):
        classes.add(event.petition_class)
    return PetitionClass.ACCUSATION in classes


def _delay(contact: n.ContactRegistered) -> int:
    return (local_day(contact.entered_at) - local_day(contact.received_at)).days


def _brought(message: MaterialsKept | MaterialsArrived) -> list[Material]:
    return [each for each in message.materials if each.added_by == "petitioner"]


_MATERIALS: Mapping[str, Getter] = {
    "case_no": attrgetter("case_no"),
    "petitioner_files": lambda message: len(_brought(message)) or "",
}
_CLOCK = ("case_no", "clock", "node", "unit", "owner", "raw_due", "legal_due")
_NOTICES: Mapping[type, Mapping[str, Getter]] = {
    n.ContactRegistered: {
        "case_no": attrgetter("contact_no"),
        "node": attrgetter("node"),
        "channel": attrgetter("channel"),
        "received_on": attrgetter("received_at"),
        "anonymous": attrgetter("anonymous"),
        "entry_delay_days": _delay,
    },
    n.ClockWarned: {name: attrgetter(name) for name in _CLOCK},
    n.ClockBreached: {name: attrgetter(name) for name in _CLOCK},
    n.ClockEscalated: {name: attrgetter(name) for name in (*_CLOCK, "step", "to_role", "days_late")},
    n.SupervisionProposed: {
        name: attrgetter(name) for name in ("case_no", "proposal_no", "clock", "node", "unit", "trigger")
    },
    n.SupervisionOrdered: {
        name: attrgetter(name)
        for name in ("case_no", "proposal_no", "order_no", "node", "unit", "trigger", "feedback_due")
    },
    n.WishRefused: {
        name: attrgetter(name) for name in ("case_no", "node", "wish", "by", "declared_on", "code", "reason")
    },
    n.DirectiveNotice: {name: attrgetter(name) for name in ("case_no", "node", "kind", "code")},
    MaterialsKept: _MATERIALS,
    MaterialsArrived: _MATERIALS,
}
_OF_EVENTS = (
    "accepted_on",
    "assists",
    "between",
    "call_back_node",
    "call_back_unit",
    "days",
    "delivered_on",
    "deciding_node",
    "filed_on",
    "into",
    "lead",
    "parties",
    "received_on",
    "report_due",
    "returned_on",
    "returns",
    "reviewing_node",
    "round_number",
    "state",
    "unit",
)
_OF_TRANSFERS = ("from_node", "from_unit", "to_node", "to_unit", "direct", "assists")
_INSTANTS = ("raised_at", "proposed_at", "signed_at", "entered_at")


def _of_event(cls: type[e.CaseEvent]) -> dict[str, Getter]:
    own = {field.name for field in fields(cls)}
    getters: dict[str, Getter] = {"case_no": attrgetter("head.case_no"), "acting_node": attrgetter("head.node")}
    getters |= {name: attrgetter(name) for name in _OF_EVENTS if name in own}
    if "transfer" in own:
        getters |= {name: _inside("transfer", name) for name in _OF_TRANSFERS if name not in getters}
    if "document" in own:
        getters |= {"document_no": _inside("document", "number"), "document_on": _inside("document", "issued_on")}
    return getters


def _inside(part: str, name: str) -> Getter:
    """A fact of a part that not every such event has; "" where it is missing."""

    def read(message: Any) -> Any:
        found = getattr(message, part)
        return "" if found is None else getattr(found, name)

    return read


_GETTERS: Mapping[type, Mapping[str, Getter]] = {**_NOTICES, **{cls: _of_event(cls) for cls in EVENTS.values()}}
_BY_NAME: Mapping[str, type[Any]] = {vars(cls)["MESSAGE"].name: cls for cls in _GETTERS}
MESSAGES = frozenset(_BY_NAME)
"""The name of every message a rule may listen to."""


def fact_names(message: str) -> frozenset[str]:
    """Return the facts of a message by its name."""
    return frozenset((*_GETTERS[_BY_NAME[message]], *CASE_FACTS, "told_before"))


def is_known(message: Any) -> bool:
    """Return whether notify reads messages of this kind."""
    return type(message) in _GETTERS


def case_no_of(message: Any) -> str:
    """Return the case a known message is about."""
    return str(_GETTERS[type(message)]["case_no"](message))


def facts_of(message: Any, case: CaseStanding) -> dict[str, str]:
    """Return the facts of a message about `case`."""
    facts = {name: _text(read(message)) for name, read in _GETTERS[type(message)].items()}
    facts |= {name: getattr(case, name) for name in CASE_FACTS}
    return facts | {"told_before": _told_before(message, case)}


def event_id_of(message: Any, given: str) -> str:
    """Return what makes a message unique: its id, but for files the newest of them, however often all are told."""
    if isinstance(message, MaterialsKept | MaterialsArrived) and (brought := _brought(message)):
        return max(brought, key=attrgetter("added_at", "material_id")).material_id
    return given


def happened_at(message: Any, now: datetime) -> datetime:
    """Return when it happened by the node's calendar; `now` for a message that does not say."""
    if isinstance(message, e.CaseEvent):
        return message.head.at
    named = next((name for name in _INSTANTS if hasattr(message, name)), None)
    return getattr(message, named) if named else now


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return local_day(value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
