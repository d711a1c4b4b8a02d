"""What a notify desk of tests keeps in memory in place of tables: deliveries, inbox, choices, attempts, services."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.notify.domain.deliveries import Claimed, Fate, State
from services.notify.domain.questions import Gathered, Kept, Message, Tried
from services.notify.domain.rules import Channel
from services.notify.domain.service_of_documents import ServiceState


@dataclass
class Row:
    """A delivery as the table would hold it."""

    position: int
    owed: Any
    state: State
    due_at: datetime | None
    channel: Any
    others: tuple = ()
    attempts: int = 0
    reason: str = ""
    settled_at: datetime | None = None
    provider: str = ""
    receipt: str = ""
    language: str = ""
    digest: str = ""


class FakeDeliveries:
    def __init__(self, cases):
        self._cases = cases
        self.rows = {}

    def add(self, deliveries):
        for one in deliveries:
            goes = one.channel is not Channel.INBOX
            state = State.WAITING if goes else State.GATHERED if one.gather_at else State.SENT
            row = Row(len(self.rows) + 1, one, state, one.created_at if goes else None, one.channel, one.others)
            row.language = one.language
            self.rows.setdefault(one.id, row)

    def claim(self, channel, now, lease, limit):
        due = sorted(
            (row for row in self.rows.values() if row.channel is channel and row.due_at and row.due_at <= now),
            key=lambda row: (row.due_at, row.position),
        )
        return [self._claimed(row, lease) for row in due[:limit]]

    def _claimed(self, row, lease):
        row.state, row.attempts, row.due_at = State.SENDING, row.attempts + 1, lease
        known = self._cases.kept.get(row.owed.case_no)
        return Claimed(
            id=row.owed.id,
            rule=row.owed.rule,
            kind=row.owed.kind,
            case_no=row.owed.case_no,
            template=row.owed.template,
            facts=row.owed.facts,
            sealed=known is None or known.sealed,
            attempts=row.attempts,
            lease=lease,
            channel=row.channel,
            others=row.others,
            urgent=row.owed.urgent,
            language=row.language,
            provider=row.provider,
        )

    def settle(self, claimed, settled, now):
        row = self.rows[claimed.id]
        self.move(claimed.id, settled, now)
        row.provider, row.receipt = settled.provider, settled.receipt
        return True

    def move(self, delivery_id, settled, now):
        row = self.rows[delivery_id]
        row.state, row.reason, row.due_at = settled.state, settled.reason, settled.due_at
        row.channel, row.others = settled.channel, settled.others
        row.attempts = row.attempts if settled.attempts is None else settled.attempts
        row.settled_at = None if settled.due_at else now

    def by_receipt(self, provider, receipt):
        for row in self.rows.values():
            if (row.provider, row.receipt, row.state) == (provider, receipt, State.SENT):
                return row.owed.id, row.channel, row.others
        return None

    def untried(self, case_no):
        return [
            (row.owed.id, row.owed.rule)
            for row in self.rows.values()
            if row.owed.case_no == case_no and row.state is State.WAITING and row.attempts == 0
        ]

    def redirect(self, delivery_id, channels, language):
        row = self.rows[delivery_id]
        row.channel, *others = channels
        row.others, row.language = tuple(others), language

    def facts(self, case_no, kinds):
        found = [row.owed.facts for row in self.rows.values() if row.owed.case_no == case_no and row.owed.kind in kinds]
        return found[-1] if found else None

    def give_back(self, claimed, reason, now):
        for one in claimed:
            row = self.rows[one.id]
            row.state = State.FAILED if one.attempts > 1 else State.WAITING
            row.attempts, row.due_at, row.reason = one.attempts - 1, now, reason or row.reason

    def about(self, case_no, limit):
        return [self._kept(row) for row in self.rows.values() if row.owed.case_no == case_no][:limit]

    def dead(self, paging):
        dead = [row for row in self.rows.values() if row.state is State.DEAD and row.position > (paging.after or 0)]
        return [self._kept(row) for row in dead][: paging.limit + 1]

    def revive(self, delivery_id, now):
        row = self.rows.get(delivery_id)
        if row is None or row.state not in {State.DEAD, State.SKIPPED}:
            return False
        row.state, row.attempts, row.reason, row.due_at, row.settled_at = State.WAITING, 0, "", now, None
        return True

    @staticmethod
    def _kept(row):
        return Kept(
            position=row.position,
            state=row.state.value,
            attempts=row.attempts,
            reason=row.reason,
            due_at=row.due_at,
            settled_at=row.settled_at,
            channel=row.channel,
            provider=row.provider,
            tries=row.attempts,
            **{
                name: getattr(row.owed, name)
                for name in ("id", "rule", "kind", "case_no", "role", "unit", "happened_at")
            },
        )


class FakeInbox:
    def __init__(self, deliveries, cases):
        self._deliveries = deliveries
        self._cases = cases
        self.read = {}

    def _mine(self, query):
        for row in reversed(self._deliveries.rows.values()):
            one = row.owed
            earlier = query.paging.after is None or row.position < query.paging.after
            mine = one.channel is Channel.INBOX and one.role == query.role and one.unit in {"", query.unit}
            if mine and earlier and not row.digest and row.state is not State.GATHERED:
                yield row

    def page(self, query):
        return [
            Message(
                position=row.position,
                id=row.owed.id,
                happened_at=row.owed.happened_at,
                kind=row.owed.kind,
                case_no=row.owed.case_no,
                template=row.owed.template,
                facts=row.owed.facts,
                sealed=row.owed.rule != "digest" and self._cases.kept[row.owed.case_no].sealed,
                read_at=self.read.get((row.owed.id, query.person)),
            )
            for row in self._mine(query)
        ][: query.paging.limit + 1]

    def today(self, recipients, since, rules):
        assert recipients
        owed = [row.owed for row in self._deliveries.rows.values() if row.owed.rule in rules]
        return Counter((one.role, one.unit) for one in owed if one.happened_at >= since)

    def ready(self, now):
        groups = {}
        for row in self._deliveries.rows.values():
            one = row.owed
            if row.state is State.GATHERED and one.gather_at <= now:
                groups.setdefault((one.node, one.role, one.unit, one.gather_at), []).append(one)
        return [
            Gathered(
                node=node,
                role=role,
                unit=unit,
                gather_at=at,
                count=len(owed),
                cases=len({one.case_no for one in owed}),
                first=owed[0].happened_at,
                numbers=tuple(sorted({one.case_no for one in owed})[:20]),
            )
            for (node, role, unit, at), owed in sorted(groups.items())
        ]

    def gather(self, gathered, digest_id):
        for row in self._deliveries.rows.values():
            one = row.owed
            mine = (one.node, one.role, one.unit, one.gather_at)
            theirs = (gathered.node, gathered.role, gathered.unit, gathered.gather_at)
            if row.state is State.GATHERED and mine == theirs:
                row.state, row.digest = State.SENT, digest_id

    def recipient(self, delivery_id):
        row = self._deliveries.rows.get(delivery_id)
        return (row.owed.role, row.owed.unit) if row and row.owed.channel is Channel.INBOX else None

    def mark_read(self, delivery_id, person, at):
        return self.read.setdefault((delivery_id, person), at)


class FakeCases:
    def __init__(self):
        self.kept = {}

    def get(self, numbers):
        return {number: self.kept[number] for number in numbers if number in self.kept}

    def save(self, cases):
        self.kept |= {case.case_no: case for case in cases}


class FakeChoices:
    def __init__(self):
        self.kept = {}

    def get(self, numbers):
        return {number: self.kept[number] for number in numbers if number in self.kept}

    def save(self, choice):
        self.kept[choice.case_no] = choice


class FakeAddressees:
    def __init__(self):
        self.attempts = []
        self.dead = {}
        self.receipts = {}

    def note(self, claimed, result, addressee, now):
        self.attempts.append((claimed, result, addressee, now))

    def tried(self, deliveries):
        found = {}
        for claimed, result, _, at in self.attempts:
            if claimed.id in deliveries:
                tried = Tried(
                    at=at,
                    channel=claimed.channel.value,
                    provider=result.provider,
                    fate=result.fate.value,
                    reason=result.reason,
                )
                found.setdefault(claimed.id, []).append(tried)
        return found

    def standing(self, addressee, dead_since, since):
        taken = [at for _, result, to, at in self.attempts if to == addressee and result.fate is Fate.TAKEN]
        return self.dead.get(addressee, dead_since) > dead_since, [at for at in taken if at > since]

    def bury(self, addressee, _channel, _reason, now):
        self.dead[addressee] = now

    def revive(self, _case_no):
        self.dead.clear()

    def last_of(self, delivery_id):
        return next((to for claimed, _, to, _ in reversed(self.attempts) if claimed.id == delivery_id), "")

    def receipt(self, provider, number, _now, *, arrived):
        self.receipts[provider, number] = arrived

    def received(self, provider, number):
        return self.receipts.get((provider, number))


class FakeServices:
    def __init__(self):
        self.kept = {}

    def open(self, service):
        self.kept.setdefault((service.case_no, service.number), service)

    def served(self, served):
        for key, one in self.kept.items():
            if one.case_no == served.case_no and (one.number == served.number or one.kind == served.kind):
                self.kept[key] = replace(
                    one,
                    state=ServiceState.SERVED,
                    method=served.method,
                    served_on=served.served_on,
                    proof=served.proof,
                )

    def of_case(self, case_no):
        return [one for one in self.kept.values() if one.case_no == case_no]

    def get(self, case_no, number):
        return self.kept.get((case_no, number))

    def save(self, service):
        self.kept[service.case_no, service.number] = service


class FakeWork:
    def __init__(self):
        self.cases = FakeCases()
        self.deliveries = FakeDeliveries(self.cases)
        self.inbox = FakeInbox(self.deliveries, self.cases)
        self.choices = FakeChoices()
        self.addressees = FakeAddressees()
        self.services = FakeServices()
        self.recorded = []

    def record(self, message):
        self.recorded.append(message)
