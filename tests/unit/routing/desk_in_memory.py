"""The desk of a routing node in memory: takings, proposed acts, relations and piles as plain dictionaries."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any

from services.routing.domain.desk import ProposedAct, Relation, Taking
from services.routing.domain.piles import PileCount, PiledCase
from services.routing.domain.records import CaseText


class MemoryDeskBooks:
    """`DeskBooks` in dictionaries."""

    def __init__(self, node: Any) -> None:
        self._node = node
        self.takings: dict[str, Taking] = {}
        self.acts: dict[str, ProposedAct] = {}
        self.relations: set[tuple[str, str, str]] = set()
        self._parts = count(90_001)

    def taking(self, case_no: str) -> Taking | None:
        return self.takings.get(case_no)

    def take(self, taking: Taking) -> None:
        self.takings[taking.case_no] = taking

    def give_back(self, case_no: str) -> None:
        self.takings.pop(case_no, None)

    def propose(self, proposed: ProposedAct) -> None:
        self.acts[proposed.id] = proposed

    def proposed(self, act_id: str) -> ProposedAct | None:
        return self.acts.get(act_id)

    def settle(self, proposed: ProposedAct) -> None:
        self.acts[proposed.id] = proposed

    def proposals(self, case_no: str, after: tuple[datetime, str] | None, limit: int) -> list[ProposedAct]:
        rows = sorted(self.acts.values(), key=lambda act: (act.proposed_at, act.id))
        fitting = [act for act in rows if (act.case_no == case_no if case_no else act.state == "open")]
        return [act for act in fitting if after is None or (act.proposed_at, act.id) > after][:limit]

    def relate(self, case_no: str, other: str, kind: str) -> None:
        self.relations.add((case_no, other, kind))

    def related(self, case_no: str) -> list[Relation]:
        ways = [(other, kind) for number, other, kind in self.relations if number == case_no]
        ways += [(number, f"has-{kind}") for number, other, kind in self.relations if other == case_no]
        known = [(number, kind, self._node.cases.get(number)) for number, kind in sorted(ways)]
        return [
            Relation(n, kind, case.state.value if case else "", case.holder if case else "") for n, kind, case in known
        ]

    def next_part(self, _prefix: str) -> int:
        return next(self._parts)

    def copy_text(self, case_no: str, number: str, _claims: Sequence[int]) -> CaseText | None:
        text = self._node.texts.get(case_no)
        if text is None:
            return None
        self._node.texts[number] = replace(text, case_no=number)
        return self._node.texts.sealed(number)

    def count(self, node: str) -> tuple[PileCount, ...]:
        rows = self._node.waiting(node, None, 1000, ())
        names = {"S01": "register", "S02": "dispatch"}
        return tuple(
            PileCount(name, len(found), min(row.since for row in found))
            for state, name in names.items()
            if (found := [row for row in rows if row.state == state])
        )

    def piled(
        self, node: str, pile: str, after: tuple[datetime, str] | None, limit: int, *, unit: str, sealed: bool
    ) -> list[PiledCase]:
        state = {"register": "S01", "dispatch": "S02"}.get(pile, "")
        rows = [
            row
            for row in self._node.waiting(node, after, limit, () if sealed else ("S01", "S02"))
            if row.state == state
        ]
        taken = {row.case_no: self.takings.get(row.case_no) for row in rows}
        return [
            PiledCase(
                case_no=row.case_no,
                state=row.state,
                since=row.since,
                holder=node,
                unit=unit,
                taken_by=mine.person if (mine := taken[row.case_no]) else "",
                taken_role=mine.role if mine else "",
                taken_until=mine.expires_at if mine else None,
            )
            for row in rows
        ]
