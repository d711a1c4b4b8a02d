"""Who is told what: the rules of deploy/xining/notify/rules.yaml, checked whole when the service starts.

A rule names the messages it listens to, the conditions on their facts, the recipients, the channels and the text.
Recipients are the petitioner, by mail, text message or letter in the order the rule gives, or roles of this node, in
their inbox; nothing else can be said, so an alert can never reach an officer of another node. A file that names an
unknown message, fact, role or text is refused with every mistake by its place, not when the first case is late.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.facts import Role
from services.notify.domain.facts import MESSAGES, fact_names
from services.notify.domain.manners import Manners, MannersReader


class Channel(StrEnum):
    """How somebody is told; a letter is printed and posted by the print room."""

    INBOX = "inbox"
    MAIL = "mail"
    SMS = "sms"
    LETTER = "letter"


class RulesRefused(Exception):  # noqa: N818  reads as what happened
    """A data file of notify says something that cannot be meant; `mistakes` names each by its place."""

    def __init__(self, file: str, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(f"{file}: {mistake}" for mistake in mistakes))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True)
class Recipient:
    """The petitioner (role P), or whoever has `role` at this node: in `unit`, or in any when it is ""."""

    role: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.role}@{self.unit}"


Test = Callable[[str, str], bool]
"""Whether the text of a fact is as wanted at the node of this code."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `roles` and the role named by the fact `role_in` are told, in the unit named by the fact `unit_in`.

    With `organs_in` they are told in every unit of this node that these facts name, and the roles of `department` where
    this node's petition department is named.
    A petitioner is told by the first of `channels` that reaches them. What is `urgent` knows neither quiet hours nor a
    limit; of a `digest` rule what is too much for a day comes gathered.
    """

    id: str
    messages: frozenset[str]
    conditions: Mapping[str, Test]
    channels: tuple[Channel, ...]
    template: str
    roles: tuple[str, ...] = ()
    role_in: str = ""
    unit_in: str = ""
    organs_in: tuple[str, ...] = ()
    department: tuple[str, ...] = ()
    urgent: bool = False
    digest: bool = False

    @property
    def to_petitioner(self) -> bool:
        """Whether the petitioner is told, not officers."""
        return Channel.INBOX not in self.channels

    def holds(self, facts: Mapping[str, str], node: str) -> bool:
        """Return whether every condition holds at `node`."""
        return all(test(facts[fact], node) for fact, test in self.conditions.items())

    def may_hold(self, acting: str, node: str) -> bool:
        """Return whether the rule could hold at `node` for what `acting` did, whatever the other facts are."""
        test = self.conditions.get("acting_node")
        return test is None or test(acting, node)

    def recipients(self, facts: Mapping[str, str], node: str) -> Iterator[Recipient]:
        """Yield whom the rule tells at `node`; each role once."""
        if self.to_petitioner:
            yield Recipient(Role.PETITIONER.value)
            return
        roles = (*self.roles, facts[self.role_in]) if self.role_in else self.roles
        if self.organs_in:
            yield from dict.fromkeys(self._in_organs(roles, facts, node))
            return
        for role in dict.fromkeys(roles):
            yield Recipient(role, facts[self.unit_in] if self.unit_in else "")

    def _in_organs(self, roles: Sequence[str], facts: Mapping[str, str], node: str) -> Iterator[Recipient]:
        for organ in " ".join(facts[fact] for fact in self.organs_in).split():
            if organ == node:
                yield from (Recipient(role) for role in self.department)
            elif organ.startswith(f"{node}."):
                yield from (Recipient(role, organ) for role in roles)


@dataclass(frozen=True)
class Rules:
    """All rules, and the manners of the office."""

    rules: tuple[Rule, ...]
    manners: Manners

    @cached_property
    def _by_message(self) -> Mapping[str, tuple[Rule, ...]]:
        names = {name for rule in self.rules for name in rule.messages}
        return {name: tuple(rule for rule in self.rules if name in rule.messages) for name in names}

    def about(self, message: str) -> tuple[Rule, ...]:
        """Return the rules that listen to a message, by its name."""
        return self._by_message.get(message, ())

    def called(self, name: str) -> Rule | None:
        """Return a rule by its name."""
        return next((rule for rule in self.rules if rule.id == name), None)

    @classmethod
    def parse(cls, data: object, file: str = "rules.yaml") -> "Rules":
        """Read the rules from plain data; raise `RulesRefused` with every mistake."""
        reader = _Reader()
        rules = reader.rules(data)
        manners = MannersReader(data if isinstance(data, Mapping) else {})
        read = manners.read()
        if reader.mistakes or manners.mistakes:
            raise RulesRefused(file, [*reader.mistakes, *manners.mistakes])
        return cls(rules, read)


def _is_below(division: str, node: str) -> bool:
    try:
        return division != node and DivisionCode.parse(node).contains(DivisionCode.parse(division))
    except Invalid:
        return False


_WORDS: Mapping[str, Test] = {
    "here": lambda text, node: text == node,
    "below": _is_below,
    "given": lambda text, _node: bool(text),
    "empty": lambda text, _node: not text,
}
_KEYS = frozenset({"event", "if", "channel", "to", "template", "urgent", "digest"})
_ROLES = frozenset(role.value for role in Role) - {Role.PETITIONER.value, Role.SYSTEM.value}
_TO = frozenset({"roles", "role_in", "unit_in", "organs_in", "department"})


@dataclass(frozen=True, slots=True)
class _To:
    """The recipients of one rule as they were read."""

    roles: tuple[str, ...] = ()
    role_in: str = ""
    unit_in: str = ""
    organs_in: tuple[str, ...] = ()
    department: tuple[str, ...] = ()


class _Reader:
    """Reads the file and gathers what is wrong with it."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []

    def rules(self, data: object) -> tuple[Rule, ...]:
        section = self._mapping(data, "the file").get("rules")
        given = self._mapping(section, "rules")
        if not given:
            self._wrong("rules", "there is no rule")
        return tuple(self._rule(str(name), self._mapping(rule, f"rules.{name}")) for name, rule in given.items())

    def _rule(self, name: str, given: Mapping[str, Any]) -> Rule:
        place = f"rules.{name}"
        for key in sorted(given.keys() - _KEYS):
            self._wrong(f"{place}.{key}", f"unknown; a rule has {', '.join(sorted(_KEYS))}")
        messages = self._messages(place, given.get("event"))
        known = self._facts(messages)
        channels = self._channels(place, given.get("channel"))
        to = self._recipients(place, given.get("to"), channels, known)
        template = given.get("template")
        if not isinstance(template, str) or not template:
            self._wrong(f"{place}.template", "must name a text")
        return Rule(
            id=name,
            messages=messages,
            conditions=self._conditions(place, given.get("if") or {}, known),
            channels=channels,
            template=str(template),
            roles=to.roles,
            role_in=to.role_in,
            unit_in=to.unit_in,
            organs_in=to.organs_in,
            department=to.department,
            urgent=self._yes(place, "urgent", given),
            digest=self._yes(place, "digest", given),
        )

    def _yes(self, place: str, key: str, given: Mapping[str, Any]) -> bool:
        value = given.get(key, False)
        if not isinstance(value, bool):
            self._wrong(f"{place}.{key}", "must be yes or no")
        return value is True

    def _messages(self, place: str, given: object) -> frozenset[str]:
        names = frozenset(str(name) for name in (given if isinstance(given, list) else [given]))
        unknown = sorted(names - MESSAGES)
        if unknown:
            self._wrong(f"{place}.event", f"no message is called {', '.join(unknown)}")
        return names - frozenset(unknown)

    @staticmethod
    def _facts(messages: frozenset[str]) -> frozenset[str]:
        """Return the facts all these messages have; with no known message any will do, so one mistake is told once."""
        named = [fact_names(name) for name in messages]
        return frozenset.intersection(*named) if named else frozenset().union(*map(fact_names, MESSAGES))

    def _channels(self, place: str, given: object) -> tuple[Channel, ...]:
        words = [str(each) for each in (given if isinstance(given, list) else [given])]
        channels = tuple(dict.fromkeys(Channel(word) for word in words if word in set(Channel)))
        if len(channels) != len(words) or not channels:
            self._wrong(f"{place}.channel", f"must be one of {', '.join(Channel)}, or a list of mail, sms, letter")
            return channels or (Channel.INBOX,)
        if Channel.INBOX in channels and len(channels) > 1:
            self._wrong(f"{place}.channel", "inbox stands alone")
        return channels

    def _recipients(self, place: str, given: object, channels: tuple[Channel, ...], known: frozenset[str]) -> "_To":
        if Channel.INBOX not in channels:
            if given != "petitioner":
                self._wrong(f"{place}.to", "mail, sms and letters go to the petitioner only: write petitioner")
            return _To()
        to = self._mapping(given, f"{place}.to")
        for key in sorted(to.keys() - _TO):
            self._wrong(f"{place}.to.{key}", f"unknown; recipients are named by {', '.join(sorted(_TO))}")
        roles, department = (self._roles(f"{place}.to.{key}", to.get(key)) for key in ("roles", "department"))
        role_in, unit_in = (self._fact(f"{place}.to.{key}", to.get(key), known) for key in ("role_in", "unit_in"))
        organs = to.get("organs_in") or []
        named = organs if isinstance(organs, list) else [organs]
        organs_in = tuple(fact for one in named if (fact := self._fact(f"{place}.to.organs_in", one, known)))
        if organs_in and unit_in:
            self._wrong(f"{place}.to", "has either unit_in or organs_in")
        if department and not named:
            self._wrong(f"{place}.to.department", "is told where organs_in names it")
        if not roles and not role_in:
            self._wrong(f"{place}.to", "names nobody")
        return _To(roles, role_in, unit_in, organs_in, department)

    def _roles(self, place: str, given: object) -> tuple[str, ...]:
        roles = tuple(str(role) for role in given) if isinstance(given, list) else ()
        if given and not roles:
            self._wrong(place, "must be a list of roles")
        for role in roles:
            if role not in _ROLES:
                self._wrong(place, f"{role} is no role of an officer")
        return roles

    def _conditions(self, place: str, given: object, known: frozenset[str]) -> dict[str, Test]:
        wanted = self._mapping(given, f"{place}.if")
        named = {self._fact(f"{place}.if", fact, known): value for fact, value in wanted.items()}
        return {fact: self._test(f"{place}.if.{fact}", value) for fact, value in named.items() if fact}

    def _test(self, place: str, wanted: object) -> Test:
        match wanted:
            case str() if wanted in _WORDS:
                return _WORDS[wanted]
            case str():
                return lambda text, _node: text == wanted
            case list():
                among = frozenset(str(each) for each in wanted)
                return lambda text, _node: text in among
            case {"at_most": int() as most, **rest} if not rest:
                return lambda text, _node: text.isdecimal() and int(text) <= most
        self._wrong(place, "must be here, below, given, empty, a value, a list of values or {at_most: number}")
        return _WORDS["given"]

    def _fact(self, place: str, name: object, known: frozenset[str]) -> str:
        """Return the name of a fact; "" when there is none or it is not known."""
        if name is None or (name in known and isinstance(name, str)):
            return name or ""
        self._wrong(place, f"{name} is no fact of these messages; there are {', '.join(sorted(known))}")
        return ""

    def _mapping(self, given: object, place: str) -> Mapping[str, Any]:
        if isinstance(given, Mapping):
            return given
        self._wrong(place, "must be a mapping")
        return {}

    def _wrong(self, place: str, what: str) -> None:
        mistake = f"{place}: {what}"
        if mistake not in self.mistakes:
            self.mistakes.append(mistake)
