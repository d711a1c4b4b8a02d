"""A supervision desk for tests: fakes of its ports that keep everything in memory, and an office with real rules."""

from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from lianxi.law import calendar_data
from lianxi.runtime.clock import SHANGHAI, FixedClock
from services.supervision.domain.clocks import Status
from services.supervision.domain.files import CaseFile
from services.supervision.domain.office import Office
from services.supervision.domain.orders import ProposalStatus
from services.supervision.handlers.follow import follow
from services.supervision.handlers.raise_alerts import raise_alerts
from services.supervision.settings import read_rules

XINING = Path(__file__).resolve().parents[3] / "deploy" / "xining"
RULES = read_rules(XINING / "supervision.yaml")
CALENDAR = calendar_data.load()
CITY, DISTRICT, TOWNSHIP = "630100", "630104", "630104001"
START = datetime(2026, 3, 2, 10, tzinfo=SHANGHAI)


def an_office(node=CITY, *, rules=RULES, calendar=CALENDAR):
    return Office(node, "宁信", rules, calendar)


class FakeFiles:
    def __init__(self):
        self.by_number = {}
        self.written = []

    def locked(self, case_numbers):
        return {number: self.by_number[number] for number in case_numbers if number in self.by_number}

    def save(self, before, files):
        del before
        for file in files:
            self.by_number[file.row.case_no] = file
            self.written.append(file.row.case_no)

    def open_clocks(self, after, limit):
        rows = [row for row in self.clocks() if row.is_open and row.key > after]
        return sorted(rows, key=lambda row: row.key)[:limit]

    def clocks(self):
        return [row for file in self.by_number.values() for row in file.clocks]

    def replace_clocks(self, rows):
        fresh = {row.key: row for row in rows}
        for number, file in self.by_number.items():
            clocks = tuple(fresh.get(row.key, row) for row in file.clocks)
            self.by_number[number] = CaseFile(file.row, clocks)


class FakeAlerts:
    def __init__(self, files):
        self._files = files
        self.taken = []

    def oldest(self, now):
        return min((row.next_alert_at for row in self._due(now)), default=None)

    def take(self, now, limit):
        rows = sorted(self._due(now), key=lambda row: (row.next_alert_at, row.key))[:limit]
        self.taken.append(len(rows))
        return rows

    def save(self, rows):
        self._files.replace_clocks(rows)

    def _due(self, now):
        return [row for row in self._files.clocks() if row.next_alert_at is not None and row.next_alert_at <= now]


class FakeProposals:
    def __init__(self):
        self.by_number = {}
        self._last = Counter()

    def take_numbers(self, node, year, count):
        self._last["proposal", node, year] += count
        last = self._last["proposal", node, year]
        return [f"{node}-{year}-{number:06d}" for number in range(last - count + 1, last + 1)]

    def next_order(self, node, year):
        self._last["order", node, year] += 1
        return self._last["order", node, year]

    def add(self, proposals):
        about = {proposal.about for proposal in self.by_number.values()}
        fresh = [proposal for proposal in proposals if proposal.about not in about]
        self.by_number.update({proposal.proposal_no: proposal for proposal in fresh})
        return {proposal.proposal_no for proposal in fresh}

    def case_of(self, proposal_no):
        found = self.by_number.get(proposal_no)
        return found and found.case_no

    def locked(self, proposal_no):
        return self.by_number[proposal_no]

    def save(self, proposal):
        self.by_number[proposal.proposal_no] = proposal

    def withdraw(self, clocks, at, reason):
        keys = {clock.key for clock in clocks}
        for number, proposal in self.by_number.items():
            if proposal.about in keys and proposal.status == ProposalStatus.PROPOSED:
                self.by_number[number] = replace(
                    proposal, status=ProposalStatus.WITHDRAWN.value, decided_at=at, reason=reason
                )


class FakeMoves:
    def __init__(self):
        self.by_version = {}

    def add(self, version, moves, at):
        del at
        self.by_version.setdefault(version, []).extend(moves)

    def of(self, version, limit):
        return self.by_version.get(version, [])[:limit]

    def count(self, version):
        return len(self.by_version.get(version, []))


class FakeWork:
    """Everything one transaction offers; used again and again, it is the database too."""

    def __init__(self):
        self.files = FakeFiles()
        self.alerts = FakeAlerts(self.files)
        self.proposals = FakeProposals()
        self.moves = FakeMoves()
        self.notices = []

    def record(self, notices):
        self.notices.extend(notices)


class Watch:
    """One node watching cases: events in, time passes, alerts out."""

    def __init__(self, node=CITY, *, at=START, **office):
        self.office = an_office(node, **office)
        self.clock = FixedClock(at)
        self.work = FakeWork()

    def follow(self, *roads):
        """Take over all events the books have not seen yet; the clock stands where the last road stands, if later."""
        for road in roads:
            follow(road.events, self.work, self.office, self.clock.now())
            if road.now > self.clock.now():
                self.clock = FixedClock(road.now)
        return self

    def sweep(self, **more):
        return raise_alerts(lambda: nullcontext(self.work), self.office, self.clock.now(), **more)

    def wait(self, **amount):
        self.clock.advance(**amount)
        return self

    def day_after(self, day):
        """Let the clock stand at the first instant of the day after `day`."""
        at = datetime.combine(day + timedelta(days=1), datetime.min.time(), SHANGHAI)
        self.clock = FixedClock(at)
        return self

    def told(self, *kinds):
        """What was told, as (message, clock) pairs, or only messages of these kinds."""
        return [
            (type(notice).__name__, notice.clock)
            for notice in self.work.notices
            if not kinds or type(notice).__name__ in kinds
        ]

    def forget(self):
        self.work.notices.clear()
        return self

    def file(self, road):
        return self.work.files.by_number[road.case.case_no]

    def row(self, road):
        return self.file(road).row

    def clock_of(self, road, code, instance=None):
        rows = [row for row in self.file(road).clocks if row.code == code]
        return next(row for row in rows if row.instance == (instance or len(rows)))

    def open_codes(self, road):
        return {row.code for row in self.file(road).clocks if row.status == Status.OPEN}
