"""The words: texts with places for facts, put together only when somebody reads them or a mail leaves.

A text has a title, a body, and the name of the text that takes its place while the case is sealed (GD-1). Places are
written `${case_no}`. A line of the body one of whose places is empty is left out, so a text needs no conditions: the
line with the query code is there where the code is known. Which places a text may use follows from the rules that
name it; `Texts.check` finds the ones nobody could fill.

`sms` is the same in one short line, for a text message. A text may be there in the other offered languages too (`en`),
each with title, body and sms; Chinese is what everybody gets who chose none of them.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from string import Template
from typing import Any, Protocol

from lianxi.casework.languages import CHINESE, LANGUAGES
from lianxi.casework.messages.facts import Role
from lianxi.casework.scrubbing import scrub
from lianxi.law.clocks import CLOCKS, ClockCode
from services.notify.domain.facts import LISTS, fact_names
from services.notify.domain.rules import Channel, Rule, RulesRefused

OFFICE_PLACES = frozenset({"office", "portal"})
"""What any text may use: the name of this node's petition department and the address of the one-stop page."""

LETTER_PLACES = frozenset({"query_code"})
"""What only a message to the petitioner may use."""

_NODES = frozenset(
    {"node", "acting_node", "deciding_node", "from_node", "to_node", "reviewing_node", "holder", "sender", "assigner"}
)
_PARTIES = frozenset({"lead", "assists", "between", "parties"})
_UNITS = frozenset({"unit", "from_unit", "to_unit", "holding_unit"})
_ORGANS = {
    "organ": ("node", "unit"),
    "from_organ": ("from_node", "from_unit"),
    "to_organ": ("to_node", "to_unit"),
    "holding_organ": ("holder", "holding_unit"),
}
_ROLE_NAMES = {
    Role.REGISTRAR: "登记人员",
    Role.DISPATCHER: "信访部门",
    Role.DEPARTMENT_LEADER: "信访部门负责人",
    Role.CASE_OFFICER: "承办单位",
    Role.UNIT_HEAD: "单位负责人",
    Role.CONFERENCE_OFFICE: "联席会议办公室",
    Role.CONVENOR: "联席会议召集人",
    Role.REVIEWER: "复查机关",
    Role.FINAL_REVIEWER: "复核机关",
    Role.PETITIONER: "信访人",
}
_CHANNEL_NAMES = {"LETTER": "来信", "VISIT": "来访", "WEB": "网上信访", "PHONE": "电话", "FAX": "传真"}
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Names(Protocol):
    """How divisions and organs are called."""

    def division(self, code: str) -> str:
        """Return the name of a division."""
        ...

    def unit(self, code: str) -> str:
        """Return the name of an organ, "" if it is not known at the moment."""
        ...


@dataclass(frozen=True, slots=True)
class Office:
    """This node as texts speak of it. `portal` is the address of its one-stop page, "" if it has none."""

    node: str
    names: Names
    portal: str = ""

    @property
    def title(self) -> str:
        """The name of its petition department."""
        return organ(self.node, "", self.names)


def organ(node: str, unit: str, names: Names) -> str:
    """Return the name of an organ, of a node's petition department when there is none, "" without a node."""
    if not node:
        return ""
    return names.unit(unit) or f"{names.division(node)}有关责任单位" if unit else f"{names.division(node)}信访部门"


@dataclass(frozen=True, slots=True)
class Words:
    """A title and a body ready to be read."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Text:
    """One text of the file."""

    title: str
    body: str
    sealed: str
    sms: str = ""
    variants: Mapping[str, "Text"] = field(default_factory=dict)

    @property
    def places(self) -> frozenset[str]:
        """The names of its places, in every language."""
        own = (*_places(self.title), *_places(self.body), *_places(self.sms))
        return frozenset(own).union(*(variant.places for variant in self.variants.values()))

    def filled(self, values: Mapping[str, str]) -> Words:
        """Put `values` in; a line with an empty place is left out."""
        lines = [line for line in self.body.splitlines() if all(values.get(place) for place in _places(line))]
        return Words(_fill(self.title, values), _fill("\n".join(lines).strip(), values))

    def short(self, values: Mapping[str, str]) -> Words:
        """Put `values` into the line for a text message."""
        return Words(_fill(self.title, values), _fill(self.sms or self.title, values))


class Texts:
    """The texts by their names."""

    def __init__(self, texts: Mapping[str, Text]) -> None:
        self._texts = texts

    def words(
        self,
        name: str,
        facts: Mapping[str, str],
        office: Office,
        *,
        sealed: bool,
        query_code: str = "",
        language: str = "",
        channel: Channel = Channel.MAIL,
    ) -> Words:
        """Return a text with its facts; what was removed from the file since is told by the plainest text there is."""
        text = self._texts.get(name, _PLAINEST)
        if sealed:
            text = self._texts.get(text.sealed, _PLAINEST)
        variant = text.variants.get(language)
        values = _values(facts, office, "" if variant is None else language) | {"query_code": query_code}
        made = variant or text
        return made.short(values) if channel is Channel.SMS else made.filled(values)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all texts."""
        return tuple(self._texts)

    def check(self, rules: Iterable[Rule], file: str = "templates.yaml") -> None:
        """Raise `RulesRefused` if a rule names a text that is not there, or a text a place that nobody fills."""
        mistakes: list[str] = []
        for rule in rules:
            text = self._texts.get(rule.template)
            if text is None:
                mistakes.append(f"{rule.template} is missing; rule {rule.id} names it")
                continue
            may = _allowed(rule)
            there = f"there are {', '.join(sorted(may))}"
            for name in dict.fromkeys((rule.template, text.sealed)):
                mistakes += [
                    f"{name}: ${{{place}}} is not known where rule {rule.id} uses it; {there}"
                    for place in sorted(self._texts[name].places - may)
                ]
                if Channel.SMS in rule.channels and not self._texts[name].sms:
                    mistakes.append(f"{name}: sms is missing; rule {rule.id} may send it as a text message")
                mistakes += [
                    f"{name}: {language} is missing; rule {rule.id} tells petitioners, who may choose it"
                    for language in LANGUAGES
                    if rule.to_petitioner and language not in {CHINESE, *self._texts[name].variants}
                ]
        if mistakes:
            raise RulesRefused(file, mistakes)

    @classmethod
    def parse(cls, data: object, file: str = "templates.yaml") -> "Texts":
        """Read the texts from plain data; raise `RulesRefused` with every mistake."""
        mistakes: list[str] = []
        given = data if isinstance(data, Mapping) else {}
        texts = {str(name): _read(str(name), text, given, mistakes) for name, text in given.items()}
        if not texts:
            mistakes.append("there is no text")
        if mistakes:
            raise RulesRefused(file, mistakes)
        return cls(texts)


_PLAINEST = Text("信访事项提醒", "编号 ${case_no} 的信访事项有新的情况，请登录系统查看。", "")
_PARTS = ("title", "body", "sealed")


def _read(name: str, given: object, texts: Mapping[Any, Any], mistakes: list[str]) -> Text:
    text = given if isinstance(given, Mapping) else {}
    languages = [language for language in LANGUAGES if language != CHINESE and language in text]
    known = {*_PARTS, "sms", *languages}
    mistakes += [f"{name}: {part} is unknown; a text has title, body sealed, sms" for part in text.keys() - known]
    read = _parts(name, text, _PARTS, mistakes)
    if read["sealed"] and read["sealed"] not in texts:
        mistakes.append(f"{name}: sealed names {read['sealed']}, which is missing")
    variants = {}
    for language in languages:
        other = text[language] if isinstance(text[language], Mapping) else {}
        made = _parts(f"{name}.{language}", other, ("title", "body"), mistakes)
        variants[language] = Text(made["title"], made["body"], read["sealed"], made["sms"])
    return Text(**read, variants=variants)


def _parts(place: str, text: Mapping[Any, Any], needed: Sequence[str], mistakes: list[str]) -> dict[str, str]:
    given = {part: text.get(part) for part in needed} | {"sms": text.get("sms", "-")}
    mistakes += [
        f"{place}: {part} must be a text" for part, value in given.items() if not isinstance(value, str) or not value
    ]
    read = {part: str(value or "").strip() for part, value in given.items()} | {"sms": str(text.get("sms", "")).strip()}
    mistakes += [f"{place}: {part} must be one line" for part in ("title", "sms") if "\n" in read[part]]
    if not all(Template(read[part]).is_valid() for part in ("title", "body", "sms")):
        mistakes.append(f"{place}: a place must be written ${{name}}, and a single dollar sign $$")
        return dict.fromkeys((*needed, "sms"), "-") | {"sealed": ""} if "sealed" in needed else dict.fromkeys(read, "-")
    return read


def _places(text: str) -> Sequence[str]:
    return Template(text).get_identifiers()


def _fill(text: str, values: Mapping[str, str]) -> str:
    return Template(text).substitute({place: values.get(place, "") for place in _places(text)})


def _allowed(rule: Rule) -> frozenset[str]:
    """Return the places that a text may use with every message of a rule."""
    facts = frozenset.intersection(*(fact_names(message) for message in rule.messages))
    made = {f"{fact}_name" for fact in facts & _NAMED.keys()}
    organs = {name for name, (node, unit) in _ORGANS.items() if {node, unit} <= facts}
    extra = LETTER_PLACES if rule.to_petitioner else frozenset()
    return facts | made | organs | OFFICE_PLACES | extra


def _values(facts: Mapping[str, str], office: Office, language: str = "") -> dict[str, str]:
    facts = {name: scrub(value) for name, value in facts.items()}  # a text leaves the node, by whatever channel
    comma = ", " if language else "、"
    facts_shown = {name: value.replace(" ", comma) if name in LISTS else value for name, value in facts.items()}
    values = facts_shown if language else {name: _shown(value) for name, value in facts_shown.items()}
    for fact in facts.keys() & _NAMED.keys():
        values[f"{fact}_name"] = _NAMED[fact](facts[fact], office.names) if facts[fact] else ""
    for name, (node, unit) in _ORGANS.items():
        if node in facts and unit in facts:
            values[name] = organ(facts[node], facts[unit], office.names)
    return values | {"office": office.title, "portal": office.portal}


def _shown(value: str) -> str:
    if not _DAY.fullmatch(value):
        return value
    day = date.fromisoformat(value)
    return f"{day.year}年{day.month}月{day.day}日"


def _clock_name(code: str, _names: Names) -> str:
    return CLOCKS[ClockCode(code)].title if code in ClockCode.__members__ else code


def _party_names(codes: str, names: Names) -> str:
    """Organs as disputes name them: a unit by its code, a petition department by that of its node."""
    return "、".join(organ(code.partition(".")[0], code if "." in code else "", names) for code in codes.split())


def _role_name(code: str, _names: Names) -> str:
    return _ROLE_NAMES.get(Role(code), code) if code in set(Role) else code


_NAMED: Mapping[str, Callable[[str, Names], str]] = {
    **dict.fromkeys(_NODES, lambda code, names: names.division(code)),
    **dict.fromkeys(_PARTIES, _party_names),
    **dict.fromkeys(_UNITS, lambda code, names: names.unit(code)),
    "clock": _clock_name,
    "owner": _role_name,
    "to_role": _role_name,
    "channel": lambda code, _names: _CHANNEL_NAMES.get(code.upper(), code),
}
