"""Apply a rulebook to a petition: category, class and place are found, then the first rule that holds says where to.

The sorter is pure: the same petition and the same rulebook give the same finding, with the reason of every step. What
a registrar settled stands. A petition is settled when its category is sure and its place known; an accusation found by
words alone never is, because a wrong guess either way would harm somebody, and it is never sent by a rule.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.facts import PetitionClass, Reason, Route
from services.routing.domain.sorting import Sorted, Target
from services.routing.domain.sorting.category import Category, Path, categorise
from services.routing.domain.sorting.petition_class import (
    ClassFound,
    classified_by_registrar,
    classify,
    judicial_words,
)
from services.routing.domain.sorting.place import Basis, Place, locate
from services.routing.domain.sorting.rulebook import NODE_LEVELS, Findings, Rule, Rulebook, Whither
from services.routing.domain.sorting.words import normalised

_SHOWN_WORDS = 5


@dataclass(frozen=True, slots=True)
class _Decision:
    """What the rules say: where to, or why not, and by which reason."""

    target: Target | None
    why: str
    reason: Reason | None = None
    route: Route | None = None


class RuleSorter:
    """A `Sorter` by rules. `today` chooses the rules in force; without it those without a last day apply."""

    def __init__(self, rulebook: Rulebook, today: Callable[[], date] | None = None) -> None:
        self._rulebook = rulebook
        self._today = today

    def sort(
        self,
        *,
        subject: str,
        text: str,
        declared: str,
        address: str,
        node: str,
        registrar_category: Path = (),
        registrar_class: PetitionClass | None = None,
    ) -> Sorted:
        """Sort a petition received at `node`; see `Sorter`."""
        book = self._rulebook
        subject, text = normalised(subject), normalised(text)
        category = _category(book, subject, text, registrar_category)
        found_class = _class(book, subject, text, registrar_class)
        place = locate(book.gazetteer, subject=subject, text=text, declared=declared, address=address, node=node)
        judicial = judicial_words(book.signals, subject, text)
        open_questions = _open_questions(book, category, found_class, place, by_registrar=registrar_class is not None)
        decision = _Decision(None, "")
        if place.code:
            findings = _findings(book, node, category, found_class, place, judicial=bool(judicial))
            decision = self._decide(findings)
        reasons = (
            Reason(rule="SORT-CATEGORY", version=book.terms.version, text=_category_reason(category)),
            Reason(rule="SORT-CLASS", version=book.signals.version, text=found_class.reason),
            Reason(rule="SORT-PLACE", version=book.gazetteer.version, text=place.reason),
        )
        return Sorted(
            category=category.path,
            confidence=category.confidence,
            runner_up=category.runner_up,
            places=place.named,
            place=place.code,
            petition_class=found_class.petition_class,
            purpose=found_class.purpose,
            settled=not open_questions,
            why="".join(dict.fromkeys((*open_questions, decision.why))),
            reasons=(*reasons, decision.reason) if decision.reason else reasons,
            target=None if open_questions else decision.target,
            route=decision.route,
        )

    def _decide(self, findings: Findings) -> _Decision:
        """Ask the rules in force, in the order of the file."""
        rule = next((rule for rule in self._rules() if rule.holds(findings)), None)
        if rule is None:
            return _Decision(None, "没有适用的规则，请分办人员决定去向。")
        return _carry_out(self._rulebook, rule, findings)

    def _rules(self) -> tuple[Rule, ...]:
        if self._today is None:
            return tuple(rule for rule in self._rulebook.rules if rule.valid_until is None)
        return self._rulebook.on(self._today()).rules


def _category(book: Rulebook, subject: str, text: str, by_registrar: Path) -> Category:
    if by_registrar:
        return Category(path=by_registrar, confidence=1.0)
    return categorise(book.terms, subject, text)


def _category_reason(category: Category) -> str:
    if not category.path:
        return "没有出现任何分类用语。"
    if not category.words:
        return "登记人员确定。"
    words = "、".join(f"“{word}”" for word in category.words[:_SHOWN_WORDS])
    reason = f"出现{words}，{category.path[0]}得{category.score:g}分"
    if category.runner_up:
        reason += f"，其次{category.runner_up[0]}得{category.runner_up_score:g}分"
    return reason + "。"


def _class(book: Rulebook, subject: str, text: str, by_registrar: PetitionClass | None) -> ClassFound:
    if by_registrar is not None:
        return classified_by_registrar(book.signals, by_registrar, subject, text)
    return classify(book.signals, subject, text)


def _open_questions(
    book: Rulebook, category: Category, found_class: ClassFound, place: Place, *, by_registrar: bool
) -> tuple[str, ...]:
    """Say what a clerk has to settle before the petition can be registered."""
    questions = []
    if not category.path:
        questions.append("没有识别出内容分类，请选择。")
    elif category.confidence < book.sure:
        other = f"，其次{'/'.join(category.runner_up)}" if category.runner_up else ""
        questions.append(f"内容分类不够确定（最可能{'/'.join(category.path)}{other}），请确认。")
    if found_class.petition_class is PetitionClass.ACCUSATION and not by_registrar:
        questions.append("可能是检举控告，须由专人确认类别并按密件办理。")
    if place.basis is Basis.OPEN:
        questions.append(place.reason)
    return tuple(questions)


def _findings(
    book: Rulebook, node: str, category: Category, found_class: ClassFound, place: Place, *, judicial: bool
) -> Findings:
    return Findings(
        node=node,
        node_level=DivisionCode.parse(node).level.value,
        petition_class=found_class.petition_class,
        category=category.path,
        place_code=place.code,
        place=_place_as_rules_see_it(book, node, place),
        signals=frozenset({"judicial"} if judicial else ()),
    )


def _place_as_rules_see_it(book: Rulebook, node: str, place: Place) -> str:
    """Name the kind of place; at a township the place that is assumed is the township itself."""
    level = NODE_LEVELS[book.gazetteer.divisions[place.code].level]
    if place.basis is Basis.ASSUMED and level != "township":
        return "assumed"
    related = book.gazetteer.within(place.code, node) or book.gazetteer.within(node, place.code)
    return level if related else "outside"


def _carry_out(book: Rulebook, rule: Rule, findings: Findings) -> _Decision:
    """Turn a rule that holds into a target; without a competent organ a clerk decides."""
    to_node, to_unit = _destination(book, rule, findings)
    text = rule.reason.format(
        place=book.gazetteer.name(findings.place_code),
        category="/".join(findings.category) or "未分类",
        unit=book.directory.name(to_unit or to_node),
    )
    reason = Reason(rule=rule.id, version=rule.version, text=text)
    if rule.whither is Whither.WAIT:
        return _Decision(None, text, reason, rule.route)
    if not to_node:
        return _Decision(
            None, f"规则{rule.id}：单位目录中没有主管此类事项的单位，请分办人员决定去向。", reason, rule.route
        )
    target = Target(to_node=to_node, to_unit=to_unit, automatic=rule.automatic)
    advice = f"规则{rule.id}建议转送{book.directory.name(to_unit or to_node)}，请分办人员确认。"
    return _Decision(target, "" if rule.automatic else advice, reason, rule.route)


def _destination(book: Rulebook, rule: Rule, findings: Findings) -> tuple[str, str]:
    """Return node and organ; two empty texts when the directory has none that fits."""
    directory, node = book.directory, findings.node
    if rule.whither is Whither.WAIT:
        return "", ""
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
