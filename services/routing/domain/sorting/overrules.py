"""What clerks decided against the rules, and what that says about the words that misled them.

An overrule is one field of one case: what was proposed, what was decided, by which version of the rules, and the words
the proposal rested on. Nothing changes by itself: `lessons` turns many overrules into proposals, and a person edits
the rules.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lianxi.casework.messages.commands import AssignCase, Command, RegisterCase, TransferCase
from lianxi.casework.messages.facts import Role

CATEGORY, CLASS, PLACE, TARGET = "category", "class", "place", "target"
FEW = 2
"""From so many overrules of one kind on a lesson is worth telling."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overrule:
    """One field in which a person decided otherwise; `words` are those the proposal rested on."""

    case_no: str
    field: str
    proposed: str
    decided: str
    version: str
    words: tuple[str, ...]
    role: Role
    person: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Lesson:
    """A change that several overrules suggest; `word` is "" where no single word is to blame."""

    field: str
    proposed: str
    decided: str
    times: int
    word: str = ""
    advice: str = ""


def may_overrule(command: Command) -> bool:
    """Whether a command is a person's decision on something the rules propose."""
    return isinstance(command, RegisterCase | TransferCase | AssignCase) and command.actor.role is not Role.SYSTEM


def overruled(command: Command, proposal: Mapping[str, Any], at: datetime) -> tuple[Overrule, ...]:
    """Compare what a person decides with what the rules proposed; empty for what the rules did themselves."""
    if not may_overrule(command):
        return ()
    return tuple(
        Overrule(
            case_no=command.case_no,
            field=field,
            proposed=proposed,
            decided=decided,
            version=str(proposal.get("version") or ""),
            words=tuple(proposal.get("words") or ()) if field == CATEGORY else (),
            role=command.actor.role,
            person=command.actor.person,
            at=at,
        )
        for field, proposed, decided in _compared(command, proposal)
        if proposed and proposed != decided
    )


def _compared(command: Command, proposal: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    if isinstance(command, RegisterCase):
        return [
            (CATEGORY, _category(proposal.get("category") or (), command.category), "/".join(command.category)),
            (CLASS, str(proposal.get("petition_class") or ""), command.petition_class.value),
            (PLACE, str(proposal.get("place") or ""), command.place),
        ]
    if isinstance(command, TransferCase | AssignCase):
        target = proposal.get("target") or {}
        return [
            (
                TARGET,
                str(target.get("to_unit") or target.get("to_node") or ""),
                command.to_unit or command.to_node,
            )
        ]
    return []


def _category(proposed: Iterable[str], decided: tuple[str, ...]) -> str:
    """A deeper category below the proposed one makes it more exact; that is no overrule."""
    path = tuple(proposed)
    return "/".join(decided if path and decided[: len(path)] == path else path)


def lessons(overrules: Iterable[Overrule]) -> tuple[Lesson, ...]:
    """Return what the overrules suggest, most frequent first."""
    kinds: Counter[tuple[str, str, str]] = Counter()
    words: Counter[tuple[str, str, str]] = Counter()
    for each in overrules:
        kinds[each.field, each.proposed, each.decided] += 1
        for word in each.words:
            words[word, each.proposed, each.decided] += 1
    found = [
        Lesson(field=field, proposed=proposed, decided=decided, times=times, advice=_ADVICE[field])
        for (field, proposed, decided), times in kinds.items()
        if times >= FEW
    ]
    found += [
        Lesson(
            field=CATEGORY,
            proposed=proposed,
            decided=decided,
            times=times,
            word=word,
            advice=f"在 terms.yaml 中降低“{word}”在“{proposed}”下的权重，或者把它列入“{decided}”。",
        )
        for (word, proposed, decided), times in words.items()
        if times >= FEW
    ]
    return tuple(sorted(found, key=lambda lesson: (-lesson.times, lesson.field, lesson.proposed, lesson.word)))


_ADVICE = {
    CATEGORY: "请查看 terms.yaml 中这两类的用语。",
    CLASS: "请查看 terms.yaml 的 signals 中区分类别的用语。",
    PLACE: "请在 gazetteer.yaml 中补充简称、旧名或地标，或者把容易误认的词列入 not_places。",
    TARGET: "请查看 rules.yaml 中的规则和 units.yaml 中单位的职责，改后在 rules_tests.yaml 中补一个用例。",
}
