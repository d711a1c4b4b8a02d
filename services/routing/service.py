"""The doors of routing: what may be called, which queues are read, what runs by the clock."""

from collections.abc import Sequence
from typing import Any, ClassVar

from lianxi.bus.doors import RETRY_THEN_PARK, call, consume_batch, every
from lianxi.bus.messages import Incoming
from lianxi.casework.errors import Refused
from lianxi.casework.messages.materials import MaterialsKept
from lianxi.casework.messages.notices import NoticeChosen
from lianxi.runtime import logging as logs
from lianxi.runtime.metrics import gauge
from services.routing import schemas
from services.routing.handlers import (
    acts,
    cases,
    choices,
    desk,
    erase,
    link_receiving,
    link_replay,
    links,
    materials,
    members,
    piles,
    proposing,
    repeat_decisions,
    taking,
    unit_news,
    units,
    wishes,
)
from services.routing.storage.work import RoutingWork
from services.routing.wiring import build, decode

_log = logs.logger("services.routing")
_UNSETTLED = gauge(
    "routing_wishes_unsettled", "Cases whose custody has settled, and what was said on the way fails to be carried out"
)


class RoutingService:
    """The case, its custody, where it goes, and the links between nodes."""

    name: ClassVar[str] = "routing"

    def __init__(self) -> None:
        self._parts = build()
        self._here = self._parts.here
        self._end = self._parts.end
        self.open_work = self._parts.open_work
        self.clock = self._here.clock
        self.decode = decode
        self._stuck: frozenset[str] = frozenset()
        self._greetings = members.Greetings()

    @consume_batch("routing.contact", on_failure=RETRY_THEN_PARK)
    def contacts(self, work: RoutingWork, messages: Sequence[Incoming]) -> None:
        """Open a case for each contact that intake registered."""
        cases.open_cases(work, [message.body for message in messages], self._here)

    @consume_batch("routing.materials", on_failure=RETRY_THEN_PARK)
    def kept_materials(self, work: RoutingWork, messages: Sequence[Incoming]) -> None:
        """Tell the holders of cases of the files that are kept here, and how petitioners want to be told."""
        told = [message.body for message in messages]
        materials.pass_on(work, [each for each in told if isinstance(each, MaterialsKept)], self._here)
        choices.pass_on(work, [each for each in told if isinstance(each, NoticeChosen)], self._here)

    @consume_batch("routing.supervision", on_failure=RETRY_THEN_PARK)
    def lapsed_rights(self, work: RoutingWork, messages: Sequence[Incoming]) -> None:
        """Close cases whose petitioners let the right to a review run out (T41)."""
        link_replay.check_whole(work)
        for message in messages:
            cases.lapse(work, message.body, self._here)

    @consume_batch("inbox.up", on_failure=RETRY_THEN_PARK)
    def from_children(self, work: RoutingWork, messages: Sequence[Incoming]) -> None:
        """Apply what the child nodes say, in the order of each link."""
        link_receiving.receive(work, self._end, [message.raw for message in messages])

    @consume_batch("inbox.down", on_failure=RETRY_THEN_PARK)
    def from_parent(self, work: RoutingWork, messages: Sequence[Incoming]) -> None:
        """Apply what the parent node says, in the order of the link."""
        link_receiving.receive(work, self._end, [message.raw for message in messages])

    @every(0.5)
    def tend_links(self) -> None:
        """Acknowledge, repeat, and try again what is in quarantine; look who has joined or left."""
        self._parts.members.refresh()
        with self.open_work() as work:
            link_replay.ask(work, self._end)
            links.tick(work, self._end)
        with self.open_work() as work:
            link_receiving.retry(work, self._end)

    @every(5.0)
    def greet_members(self) -> None:
        """Tell nodes below that came back that they have joined."""
        with self.open_work() as work:
            greeted = members.greet(work, self._end, self._greetings)
        self._greetings.told |= greeted

    @every(5.0)
    def tell_units(self) -> None:
        """Tell the neighbours of changes of organs."""
        with self.open_work() as work:
            unit_news.tell(work, self._end)

    @every(0.5)
    def settle_wishes(self) -> None:
        """Carry out what was said while custody was on its way, where it has settled."""
        with self.open_work() as work:
            if work.link_book.recovering():
                return
        failed = wishes.settle_all(self.open_work, self._here)
        for case_no in failed.keys() - self._stuck:
            _log.warning("wish-not-settled", case=case_no, error=failed[case_no])
        self._stuck = frozenset(failed)
        _UNSETTLED.set(len(failed))

    @every(600.0)
    def prune_links(self) -> None:
        """Forget frames that were acked, applied or refused longer ago than any backup reaches."""
        with self.open_work() as work:
            links.prune(work, self._end)

    @every(2.0)
    def keep_rules(self) -> None:
        """Keep every version of the rules that came into use since the last look."""
        for loaded in self._parts.rulebook.unkept:
            with self.open_work() as work:
                work.rule_versions.keep(loaded)
            self._parts.rulebook.kept(loaded)

    @every(5.0)
    def watch_pile(self) -> None:
        """Show in the metrics what waits for a clerk."""
        with self.open_work() as work:
            self._parts.watch_pile(work)

    @call(expected=(Refused,))
    def act(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Carry out a clerk's act, or send it to the node that holds the case."""
        link_replay.check_whole(work)
        return acts.act_on_case(work, *schemas.read_act(body), self._here)

    @call(expected=(Refused,))
    def act_on_many(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Carry out one act on many cases, each with its own outcome."""
        link_replay.check_whole(work)
        return acts.act_on_many(work, *schemas.read_acts(body), self._here)

    @call(expected=(Refused,))
    def take(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Take a case, so that nobody else works on it meanwhile."""
        over = schemas.flag(body, "over")
        return taking.take(work, schemas.case_no(body), schemas.actor_given(body), self._here, over=over)

    @call(expected=(Refused,))
    def give_back(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Put a case back on its pile."""
        return taking.give_back(work, schemas.case_no(body), schemas.actor_given(body), self._here)

    @call(expected=(Refused,))
    def propose(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Keep an act for somebody else's decision."""
        actor = schemas.actor_given(body)
        return proposing.propose_act(work, schemas.read_act(body), schemas.note(body, "note"), actor, self._here)

    @call(expected=(Refused,))
    def decide(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Let a proposed act happen, or return it."""
        link_replay.check_whole(work)
        approve, reason = schemas.flag(body, "approve"), schemas.note(body, "reason")
        act_id, actor = schemas.text(body, "id"), schemas.actor_given(body)
        return proposing.decide_act(work, act_id, actor, self._here, approve=approve, reason=reason)

    @call(expected=(Refused,), read_only=True)
    def proposed(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Return acts that wait for a decision, or all of one case."""
        number = schemas.case_no(body) if body.get("case_no") else ""
        after, limit = schemas.page(body)
        return proposing.list_proposed(work, number, desk.place_in_list(after), limit, schemas.actor(body))

    @call(read_only=True)
    def piles(self, work: RoutingWork, _body: dict[str, Any]) -> dict[str, Any]:
        """Return every pile with its number of cases and the age of its oldest."""
        return piles.overview(work, self._here)

    @call(expected=(Refused,), read_only=True)
    def pile(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Return a page of one pile, oldest first."""
        page, actor = schemas.page(body), schemas.actor(body)
        return piles.list_pile(work, self._here, schemas.text(body, "pile"), page, actor)

    @call(expected=(Refused,))
    def decide_repeat(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Keep what a clerk decided on a proposed repeat, and go on from there."""
        link_replay.check_whole(work)
        return repeat_decisions.decide_repeat(work, schemas.read_decision(body), self._here)

    @call(expected=(Refused,), read_only=True)
    def case(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Return the case page."""
        return desk.show_case(work, work.desk, schemas.case_no(body), schemas.actor(body), self._here)

    @call(expected=(Refused,), read_only=True)
    def track(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Return what the petitioner may see."""
        return desk.track(work, work.desk, schemas.case_no(body))

    @call(expected=(Refused,), read_only=True)
    def waiting(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Return a page of what waits for a clerk, oldest first."""
        return desk.list_waiting(work.desk, self._here, *schemas.page(body), schemas.actor(body))

    @call(expected=(Refused,), read_only=True)
    def document(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Return the text of a document."""
        number = schemas.text(body, "number")
        return desk.show_document(work, work.desk, schemas.case_no(body), number, schemas.actor(body))

    @call(expected=(Refused,))
    def erase_texts(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Blank the texts of ended cases."""
        return erase.erase_texts(work, erase.read_numbers(body), schemas.actor(body), self._here)

    @call(expected=(Refused,), read_only=True)
    def units(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Return the organs of a node on a day, of this one and today unless others are named."""
        node, on = str(body.get("node") or self._here.node), schemas.day(body, "on") or self._here.clock.today()
        return units.list_units(self._parts.rulebook.seed.directory, work.unit_changes, node, on)

    @call(expected=(Refused,), read_only=True)
    def unit_history(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Return what the directory said of an organ, from the seed file to its last change."""
        return units.unit_history(self._parts.rulebook.seed.directory, work.unit_changes, schemas.text(body, "unit"))

    @call(expected=(Refused,))
    def change_unit(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Change an organ from a day on."""
        asked = schemas.read_unit_change(body)
        work.after_commit(self._parts.rulebook.look_again)
        return units.change_unit(self._parts.rulebook.seed, work.unit_changes, asked, self._here)

    @call(read_only=True)
    def rulebook(self, _work: RoutingWork, _body: dict[str, Any]) -> dict[str, Any]:
        """Return which rules this node uses, since when, and what is wrong with newer files."""
        standing = self._parts.rulebook.standing
        used = {"version": standing.version, "loaded_at": standing.loaded_at.isoformat()}
        return {"node": self._here.node, **used, "problem": standing.problem}

    @call(read_only=True)
    def links(self, work: RoutingWork, _body: dict[str, Any]) -> dict[str, Any]:
        """Return where each link stands."""
        return {"rows": links.overview(work, self._end)}

    @call(read_only=True)
    def members(self, _work: RoutingWork, _body: dict[str, Any]) -> dict[str, Any]:
        """Return which nodes below take part, which are leaving, and which left when."""
        return members.list_members(self._parts.members.current)

    @call(expected=(Refused,))
    def change_member(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Let a node below join, stop taking cases, or leave."""
        link_replay.check_whole(work)
        work.after_commit(self._parts.members.refresh)
        return members.change_member(work, schemas.read_membership(body), self._parts.registry())

    @call(expected=(Refused,))
    def member_ties(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Return in exact numbers what still ties a node below to this one."""
        return members.show_ties(members.ties_of(work, self._parts.registry(), schemas.text(body, "node")))

    @call(expected=(Refused,), read_only=True)
    def member_cases(self, work: RoutingWork, body: dict[str, Any]) -> dict[str, Any]:
        """Return the open cases that a node below holds."""
        return members.open_cases(work, schemas.text(body, "node"), *schemas.page(body))

    @call(read_only=True)
    def transitions(self, _work: RoutingWork, _body: dict[str, Any]) -> dict[str, Any]:
        """Return the table of transitions."""
        return {"rows": desk.transition_table()}


Service = RoutingService
