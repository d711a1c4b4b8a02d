"""Read the rules of `rules.yaml`, checked against the catalogue of categories and the directory of organs."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from lianxi.casework.identifiers import Channel, DivisionLevel
from lianxi.casework.messages.facts import PetitionClass, Route
from services.routing.domain.directory import Directory
from services.routing.domain.sorting.category import Path as Category
from services.routing.domain.sorting.petition_class import ROUTE_SIGNALS
from services.routing.domain.sorting.rulebook import PLACES, Rule, Rulebook, Whither
from services.routing.storage.rulebook.gazetteer import load_gazetteer
from services.routing.storage.rulebook.reading import Entry, read_yaml
from services.routing.storage.rulebook.terms import category_of, load_catalogue, load_words
from services.routing.storage.rulebook.units import load_directory

_NODE_LEVELS = (DivisionLevel.CITY.value, DivisionLevel.DISTRICT.value, DivisionLevel.TOWNSHIP.value)
_CHANNELS = tuple(channel.value for channel in Channel)
_PLACEHOLDERS: Mapping[str, str] = {"place": "", "category": "", "unit": ""}


def load_rulebook(data_dir: Path) -> Rulebook:
    """Read everything the sorting desk knows; `BadRulebook` names the file, the entry and the field of a mistake."""
    catalogue = load_catalogue(data_dir)
    directory = load_directory(data_dir)
    _check_competence(directory, catalogue)
    data = read_yaml(data_dir / "rules.yaml")
    data.only("version", "sure", "categories", "routes", "rules")
    terms, signals = load_words(data_dir, catalogue)
    return Rulebook(
        version=data.text("version"),
        sure=data.number("sure"),
        terms=terms,
        gazetteer=load_gazetteer(data_dir),
        signals=signals,
        rules=_rules(data, "rules", catalogue, directory),
        directory=directory,
        routes=_rules(data, "routes", catalogue, directory) if "routes" in data.fields else (),
        catalogue=catalogue,
    )


def _check_competence(directory: Directory, catalogue: frozenset[Category]) -> None:
    for unit in (unit for node in directory.nodes for unit in directory.units_of(node)):
        entry = Entry("units.yaml", unit.slug, {})
        for field, paths in (("competence", unit.competence), ("assists", unit.assists)):
            for path in paths:
                category_of(entry, field, "/".join(path), catalogue)


def _rules(data: Entry, field: str, catalogue: frozenset[Category], directory: Directory) -> tuple[Rule, ...]:
    """Read a list of rules in the order of the file; several versions of one rule must not be in force on one day."""
    groups = {
        name: tuple(
            category_of(data, f"categories.{name}", path, catalogue) for path in data.inner("categories").texts(name)
        )
        for name in data.inner("categories").fields
    }
    slugs = frozenset(unit.slug for node in directory.nodes for unit in directory.units_of(node))
    listed = data.fields.get(field)
    if not isinstance(listed, list) or not listed:
        raise data.bad(field, "应为规则的列表。")
    rules: list[Rule] = []
    for number, fields in enumerate(listed, start=1):
        name = str(fields.get("id", f"第{number}条")) if isinstance(fields, dict) else f"第{number}条"
        if not isinstance(fields, dict):
            raise data.bad(f"{field}.{number}", "应为一组“名称: 值”。")
        read = _route if field == "routes" else _rule
        rule = read(Entry(data.file, name, fields), groups, slugs)
        _refuse_overlap(Entry(data.file, name, fields), rule, rules)
        rules.append(rule)
    return tuple(rules)


def _rule(entry: Entry, groups: Mapping[str, tuple[Category, ...]], slugs: frozenset[str]) -> Rule:
    then = entry.inner("then")
    then.only("to", "unit", "assist", "automatic")
    return Rule(
        **_conditions(entry, groups),
        whither=_whither(then),
        unit=_unit(then, slugs),
        assist=_each(then, "assist", tuple(sorted(slugs))),
        automatic=then.flag("automatic"),
        reason=_reason(entry),
    )


def _route(entry: Entry, groups: Mapping[str, tuple[Category, ...]], _slugs: frozenset[str]) -> Rule:
    then = entry.inner("then")
    then.only("route")
    return Rule(
        **_conditions(entry, groups),
        whither=Whither.WAIT,
        route=Route(then.choice("route", tuple(Route))),
        reason=_reason(entry),
    )


def _conditions(entry: Entry, groups: Mapping[str, tuple[Category, ...]]) -> dict[str, Any]:
    """Read what a rule is called, when it is in force and what has to be met."""
    entry.only("id", "version", "valid_from", "valid_until", "when", "then", "reason")
    when = entry.inner("when")
    when.only("node", "class", "category", "place", "signal", "channel")
    return {
        "id": entry.text("id"),
        "version": entry.text("version"),
        "valid_from": _first_day(entry),
        "valid_until": entry.day("valid_until"),
        "node_levels": frozenset(_each(when, "node", _NODE_LEVELS)),
        "classes": frozenset(PetitionClass(value) for value in _each(when, "class", tuple(PetitionClass))),
        "categories": _categories(when, groups),
        "places": frozenset(_each(when, "place", tuple(sorted(PLACES)))),
        "signals": frozenset(_each(when, "signal", ROUTE_SIGNALS)),
        "channels": frozenset(_each(when, "channel", _CHANNELS)),
    }


def _first_day(entry: Entry) -> date:
    first, last = entry.day("valid_from"), entry.day("valid_until")
    if first is None:
        raise entry.bad("valid_from", "须写明自哪天起适用，如 2026-01-01。")
    if last is not None and last < first:
        raise entry.bad("valid_until", "不能早于 valid_from。")
    return first


def _each(entry: Entry, field: str, choices: tuple[str, ...]) -> tuple[str, ...]:
    """Return one or several words out of some."""
    for value in entry.texts(field):
        if value not in choices:
            raise entry.bad(field, f"“{value}”应为以下之一：{'、'.join(choices)}。")
    return entry.texts(field)


def _categories(when: Entry, groups: Mapping[str, tuple[Category, ...]]) -> tuple[Category, ...]:
    """Return the categories of the groups a rule names."""
    names = when.texts("category")
    for name in names:
        if name not in groups:
            raise when.bad("category", f"rules.yaml 的 categories 中没有“{name}”这一组。")
    return tuple(path for name in names for path in groups[name])


def _whither(then: Entry) -> Whither:
    whither = Whither(then.choice("to", tuple(Whither)))
    if whither in {Whither.WAIT, Whither.UPPER} and ("unit" in then.fields or then.flag("automatic")):
        raise then.bad("to", "等待分办（wait）和报请上级（upper）的规则不能再写 unit 或 automatic。")
    return whither


def _unit(then: Entry, slugs: frozenset[str]) -> str:
    unit = then.text("unit", "")
    if unit and unit not in slugs:
        raise then.bad("unit", f"units.yaml 中没有单位“{unit}”。")
    return unit


def _reason(entry: Entry) -> str:
    reason = entry.text("reason")
    try:
        reason.format(**_PLACEHOLDERS)
    except (KeyError, IndexError, ValueError) as error:
        raise entry.bad("reason", "花括号中只能写 {place}、{category}、{unit}。") from error
    return reason


def _refuse_overlap(entry: Entry, rule: Rule, earlier: list[Rule]) -> None:
    for other in earlier:
        if other.id != rule.id:
            continue
        if other.version == rule.version:
            raise entry.bad("version", "同一规则的两个版本不能同号。")
        if other.in_force(rule.valid_from) or rule.in_force(other.valid_from):
            raise entry.bad("valid_from", f"与版本 {other.version} 的适用日期重叠；旧版本须写明 valid_until。")
