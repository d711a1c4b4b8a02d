"""Tell: a batch of messages becomes deliveries, by the rules; each event owes each recipient one, whatever happens.

The case events among them also keep up what notify remembers of a case: whose it is and whether it is sealed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import PetitionClass
from lianxi.casework.messages.notices import ContactRegistered
from services.notify.domain.deliveries import Delivery, delivery_id
from services.notify.domain.facts import CaseStanding, case_no_of, facts_of, followed, happened_at, is_known
from services.notify.handlers.ports import Desk, Told, Work


def tell(messages: Sequence[Told], work: Work, desk: Desk, wall: datetime) -> None:
    """Write down what these messages owe to whom; `wall` is real time."""
    told = [message for message in messages if is_known(message.body)]
    before = work.cases.get({case_no_of(message.body) for message in told})
    cases = dict(before)
    deliveries: list[Delivery] = []
    for message in told:
        number = case_no_of(message.body)
        case = _after(cases.get(number) or CaseStanding(case_no=number), message.body)
        if isinstance(message.body, CaseEvent | ContactRegistered):  # an alert alone teaches nothing about a case
            cases[number] = case
        deliveries += _owed(message.id, message.body, case, desk, wall)
    work.cases.save([case for number, case in cases.items() if before.get(number) != case])
    work.deliveries.add(deliveries)


def _after(case: CaseStanding, message: Any) -> CaseStanding:
    if isinstance(message, CaseEvent):
        return followed(case, message)
    if isinstance(message, ContactRegistered) and message.petition_class is PetitionClass.ACCUSATION:
        return replace(case, sealed=True)
    return case


def _owed(event_id: str, message: Any, case: CaseStanding, desk: Desk, wall: datetime) -> Iterator[Delivery]:
    kind, node = message.MESSAGE.name, desk.office.node
    rules = desk.rules.about(kind)
    facts = facts_of(message, case) if rules else {}
    for rule in rules:
        if not rule.holds(facts, node):
            continue
        for recipient in rule.recipients(facts):
            yield Delivery(
                id=delivery_id(event_id, rule.id, str(recipient)),
                event_id=event_id,
                rule=rule.id,
                kind=kind,
                case_no=case.case_no,
                channel=rule.channel,
                node=node,
                role=recipient.role,
                unit=recipient.unit,
                template=rule.template,
                facts=facts,
                happened_at=happened_at(message, desk.clock.now()),
                created_at=wall,
            )
