"""Where a problem lies: divisions named in the text, by full, short and former names and well-known landmarks.

The place a petitioner chose stands, whatever the text names; both are told to the clerk. A name that several
divisions bear (城关镇) needs its district: named in the text, chosen, that of the receiving node, or that of the
address, in this order. Several districts, or a name that stays open, are a question for a clerk. Where nothing is
named, the receiving node is assumed: a fact at a township, a guess above it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from services.routing.domain.sorting.words import Words, normalised

_DISTRICT = 6


@dataclass(frozen=True, slots=True)
class Division:
    """A division of the city as the list of divisions has it."""

    code: str
    name: str
    level: str
    parent: str


@dataclass(frozen=True)
class Gazetteer:
    """The divisions, and the names that mean them; a name that means none of them only hides shorter names."""

    version: str
    divisions: Mapping[str, Division]
    names: Words[tuple[str, ...]]

    def name(self, code: str) -> str:
        """The name of a division with its district before it, as people tell townships apart."""
        division = self.divisions[code]
        district = self.divisions.get(division.parent) if len(code) > _DISTRICT else None
        return f"{district.name}{division.name}" if district else division.name

    def areas_around(self, code: str) -> Iterator[str]:
        """Yield the divisions a division lies in, from the inside out."""
        division = self.divisions.get(code)
        while division is not None:
            yield division.parent
            division = self.divisions.get(division.parent)

    def within(self, code: str, area: str) -> bool:
        """Whether a division is, or lies in, the area."""
        return code == area or area in self.areas_around(code)

    def district_of(self, code: str) -> str:
        """The district of a township, the division itself above it."""
        return code[:_DISTRICT]


class Basis(StrEnum):
    """What a place rests on."""

    DECLARED = "declared"
    TEXT = "text"
    ASSUMED = "assumed"
    OPEN = "open"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """The place of the problem (empty while open), every division recognised, and a sentence on how it was found."""

    code: str
    named: tuple[str, ...]
    basis: Basis
    reason: str


def locate(gazetteer: Gazetteer, *, subject: str, text: str, declared: str, address: str, node: str) -> Place:
    """Find the place of a problem in a normalised subject and text received at `node`.

    `declared` is a code or empty, `address` a code, words or empty.
    """
    mentions = _mentions(gazetteer, (subject, text), node)
    hints = (declared, node, _area_of(gazetteer, address))
    resolved = [_resolve(gazetteer, mention, mentions, hints) for mention in mentions]
    named = tuple(dict.fromkeys(code for codes in resolved for code in codes))
    if declared in gazetteer.divisions:
        return _declared(gazetteer, declared, named)
    found = _beside_address(gazetteer, _undeclared(gazetteer, resolved, named, subject, node), hints[-1])
    if declared:
        return replace(found, reason=f"信访人选择的属地不在本市区划目录中。{found.reason}")
    return found


def _undeclared(
    gazetteer: Gazetteer, resolved: Iterable[tuple[str, ...]], named: tuple[str, ...], subject: str, node: str
) -> Place:
    """Find the place of a problem for which the petitioner chose none."""
    if open_names := [codes for codes in resolved if len(codes) > 1]:
        candidates = "、".join(gazetteer.name(code) for code in open_names[0])
        return Place(code="", named=named, basis=Basis.OPEN, reason=f"地名有重名，可能是{candidates}，须核实。")
    in_subject = [code for codes in _mentions(gazetteer, (subject,), node) if len(codes) == 1 for code in codes]
    return _from_text(gazetteer, named, tuple(in_subject), node)


def _beside_address(gazetteer: Gazetteer, place: Place, home: str) -> Place:
    """Tell the clerk where the petitioner lives when that is elsewhere: it is no place of a problem (CAT-17)."""
    if home not in gazetteer.divisions or gazetteer.divisions[home].level == "city":
        return place
    where = f"信访人住址在{gazetteer.name(home)}"
    if place.basis in {Basis.ASSUMED, Basis.OPEN}:
        known = bool(place.code) and gazetteer.within(place.code, home)
        return place if known else replace(place, reason=f"{place.reason}{where}，仅供核实。")
    together = gazetteer.within(home, place.code) or gazetteer.within(place.code, home)
    return place if together else replace(place, reason=f"{place.reason}{where}，与问题属地不同。")


def _area_of(gazetteer: Gazetteer, address: str) -> str:
    """Return the division of an address, given as a code or in words; empty when it is neither."""
    if address in gazetteer.divisions:
        return address
    named = [codes[0] for _, _, codes in gazetteer.names.find(normalised(address)) if len(codes) == 1]
    return max(named, key=len, default="")


def _mentions(gazetteer: Gazetteer, parts: Iterable[str], node: str) -> list[tuple[str, ...]]:
    """Return what is named, each once; the areas around the receiving node say nothing and are left out."""
    found = [codes for part in parts for _, _, codes in gazetteer.names.find(part)]
    around = set(gazetteer.areas_around(node))
    return [codes for codes in dict.fromkeys(found) if codes and not around.issuperset(codes)]


def _resolve(
    gazetteer: Gazetteer, mention: tuple[str, ...], mentions: Iterable[tuple[str, ...]], hints: Iterable[str]
) -> tuple[str, ...]:
    """Narrow a name that several divisions bear down to the one whose district is known."""
    if len(mention) == 1:
        return mention
    named = {gazetteer.district_of(codes[0]) for codes in mentions if len(codes) == 1}
    for districts in (named, *({gazetteer.district_of(hint)} for hint in hints if hint)):
        fitting = tuple(code for code in mention if gazetteer.district_of(code) in districts)
        if len(fitting) == 1:
            return fitting
    return mention


def _declared(gazetteer: Gazetteer, declared: str, named: tuple[str, ...]) -> Place:
    others = [code for code in named if not gazetteer.within(code, declared) and not gazetteer.within(declared, code)]
    reason = f"信访人选择的问题属地：{gazetteer.name(declared)}。"
    if others:
        reason += f"正文另提到{'、'.join(gazetteer.name(code) for code in others)}。"
    return Place(code=declared, named=tuple(dict.fromkeys((declared, *named))), basis=Basis.DECLARED, reason=reason)


def _from_text(gazetteer: Gazetteer, named: tuple[str, ...], in_subject: tuple[str, ...], node: str) -> Place:
    for where, codes in (("正文", named), ("标题", in_subject)):
        exact = _most_exact(gazetteer, codes)
        if len(exact) == 1:
            reason = f"{where}提到{gazetteer.name(exact[0])}。"
            return Place(code=exact[0], named=named, basis=Basis.TEXT, reason=reason)
    exact = _most_exact(gazetteer, named)
    districts = {gazetteer.district_of(code) for code in exact}
    names = "、".join(gazetteer.name(code) for code in exact)
    if len(districts) == 1:
        reason = f"提到{names}，同在{gazetteer.name(min(districts))}。"
        return Place(code=min(districts), named=named, basis=Basis.TEXT, reason=reason)
    if districts:
        return Place(code="", named=named, basis=Basis.OPEN, reason=f"提到多个区县：{names}，须确认问题属地。")
    reason = f"未提到市内地名，暂以收件地{gazetteer.name(node)}为问题属地。"
    return Place(code=node, named=(), basis=Basis.ASSUMED, reason=reason)


def _most_exact(gazetteer: Gazetteer, codes: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out every area of which a part is named too."""
    return tuple(code for code in codes if not any(other != code and gazetteer.within(other, code) for other in codes))
