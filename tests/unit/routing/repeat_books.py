"""What a routing node in memory knows of repeats: `Repeats` in dictionaries, with the real fingerprints."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from lianxi.casework.messages.events import CaseReceived
from lianxi.casework.messages.facts import Actor
from lianxi.casework.messages.notices import ContactRegistered
from services.routing.domain.fingerprints import bands
from services.routing.domain.records import CaseText
from services.routing.domain.repeats import Known, Proposal, Verdict
from services.routing.domain.wording import Wording
from services.routing.storage.likeness import found_in

KEY = b"a key of the node"
WORDING = Wording(found_in)


class MemoryRepeats:
    """`Repeats` in dictionaries, over the cases and findings of the node."""

    def __init__(self, cases: Any, sorted_cases: Mapping[str, tuple[str, Mapping[str, Any]]]) -> None:
        self._cases = cases
        self._sorted = sorted_cases
        self._bands: dict[str, frozenset[int]] = {}
        self._proposals: dict[tuple[str, str], Proposal] = {}
        self._held: dict[str, ContactRegistered] = {}
        self._questions: dict[str, tuple[str, datetime | None, datetime | None]] = {}

    def of_persons(self, person_keys: Iterable[str], besides: str) -> tuple[Known, ...]:
        wanted = {key.rpartition(":")[2] for key in person_keys}
        found = []
        for case_no in self._cases.files:
            kinds = [kind for kind, key in self._persons(case_no) if key in wanted]
            if kinds and case_no != besides:
                found.append(self._known(case_no, kind=kinds[0]))
        return tuple(sorted(found, key=lambda known: (known.received_on, known.case_no), reverse=True))

    def _accused(self, case_no: str) -> set[str]:
        _, found = self._sorted.get(case_no, ("", {}))
        return set(found.get("accused", ())) if found.get("sealed") else set()

    def of_accused(self, organs: Sequence[str], besides: str) -> tuple[Known, ...]:
        numbers = [number for number in self._sorted if number != besides and self._accused(number) & set(organs)]
        return tuple(self._known(number, kind="accused") for number in sorted(numbers, reverse=True))

    def share_the_accused(self, one: str, other: str) -> bool:
        return bool(self._accused(one) & self._accused(other))

    def known_here(self, case_nos: Sequence[str]) -> frozenset[str]:
        return frozenset(case_nos) & self._cases.files.keys()

    def share_a_person(self, one: str, other: str) -> bool:
        return bool({key for _, key in self._persons(one)} & {key for _, key in self._persons(other)})

    def remember_text(self, text: CaseText) -> None:
        self._bands[text.case_no] = frozenset(bands(f"{text.subject}\n{text.text}", KEY))

    def copies_of(self, text: CaseText, besides: Iterable[str]) -> tuple[Known, ...]:
        own = bands(f"{text.subject}\n{text.text}", KEY)
        found = [number for number, known in self._bands.items() if not known.isdisjoint(own)]
        return tuple(self._known(number, kind=None) for number in found if number not in {text.case_no, *besides})

    def propose(self, proposals: Sequence[Proposal]) -> None:
        for each in proposals:
            self._proposals.setdefault((each.case_no, each.earlier), each)

    def proposals(self, case_no: str) -> tuple[Proposal, ...]:
        found = [each for each in self._proposals.values() if each.case_no == case_no]
        return tuple(sorted(found, key=lambda each: -each.score))

    def decide(
        self, case_no: str, earlier: str, verdict: Verdict, actor: Actor, at: datetime, *, note: str, outcome: str
    ) -> None:
        decided = {"decided_by": actor.person, "decided_role": actor.role.value, "decided_at": at, "note": note}
        proposal = self._proposals[case_no, earlier]
        self._proposals[case_no, earlier] = replace(proposal, verdict=verdict, outcome=outcome, **decided)

    def note_of(self, proposal: Proposal) -> str:
        return proposal.note

    def hold(self, contact: ContactRegistered) -> None:
        self._held[contact.contact_no] = contact

    def held(self, case_no: str) -> ContactRegistered | None:
        return self._held.get(case_no)

    def release(self, case_no: str) -> None:
        self._held.pop(case_no, None)

    def asked(self, case_no: str, of: str, at: datetime) -> None:
        self._questions[case_no] = (of, at, None)

    def answered(self, case_no: str, at: datetime) -> bool:
        of, asked_at, answered_at = self.question(case_no)
        self._questions[case_no] = (of, asked_at, at)
        return bool(of) and answered_at is None

    def question(self, case_no: str) -> tuple[str, datetime | None, datetime | None]:
        return self._questions.get(case_no, ("", None, None))

    def _persons(self, case_no: str) -> list[tuple[str, str]]:
        first = self._cases.histories[case_no][0].event
        assert isinstance(first, CaseReceived)
        split = [key.rpartition(":") for key in (*first.person_keys, first.petitioner_key)]
        return [(kind, key) for kind, _, key in split]

    def _known(self, case_no: str, *, kind: str | None) -> Known:
        case = self._cases.files[case_no]
        _, found = self._sorted.get(case_no, ("", {}))
        return Known(
            case_no=case_no,
            state=case.state.value,
            holder=case.holder,
            received_on=case.received_on,
            category=case.category or tuple(found.get("category", ())),
            place=case.place,
            petition_class=case.petition_class or found.get("petition_class"),
            kind=kind,
        )
