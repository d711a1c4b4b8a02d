"""Who is competent after all: late objections, disputes between organs, their end, and the assisting units' part.

T16 beyond its five days (CF-5), T19 and T20 (Art. 24): the organs concerned consult; failing that their common superior
decides; without one the joint conference they share coordinates, with minutes. A case sent back and forth between two
goes to that conference by itself. An organ is named by the code of its unit, a petition department by that of its node.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import Document, Transfer
from lianxi.casework.messages.wire import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectLate(Command):
    """T16 after the five working days: put on record and rejected by itself; the sender may still admit it (CF-5)."""

    MESSAGE: ClassVar[Message] = Message("object-late")
    proposed_organ: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AdmitLateObjection(Command):
    """T16: the sender looks at a late objection after all."""

    MESSAGE: ClassVar[Message] = Message("admit-late-objection")


@dataclass(frozen=True, kw_only=True, slots=True)
class RaiseDispute(Command):
    """T19: two or more organs disagree about who is competent; `parties` are their codes (R-24-1)."""

    MESSAGE: ClassVar[Message] = Message("raise-dispute")
    parties: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferDispute(Command):
    """T19: consulting failed. The common superior decides; without one, or when it says so, the joint conference."""

    MESSAGE: ClassVar[Message] = Message("refer-dispute")
    to_conference: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class AgreeOnOrgan(Command):
    """T20: the organs agreed who leads and who assists (R-24-1, R-24-6)."""

    MESSAGE: ClassVar[Message] = Message("agree-on-organ")
    lead: str
    assists: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DesignateOrgan(Command):
    """T20: the common superior designates the organ that accepts (R-24-2)."""

    MESSAGE: ClassVar[Message] = Message("designate-organ")
    lead: str
    assists: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CoordinateDispute(Command):
    """T20: the joint conference settled it; the minutes are the document (R-24-3)."""

    MESSAGE: ClassVar[Message] = Message("coordinate-dispute")
    lead: str
    assists: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class FileAssistOpinion(Command):
    """T53: an assisting unit gives its part to the leading one (R-24-6)."""

    MESSAGE: ClassVar[Message] = Message("file-assist-opinion")


@dataclass(frozen=True, kw_only=True, slots=True)
class UrgeAssists(Command):
    """T53: the leading unit reminds the assisting ones that have not given their part."""

    MESSAGE: ClassVar[Message] = Message("urge-assists")


@dataclass(frozen=True, kw_only=True, slots=True)
class LateObjectionFiled(CaseEvent):
    """T16: an objection came too late; it stands rejected unless the sender admits it."""

    MESSAGE: ClassVar[Message] = Message("late-objection-filed")
    filed_on: date
    proposed_organ: str
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class LateObjectionAdmitted(CaseEvent):
    """T16: the sender decides on a late objection as on one in time."""

    MESSAGE: ClassVar[Message] = Message("late-objection-admitted")
    admitted_on: date
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class DisputeRaised(CaseEvent):
    """T19: the organs consult from `raised_on`."""

    MESSAGE: ClassVar[Message] = Message("dispute-raised")
    raised_on: date
    parties: tuple[str, ...]
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class DisputeReferred(CaseEvent):
    """T19: the common superior, at `deciding_node`, has it to decide."""

    MESSAGE: ClassVar[Message] = Message("dispute-referred")
    referred_on: date
    deciding_node: str
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class DisputeReferredToConference(CaseEvent):
    """T19: the office of the joint conference at `deciding_node` has it to coordinate."""

    MESSAGE: ClassVar[Message] = Message("dispute-referred-to-conference")
    referred_on: date
    deciding_node: str
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class PingPongDetected(CaseEvent):
    """T19, by the software: so often the case came back between the same two; the joint conference has it now."""

    MESSAGE: ClassVar[Message] = Message("ping-pong-detected")
    detected_on: date
    between: tuple[str, ...]
    returns: int
    deciding_node: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OrganDesignated(CaseEvent):
    """T20: it is settled who leads and who assists.

    `moved` says that the lead is another organ than the one that had the case. With a `transfer` the lead belongs to
    another node: the case goes back to the node above both, which sends it on.
    """

    MESSAGE: ClassVar[Message] = Message("organ-designated")
    designated_on: date
    lead: str
    assists: tuple[str, ...]
    moved: bool
    document: Document
    transfer: Transfer | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AssistOpinionFiled(CaseEvent):
    """T53: `unit` gave its part."""

    MESSAGE: ClassVar[Message] = Message("assist-opinion-filed")
    filed_on: date
    unit: str
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class AssistsUrged(CaseEvent):
    """T53: the units `assists`, whose part is missing, were reminded of it."""

    MESSAGE: ClassVar[Message] = Message("assists-urged")
    urged_on: date
    assists: tuple[str, ...]
