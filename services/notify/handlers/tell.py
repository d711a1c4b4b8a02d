"""Tell: a batch of messages becomes deliveries, by the rules; each event owes each recipient one, whatever happens.

The case events among them also keep up what notify remembers of a case: whose it is, whether it is sealed, which of
its documents the petitioner must be served. What a recipient is owed too often on one day waits for a digest.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import PetitionClass
from lianxi.casework.messages.notices import ContactRegistered
from lianxi.law.receipts import in_shanghai
from services.notify.domain.choices import Choice, chosen_at_filing, ordered
from services.notify.domain.deliveries import Delivery, delivery_id
from services.notify.domain.facts import (
    TEACHING,
    CaseStanding,
    case_no_of,
    event_id_of,
    facts_of,
    followed,
    happened_at,
    is_known,
)
from services.notify.domain.rules import Channel, Rule
from services.notify.domain.service_of_documents import Served, ServiceOfDocument, issued, proofs
from services.notify.handlers.offices import Desk


class Told(Protocol):
    """A message as it came from the bus."""

    @property
    def id(self) -> str:
        """The id that stays the same however often it comes."""
        ...

    @property
    def body(self) -> Any:
        """The message itself."""
        ...


class Cases(Protocol):
    """What is remembered of cases."""

    def get(self, numbers: Collection[str]) -> Mapping[str, CaseStanding]:
        """Return the known ones of these cases."""
        ...

    def save(self, cases: Collection[CaseStanding]) -> None:
        """Write them down."""
        ...


class Deliveries(Protocol):
    """All deliveries of this node."""

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Write those that are not there yet."""
        ...


class Choices(Protocol):
    """What petitioners chose."""

    def get(self, numbers: Collection[str]) -> Mapping[str, Choice]:
        """Return the choices made for these cases."""
        ...

    def save(self, choice: Choice) -> None:
        """Write a choice down; the newest counts."""
        ...


class Services(Protocol):
    """Documents and their service on the petitioner."""

    def open(self, service: ServiceOfDocument) -> None:
        """Write down a document that has to be served, once."""
        ...

    def served(self, served: Served) -> None:
        """Note what the case says: a document was served."""
        ...


class Inbox(Protocol):
    """The messages to the officers of this node."""

    def today(
        self, recipients: Sequence[tuple[str, str]], since: datetime, rules: Sequence[str]
    ) -> Counter[tuple[str, str]]:
        """Return how many messages of these rules each recipient (role, unit) was owed since then."""
        ...


class Work(Protocol):
    """One transaction."""

    @property
    def cases(self) -> Cases:
        """What is remembered of cases."""
        ...

    @property
    def deliveries(self) -> Deliveries:
        """All deliveries."""
        ...

    @property
    def choices(self) -> Choices:
        """What petitioners chose."""
        ...

    @property
    def services(self) -> Services:
        """Documents to be served."""
        ...

    @property
    def inbox(self) -> Inbox:
        """The messages to officers."""
        ...


@dataclass(frozen=True, slots=True)
class _Owing:
    """What is needed to say who is owed what."""

    desk: Desk
    choices: dict[str, Choice]
    wall: datetime


def tell(messages: Sequence[Told], work: Work, desk: Desk, wall: datetime) -> None:
    """Write down what these messages owe to whom; `wall` is real time."""
    told = [message for message in messages if is_known(message.body) and _concerns(message.body, desk)]
    if not told:
        return
    numbers = {case_no_of(message.body) for message in told}
    before = work.cases.get(numbers)
    cases = dict(before)
    owing = _Owing(desk, dict(work.choices.get(numbers)), wall)
    deliveries: list[Delivery] = []
    for message in told:
        number = case_no_of(message.body)
        if number not in owing.choices and (chosen := chosen_at_filing(message.body, owing.wall)) is not None:
            work.choices.save(chosen)
            owing.choices[number] = chosen
        case = _after(cases.get(number) or CaseStanding(case_no=number), message.body)
        if isinstance(message.body, CaseEvent | ContactRegistered):  # an alert alone teaches nothing about a case
            cases[number] = case
        deliveries += _owed(event_id_of(message.body, message.id), message.body, case, owing)
        _follow_service(message.body, work.services, desk)
    work.cases.save([case for number, case in cases.items() if before.get(number) != case])
    work.deliveries.add(_gathered(deliveries, work.inbox, desk))


def _concerns(message: Any, desk: Desk) -> bool:
    """Return whether a message can change anything here: most of what other nodes did with their cases cannot."""
    node = desk.office.node
    if not isinstance(message, CaseEvent) or isinstance(message, TEACHING) or message.head.node == node:
        return True
    return any(rule.may_hold(message.head.node, node) for rule in desk.rules.about(vars(type(message))["MESSAGE"].name))


def _after(case: CaseStanding, message: Any) -> CaseStanding:
    if isinstance(message, CaseEvent):
        return followed(case, message)
    if isinstance(message, ContactRegistered) and message.petition_class is PetitionClass.ACCUSATION:
        return replace(case, sealed=True)
    return case


def _follow_service(message: Any, services: Services, desk: Desk) -> None:
    """Keep the list of documents: what this node issued has to be served, what a case says is served is served."""
    if not isinstance(message, CaseEvent) or message.head.node != desk.office.node:
        return
    document = issued(message, desk.rules.manners.served_kinds)
    if document is not None:
        services.open(document)
    for proof in proofs(message):
        services.served(proof)


def _owed(event_id: str, message: Any, case: CaseStanding, owing: _Owing) -> Iterator[Delivery]:
    kind, node = message.MESSAGE.name, owing.desk.office.node
    rules = owing.desk.rules.about(kind)
    facts = facts_of(message, case) if rules else {}
    choice = owing.choices.get(case.case_no)
    for rule in rules:
        if not rule.holds(facts, node):
            continue
        channel, *others = _channels(rule, choice, owing.desk)
        for recipient in rule.recipients(facts, node):
            yield Delivery(
                id=delivery_id(event_id, rule.id, str(recipient)),
                event_id=event_id,
                rule=rule.id,
                kind=kind,
                case_no=case.case_no,
                channel=channel,
                others=tuple(others),
                node=node,
                role=recipient.role,
                unit=recipient.unit,
                template=rule.template,
                facts=facts,
                happened_at=happened_at(message, owing.desk.clock.now()),
                created_at=owing.wall,
                urgent=rule.urgent,
                language=choice.language if choice and rule.to_petitioner else "",
            )


def _channels(rule: Rule, choice: Choice | None, desk: Desk) -> Sequence[Channel]:
    return ordered(rule.channels, choice, desk.channels) if rule.to_petitioner else rule.channels


def _gathered(deliveries: Sequence[Delivery], inbox: Inbox, desk: Desk) -> Sequence[Delivery]:
    """Let what is too much for one recipient on one day wait for the digest."""
    policy = desk.rules.manners.digest
    names = [rule.id for rule in desk.rules.rules if rule.digest]
    alerts = {(each.role, each.unit) for each in deliveries if each.rule in names}
    if policy is None or not alerts:
        return deliveries
    now = desk.clock.now()
    midnight = in_shanghai(now).replace(hour=0, minute=0, second=0, microsecond=0)
    count = inbox.today(sorted(alerts), midnight, names)
    seen: set[str] = set()
    done = []
    for each in deliveries:
        if each.rule in names and each.id not in seen:
            seen.add(each.id)
            count[each.role, each.unit] += 1
            if count[each.role, each.unit] > policy.after:
                done.append(replace(each, gather_at=policy.next(now)))
                continue
        done.append(each)
    return done
