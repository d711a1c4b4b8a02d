"""Where the rules in force send a petition, who helps there, and which route of Art. 31 it is on.

The first rule that holds decides, and its reason is filled in with place, category and organ. Whatever a rule says,
an accusation never goes to an organ it names, and what may be urgent is never sent without a person (R-25-1).
"""

from dataclasses import dataclass, replace

from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.facts import Reason, Route
from services.routing.domain.sorting import Target
from services.routing.domain.sorting.rulebook import Findings, Rule, Rulebook, Whither


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say: where to, or why not, by which reason, and who helps."""

    target: Target | None = None
    why: str = ""
    reason: Reason | None = None
    assisting: tuple[str, ...] = ()


def decide(book: Rulebook, findings: Findings, *, accused: tuple[str, ...], urgent: bool) -> Decision:
    """Ask the rules of a rulebook in the order of the file."""
    rule = next((rule for rule in book.rules if rule.holds(findings)), None)
    if rule is None:
        return Decision(why="没有适用的规则，请分办人员决定去向。")
    decision = _carry_out(book, rule, findings)
    if decision.target is not None and decision.target.to_unit in accused:
        return _recused(book, findings, decision)
    if urgent and decision.target is not None and decision.target.automatic:
        where = book.directory.name(decision.target.to_unit or decision.target.to_node)
        by_hand = replace(decision.target, automatic=False)
        return replace(decision, target=by_hand, why=f"规则{rule.id}建议转送{where}，因可能紧急须由分办人员确认。")
    return decision


def route_of(book: Rulebook, findings: Findings) -> tuple[Route, Reason] | None:
    """Name the route of Art. 31 and why; None where no rule of the list holds."""
    rule = next((rule for rule in book.routes if rule.holds(findings)), None)
    if rule is None or rule.route is None:
        return None
    return rule.route, Reason(rule=rule.id, version=rule.version, text=_worded(book, rule, findings, ""))


def _recused(book: Rulebook, findings: Findings, decision: Decision) -> Decision:
    """The organ that a rule chose is the one complained of: the node above decides, the city alone by hand."""
    assert decision.target is not None  # noqa: S101  the caller has looked
    parent = str(DivisionCode.parse(findings.node).parent or "")
    name = book.directory.name(decision.target.to_unit)
    if parent not in book.directory.nodes:
        why = f"{name}是被检举控告的单位，应当回避，请报请上级机关决定（《条例》第三十条）。"
        return replace(decision, target=None, why=why)
    why = f"{name}是被检举控告的单位，应当回避，建议报请{book.directory.name(parent)}信访部门（《条例》第三十条）。"
    return replace(decision, target=Target(to_node=parent), why=why, assisting=())


def _carry_out(book: Rulebook, rule: Rule, findings: Findings) -> Decision:
    """Turn a rule that holds into a target; without a competent organ a clerk decides."""
    to_node, to_unit = _destination(book, rule, findings)
    text = _worded(book, rule, findings, book.directory.name(to_unit or to_node))
    reason = Reason(rule=rule.id, version=rule.version, text=text)
    if rule.whither is Whither.WAIT:
        return Decision(None, text, reason)
    if not to_node:
        return Decision(None, f"规则{rule.id}：单位目录中没有主管此类事项的单位，请分办人员决定去向。", reason)
    target = Target(to_node=to_node, to_unit=to_unit, automatic=rule.automatic)
    advice = f"规则{rule.id}建议转送{book.directory.name(to_unit or to_node)}，请分办人员确认。"
    return Decision(target, "" if rule.automatic else advice, reason, _assisting(book, rule, findings, to_unit))


def _worded(book: Rulebook, rule: Rule, findings: Findings, unit: str) -> str:
    return rule.reason.format(
        place=book.gazetteer.name(findings.place_code) if findings.place_code else "未定",
        category="/".join(findings.category) or "未分类",
        unit=unit,
    )


def _assisting(book: Rulebook, rule: Rule, findings: Findings, lead: str) -> tuple[str, ...]:
    """The organs of the lead's node that help it: those the rule names and those of the directory (R-24-6)."""
    node = lead.partition(".")[0]
    if not node:
        return ()
    named = (f"{node}.{slug}" for slug in rule.assist)
    helping = (unit.code for unit in book.directory.assisting_units(node, findings.category))
    known = book.directory.codes(node)
    return tuple(code for code in dict.fromkeys((*named, *helping)) if code != lead and code in known)


def _destination(book: Rulebook, rule: Rule, findings: Findings) -> tuple[str, str]:
    """Return node and organ; two empty texts when the directory has none that fits."""
    directory, node = book.directory, findings.node
    if rule.whither is Whither.WAIT:
        return "", ""
    if rule.whither is Whither.UPPER:
        parent = str(DivisionCode.parse(node).parent or "")
        return (parent, "") if parent in directory.nodes else ("", "")
    if rule.whither is Whither.LOWER:
        lower = _next_below(findings)
        unit = f"{lower}.{rule.unit}" if rule.unit else ""
        fits = lower in directory.nodes and (not unit or unit in directory.codes(lower))
        return (lower, unit) if fits else ("", "")
    if rule.unit:
        unit = f"{node}.{rule.unit}"
        return (node, unit) if unit in directory.codes(node) else ("", "")
    organ = directory.unit_serving(node, findings.place_code) or directory.competent_unit(node, findings.category)
    return (node, organ.code) if organ else ("", "")


def _next_below(findings: Findings) -> str:
    """Return the node one level below that holds the place: a district of the city, a township of a district."""
    return findings.place_code[:6] if findings.node_level == "city" else findings.place_code
