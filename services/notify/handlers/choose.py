"""Choose: by which channels and in which language a petitioner is told, and whether documents may be read online.

A new choice holds for what comes and for what nobody has tried to send yet; a dead address is tried again. What was
chosen here follows the case: the node that holds it is told at once, and when custody moves. What comes from another
node so holds here, unless something newer was chosen.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from lianxi.casework.languages import CHINESE, LANGUAGES
from lianxi.casework.messages.events import CaseDelivered, CaseReturned
from lianxi.casework.messages.notices import NoticeChoiceArrived, NoticeChosen
from lianxi.law.receipts import in_shanghai
from services.notify.domain.choices import CHOICES, Choice, ordered
from services.notify.domain.rules import Channel
from services.notify.handlers.offices import Desk


class Choices(Protocol):
    """What petitioners chose."""

    def get(self, numbers: Collection[str]) -> Mapping[str, Choice]:
        """Return the choices made for these cases."""
        ...

    def save(self, choice: Choice) -> None:
        """Write a choice down; the newest counts."""
        ...


class Deliveries(Protocol):
    """All deliveries of this node."""

    def untried(self, case_no: str) -> Sequence[tuple[str, str]]:
        """Return id and rule of the messages about a case that nobody has tried to send yet."""
        ...

    def redirect(self, delivery_id: str, channels: Sequence[Channel], language: str) -> None:
        """Let an untried message go by these channels instead."""
        ...


class Addressees(Protocol):
    """What was sent to whom."""

    def revive(self, case_no: str) -> None:
        """Forget what was noted about the addresses of a case's petitioner."""
        ...


class Told(Protocol):
    """A message as it came from the bus."""

    @property
    def body(self) -> Any:
        """The message itself."""
        ...


class Work(Protocol):
    """One transaction."""

    def record(self, message: NoticeChosen) -> None:
        """Tell the other services, once this work is committed."""
        ...

    @property
    def choices(self) -> Choices:
        """What petitioners chose."""
        ...

    @property
    def deliveries(self) -> Deliveries:
        """All deliveries."""
        ...

    @property
    def addressees(self) -> Addressees:
        """What was sent to whom."""
        ...


def choose(choice: Choice, work: Work, desk: Desk, wall: datetime) -> dict[str, Any]:
    """Keep a choice and let it hold at once."""
    made = replace(choice, chosen_at=wall)
    _hold(made, work, desk)
    work.record(_told(made))
    return _shown(made, desk)


def follow_custody(messages: Sequence[Told], work: Work, desk: Desk) -> None:
    """Take what was chosen elsewhere, and tell what was chosen here of cases that went to another node."""
    for message in messages:
        if isinstance(message.body, NoticeChoiceArrived):
            _take(message.body, work, desk)
    gone = {
        message.body.head.case_no
        for message in messages
        if isinstance(message.body, CaseDelivered | CaseReturned) and message.body.transfer.to_node != desk.office.node
    }
    if gone:
        for choice in work.choices.get(gone).values():
            work.record(_told(choice))


def _take(arrived: NoticeChoiceArrived, work: Work, desk: Desk) -> None:
    known = work.choices.get([arrived.case_no]).get(arrived.case_no)
    if known is not None and known.chosen_at is not None and known.chosen_at >= arrived.chosen_at:
        return
    chosen = Choice(
        case_no=arrived.case_no,
        channels=tuple(channel for channel in map(Channel, arrived.channels) if channel in CHOICES),
        language=arrived.language,
        electronic=arrived.electronic,
        chosen_by=arrived.chosen_by,
        chosen_at=arrived.chosen_at,
    )
    _hold(chosen, work, desk)


def _told(choice: Choice) -> NoticeChosen:
    if choice.chosen_at is None:
        raise ValueError("a choice that was kept has a moment")
    return NoticeChosen(
        case_no=choice.case_no,
        channels=tuple(channel.value for channel in choice.channels),
        language=choice.language,
        electronic=choice.electronic,
        chosen_by=choice.chosen_by,
        chosen_at=choice.chosen_at,
    )


def _hold(made: Choice, work: Work, desk: Desk) -> None:
    """Keep a choice, and let what nobody has tried to send yet go by it."""
    work.choices.save(made)
    work.addressees.revive(made.case_no)
    for delivery_id, name in work.deliveries.untried(made.case_no):
        rule = desk.rules.called(name)
        if rule is not None:
            work.deliveries.redirect(delivery_id, ordered(rule.channels, made, desk.channels), made.language)


def show_choice(case_no: str, work: Work, desk: Desk) -> dict[str, Any]:
    """Return what was chosen for a case, and what there is to choose from."""
    return _shown(work.choices.get([case_no]).get(case_no) or Choice(case_no=case_no), desk)


def _shown(choice: Choice, desk: Desk) -> dict[str, Any]:
    return {
        "case_no": choice.case_no,
        "channels": [channel.value for channel in choice.channels],
        "language": choice.language or CHINESE,
        "electronic": choice.electronic,
        "chosen_by": choice.chosen_by if choice.chosen_at else "",
        "chosen_at": in_shanghai(choice.chosen_at).isoformat() if choice.chosen_at else None,
        "offered": [channel.value for channel in CHOICES if channel in desk.channels],
        "languages": list(LANGUAGES),
    }
