"""The one place that joins the use cases of routing with real tables, rules, keys, clocks and links."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Engine, text

from lianxi import courier
from lianxi.bus.engine import engine_for
from lianxi.bus.messages import Incoming, RawMessage
from lianxi.casework.identifiers import DivisionCode
from lianxi.law import calendar_data
from lianxi.runtime.clock import SystemClock, new_id
from lianxi.runtime.crypto import KeyRing
from lianxi.runtime.health import HEALTH
from lianxi.runtime.metrics import gauge
from services.routing.domain.piles import counted
from services.routing.domain.sorting.rules import RuleSorter
from services.routing.domain.unit_changes import amended
from services.routing.domain.wishes import OPEN
from services.routing.domain.wording import Wording
from services.routing.handlers import Here, links
from services.routing.handlers.delivery import deliver, deliver_all
from services.routing.handlers.link_ends import LinkEnd
from services.routing.handlers.link_reclaim import Reclaimer
from services.routing.handlers.members import Registry
from services.routing.settings import Settings
from services.routing.storage.likeness import found_in
from services.routing.storage.link_codec import EnvelopeCodec, NoSeals
from services.routing.storage.link_watch import LinkWatch
from services.routing.storage.members import LiveChildren, LiveMembers
from services.routing.storage.rulebook import LiveRulebook
from services.routing.storage.tables import SCHEMA
from services.routing.storage.unit_changes import Amendments
from services.routing.storage.work import RoutingWork, Tools

LINK_EXCHANGES = frozenset({"up", "down"})
_WAITING = gauge("routing_waiting_cases", "Cases at this node that wait for a clerk, by state.", ("state",))
_OLDEST = gauge("routing_waiting_oldest_seconds", "Age of the case that has waited longest for a clerk.")
_PILE = gauge("routing_pile_cases", "Cases that wait for somebody of this node, by pile.", ("pile",))
_PILE_AGE = gauge("routing_pile_oldest_seconds", "Age of the case that has waited longest in a pile.", ("pile",))
_WISHES = gauge(
    "routing_wishes", "What was said of cases in transfer: waiting here, or sent to the holder.", ("state",)
)
_WISH_AGE = gauge("routing_wish_oldest_seconds", "Age of the oldest such wish that has not been settled.", ("state",))
_OFFERED = gauge("routing_custody_offers_waiting", "Cases in transfer: offers of custody without an answer.")
_RECOVERING = gauge(
    "routing_recovering", "1 while this node, restored from a backup, waits for what its neighbours give back."
)
_OFFER_AGE = gauge("routing_custody_offer_oldest_seconds", "Age of the offer that has waited longest for its answer.")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the doors of routing need."""

    open_work: Callable[[], RoutingWork]
    here: Here
    end: LinkEnd
    rulebook: LiveRulebook
    members: LiveMembers
    watch_pile: Callable[[RoutingWork], None]
    close: Callable[[], None]

    def registry(self) -> Registry:
        """What a change of membership is judged by at this moment."""
        known = self.rulebook.seed.directory.nodes
        return Registry(end=self.end, here=self.here, membership=self.members.current, known=known)


def build(settings: Settings | None = None) -> Parts:
    """Join the parts of this node, named by the environment unless `settings` are given."""
    settings = settings or Settings.from_environment()
    node = DivisionCode.parse(settings.node)
    clock = SystemClock(settings.clock_file)
    engine = engine_for(settings.database_url, SCHEMA, settings.connections)
    rulebook = _rulebook(settings, clock, engine)
    directory = rulebook.seed.directory
    members = LiveMembers(engine, settings.peers or frozenset(directory.nodes))
    members.refresh()
    here = Here(
        node=settings.node,
        parent=str(node.parent or ""),
        clock=clock,
        calendar=calendar_data.NotedCalendar(settings.calendar_dir).current,
        sorter=RuleSorter(rulebook.current, clock.today),
        units=partial(_organs, rulebook, settings.node),
        organs=partial(_organs, rulebook),
        reachable=lambda code: code == settings.node or members.current.takes_custody(code),
        new_id=new_id,
        wording=Wording(
            found_in, (name for office in directory.offices.values() for name in (office.name, office.short))
        ),
        competence=partial(_competence, rulebook),
    )
    end = _link_end(here, members)
    tools = Tools(
        node=settings.node,
        mark=directory.mark(settings.node),
        keys=KeyRing.from_file(settings.key_ring_file),
        clock=clock,
        seal_links=partial(links.seal, end=end),
        post=lambda work: links.Post(work, end),
    )
    HEALTH.add("routing-database", lambda: _ask(engine))
    return Parts(
        open_work=lambda: RoutingWork(engine, tools),
        here=here,
        end=end,
        rulebook=rulebook,
        members=members,
        watch_pile=partial(_watch_pile, here),
        close=engine.dispose,
    )


def _rulebook(settings: Settings, clock: SystemClock, engine: Engine) -> LiveRulebook:
    """The rules of this node; its directory follows the changes recorded here, and the day."""
    changes = Amendments(engine)
    return LiveRulebook(
        settings.data_dir,
        clock.now,
        amend=lambda seed: amended(seed, changes.rows(), clock.today()),
        amendments=lambda: (changes.newest(), clock.today()),
    )


def _organs(rulebook: LiveRulebook, node: str) -> frozenset[str]:
    """The organs of a node as the directory has them now."""
    return rulebook.current().directory.codes(node)


def _competence(rulebook: LiveRulebook, unit: str) -> tuple[str, ...]:
    """The first category that an organ is competent for, by the directory as it is now."""
    units = rulebook.current().directory.units_of(unit.partition(".")[0])
    return next((each.competence[0] for each in units if each.code == unit and each.competence), ())


def _link_end(here: Here, members: LiveMembers) -> LinkEnd:
    own = DivisionCode.parse(here.node)
    codec = EnvelopeCodec(here.node)
    reclaimer = Reclaimer(here, codec)
    return LinkEnd(
        node=own,
        children=LiveChildren(members, own),
        codec=codec,
        seals=NoSeals(),
        watch=LinkWatch(),
        new_id=new_id,
        now=here.clock.now,
        real_now=SystemClock().now,
        deliver=partial(_deliver, here, reclaimer),
        deliver_all=partial(_deliver_all, here),
        reclaim=reclaimer,
    )


def _deliver(here: Here, reclaimer: Reclaimer, work: Any, origin: str, message: Any) -> None:
    if not reclaimer.answered_before(work, origin, message):
        deliver(work, origin, message, here)


def _deliver_all(here: Here, work: Any, messages: Any) -> None:
    deliver_all(work, messages, here)


def decode(raw: RawMessage) -> Incoming:
    """Read a message from the bus; what came over a link stays raw, the link protocol reads it."""
    if raw.exchange in LINK_EXCHANGES:
        return Incoming(raw.message_id or new_id(), raw.type or "", None, None, None, raw)
    return courier.decode(raw)


def _watch_pile(here: Here, work: RoutingWork) -> None:
    """Show how much waits for a clerk or for another node, and since when."""
    counts = work.desk.count_waiting(here.node)
    for state in ("S01", "S02"):
        _WAITING.labels(state).set(counts.get(state, 0))
    oldest = work.desk.oldest_waiting(here.node)
    _OLDEST.set((here.clock.now() - oldest).total_seconds() if oldest else 0.0)
    now = here.clock.now()
    for pile in counted(work.desk_books.count(here.node)):
        _PILE.labels(pile.name).set(pile.cases)
        _PILE_AGE.labels(pile.name).set((now - pile.since).total_seconds() if pile.since else 0.0)
    wishes = work.wishes.counts()
    for standing in OPEN:
        waiting, first = wishes.get(standing, (0, now))
        _WISHES.labels(standing.value).set(waiting)
        _WISH_AGE.labels(standing.value).set((now - first).total_seconds())
    _RECOVERING.set(work.link_book.recovering())
    number, since = work.desk.oldest_offer()
    _OFFERED.set(number)
    _OFFER_AGE.set((here.clock.now() - since).total_seconds() if since else 0.0)


def _ask(engine: Engine) -> bool:
    with engine.connect() as connection:
        return connection.execute(text("SELECT 1")).scalar() == 1
