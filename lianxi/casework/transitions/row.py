"""The shape of one row of the transition table: a transition, its steps, and what a step does to the clocks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lianxi.casework.messages.facts import TERMINAL_STATES, CaseState, Role

ANY_OPEN = frozenset(CaseState) - TERMINAL_STATES - {CaseState.DRAFT}


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockEffect:
    """What a step does to the clocks.

    `opens` pairs a clock with the field of the event that holds its first day; `extends` names clocks that gain the
    event's `days`; `reopens` brings back the last closed one of a kind with its old days; `cancels_all` ends every
    open clock when a case reaches its end. `pauses` stops clocks until an event that `resumes` them.
    """

    opens: tuple[tuple[str, str], ...] = ()
    closes: tuple[str, ...] = ()
    cancels: tuple[str, ...] = ()
    reopens: tuple[str, ...] = ()
    extends: tuple[str, ...] = ()
    pauses: tuple[str, ...] = ()
    resumes: tuple[str, ...] = ()
    cancels_all: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One command of a transition: from which states it leads to which, who may ask, what must hold.

    `guards` are names in `lianxi.casework.case.guards`; `event` is the class that records the step; `document` the kind
    of document it issues, by its Chinese name.
    """

    command: str
    start: frozenset[CaseState]
    end: tuple[CaseState, ...]
    actors: frozenset[Role]
    event: str = ""
    guards: tuple[str, ...] = ()
    document: str = ""
    clocks: ClockEffect = field(default_factory=ClockEffect)


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """One row T1–T51: its Chinese label, levels (C city, K district, T township), limit, article and steps."""

    id: str
    label: str
    article: str
    steps: tuple[Step, ...]
    levels: str = "CKT"
    limit: str = ""
    built: bool = True

    @property
    def start(self) -> frozenset[CaseState]:
        """Every state from which one of the steps leaves."""
        return frozenset().union(*(step.start for step in self.steps))

    @property
    def end(self) -> tuple[CaseState, ...]:
        """Every state to which one of the steps leads, in table order, each once."""
        return tuple(dict.fromkeys(state for step in self.steps for state in step.end))


def states(codes: str) -> frozenset[CaseState]:
    """Read "S02 S03" as a set of states, "*" as every open state."""
    return ANY_OPEN if codes == "*" else frozenset(CaseState(code) for code in codes.split())


def step(  # noqa: PLR0917 - a row of a table is read by position, like on paper
    command: str,
    start: str,
    end: str,
    actors: str,
    event: str = "",
    guards: str = "",
    document: str = "",
    clocks: ClockEffect | None = None,
) -> Step:
    """Write a step compactly: states, actors and guards as words in one text."""
    return Step(
        command=command,
        start=states(start),
        end=tuple(CaseState(code) for code in end.split()),
        actors=frozenset(Role(code) for code in actors.split()),
        event=event,
        guards=tuple(guards.split()),
        document=document,
        clocks=clocks or ClockEffect(),
    )


def opening(*pairs: str, **more: object) -> ClockEffect:
    """Write a clock effect compactly: `opening("REG:received_on", closes="DISPOSE CHAIN")`."""
    words: Mapping[str, object] = more
    return ClockEffect(
        opens=tuple((pair.split(":")[0], pair.split(":")[1]) for pair in pairs),
        closes=tuple(str(words.get("closes", "")).split()),
        cancels=tuple(str(words.get("cancels", "")).split()),
        reopens=tuple(str(words.get("reopens", "")).split()),
        extends=tuple(str(words.get("extends", "")).split()),
        pauses=tuple(str(words.get("pauses", "")).split()),
        resumes=tuple(str(words.get("resumes", "")).split()),
        cancels_all=bool(words.get("cancels_all", False)),
    )
