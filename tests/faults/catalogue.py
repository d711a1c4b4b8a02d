"""Every fault of the suite: each process of both nodes at each step of a message's road, and the line between them."""

from collections.abc import Iterator
from dataclasses import replace

from tests.faults.databases import database_faults
from tests.faults.gates import AT_COMMIT, BEFORE_COMMIT, Gate
from tests.faults.harms import (
    KILLED,
    WIPED,
    AtGate,
    AtRandom,
    BadLine,
    BeforePublishing,
    Fault,
    InTheInbox,
    OnTheShelf,
    PowerCut,
    Unconfirmed,
)
from tests.faults.pair import CITY, DISTRICT

# Where the services of a node stand still: in words, table, rows, and by which statement they are written.
_STEPS = {
    CITY: (
        ("a petition is registered", "intake.contact", "", "INSERT"),
        ("a case is opened", "routing.inbox", "NEW.queue = 'routing.contact'", "INSERT"),
        ("a clerk acts", "routing.case_event", "NEW.name = 'case-registered'", "INSERT"),
        ("custody is offered", "routing.custody_receipt", "NEW.direction = 'out'", "INSERT"),
        ("the answer to an offer is taken", "routing.custody_receipt", "NEW.answered_at IS NOT NULL", "UPDATE"),
        ("a directive is issued", "routing.directive", "", "INSERT"),
        ("the answer to a directive is taken", "routing.directive", "NEW.answered_at IS NOT NULL", "UPDATE"),
        ("reports from below are applied", "routing.link_inbox", "NEW.outcome = 'delivered'", "INSERT"),
        ("an ack from below is heard", "routing.link_sender", "NEW.acked > OLD.acked", "UPDATE"),
        ("the ledger follows", "supervision.stream_position", "", "INSERT OR UPDATE"),
        ("notices are written", "notify.stream_position", "", "INSERT OR UPDATE"),
    ),
    DISTRICT: (
        ("an offer is taken", "routing.custody_receipt", "NEW.direction = 'in'", "INSERT"),
        ("a dossier is kept", "intake.inbox", "NEW.queue = 'intake.dossier'", "INSERT"),
        ("a clerk acts", "routing.case_event", "NEW.name = 'case-accepted'", "INSERT"),
        ("an objection is filed", "routing.case_event", "NEW.name = 'objection-filed'", "INSERT"),
        ("a directive is carried out", "routing.directive", "NEW.direction = 'in'", "INSERT"),
        ("a frame goes up", "routing.link_outbox", "", "INSERT"),
        ("frames from above are applied", "routing.link_inbox", "NEW.outcome = 'delivered'", "INSERT"),
        ("the ledger follows", "supervision.stream_position", "", "INSERT OR UPDATE"),
        ("notices are written", "notify.stream_position", "", "INSERT OR UPDATE"),
    ),
}
_OUTBOXES = ("intake", "routing")
_PILE = 8
_TOLD = {BEFORE_COMMIT: "written, not committed", AT_COMMIT: "committed, nobody told"}


def _services() -> Iterator[Fault]:
    for node, steps in _STEPS.items():
        for words, table, where, on in steps:
            for moment in (BEFORE_COMMIT, AT_COMMIT):
                told = f"{words}: {_TOLD[moment]}"
                yield AtGate(node, "services", told, gate=Gate(node, table, where, moment, on))


def _relays() -> Iterator[Fault]:
    yield BeforePublishing(CITY, "relay", "in the outbox, not published")
    yield BeforePublishing(DISTRICT, "relay", "in the outbox, not published")
    for node in (CITY, DISTRICT):
        for schema in _OUTBOXES:
            for moment, told in ((BEFORE_COMMIT, "published, not marked"), (AT_COMMIT, "marked, nobody told")):
                gate = Gate(node, f"{schema}.outbox", "NEW.sent_at IS NOT NULL", moment, "UPDATE")
                yield AtGate(node, "relay", f"{schema}: {told}", gate=gate)


def _brokers(harm: str) -> Iterator[Fault]:
    for node, queue in ((CITY, f"down.{DISTRICT}"), (DISTRICT, "up.out")):
        yield Unconfirmed(node, "broker", "published, not confirmed", harm, acts=6)
        yield OnTheShelf(node, "broker", f"in {queue}", harm, queue=queue)
    yield InTheInbox(CITY, "broker", "in inbox.up", harm, peer=DISTRICT)
    yield InTheInbox(DISTRICT, "broker", "in inbox.down", harm, peer=CITY)
    for node in (CITY, DISTRICT):
        for schema in ("supervision", "notify"):
            gate = Gate(node, f"{schema}.stream_position", on="INSERT OR UPDATE")
            yield AtGate(node, "broker", f"delivered and queued for {schema}", harm, gate=gate, pile=_PILE)
            cut = replace(gate, moment=AT_COMMIT)
            yield PowerCut(node, "node", f"queued for {schema}, everything dies", harm, gate=cut, pile=_PILE)
        yield AtRandom(node, "broker", "in the middle of the work", harm)


def _lines() -> Iterator[Fault]:
    yield BadLine(DISTRICT, "line", "cut in the middle of the work")
    yield BadLine(DISTRICT, "line", "silent in the middle of the work", do=lambda proxy: proxy.silence())
    yield BadLine(DISTRICT, "line", "reset in the middle of the work", do=lambda proxy: proxy.reset())


def _anywhere() -> Iterator[Fault]:
    for node in (CITY, DISTRICT):
        for victim in ("services", "relay"):
            yield AtRandom(node, victim, "in the middle of the work")


ALL: tuple[Fault, ...] = (
    *_services(),
    *_relays(),
    *_brokers(KILLED),
    *_brokers(WIPED),
    *_lines(),
    *_anywhere(),
    *database_faults(),
)
"""Each fault once, in the order of the road."""


_TELLING = (
    (
        ("city services killed", "custody is offered: committed, nobody told"),
        ("district services killed", "an offer is taken: written, not committed"),
        ("city relay killed", "routing: published, not marked"),
    ),
    (
        ("city broker killed", "published, not confirmed"),
        ("district broker wiped", "delivered and queued for supervision"),
        ("line", "cut in the middle of the work"),
    ),
)


def one_of_each_process() -> list[list[Fault]]:
    """Return a small selection in two rounds: each process killed at a telling moment, the line cut, a disk lost."""
    by_name = {(fault.name, fault.moment): fault for fault in ALL}
    return [[by_name[each] for each in together] for together in _TELLING]
