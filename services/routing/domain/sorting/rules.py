"""Apply a rulebook to a petition: category, class and place are found, then rules say where to and on which route.

The sorter is pure: the same petition and the same rulebook give the same finding, with the reason of every step. What
a registrar settled stands. A petition is settled when its category is sure and its place known; an accusation found by
words alone never is, because a wrong guess either way would harm somebody, and it is never sent by a rule.
"""

from collections.abc import Callable, Mapping
from datetime import date

from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.facts import PetitionClass, Reason
from services.routing.domain.sorting import Sorted
from services.routing.domain.sorting.accused import accused_organs
from services.routing.domain.sorting.category import Category, Path, categorise
from services.routing.domain.sorting.destination import Decision, decide, route_of
from services.routing.domain.sorting.petition_class import ClassFound, classified_by_registrar, classify, spoken
from services.routing.domain.sorting.place import Basis, Place, locate
from services.routing.domain.sorting.rulebook import NODE_LEVELS, Findings, Rulebook
from services.routing.domain.sorting.words import normalised

_SHOWN_WORDS = 5
_URGENT = "URGENT"


class RuleSorter:
    """A `Sorter` by the rules that `book` gives now, so that changed rules need no restart.

    `today` chooses the rules in force; without it those without a last day apply.
    """

    def __init__(self, book: Callable[[], Rulebook], today: Callable[[], date] | None = None) -> None:
        self._book = book
        self._today = today
        self._in_force: tuple[Rulebook, date | None, Rulebook] | None = None

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
        channel: str = "",
    ) -> Sorted:
        """Sort a petition received at `node`; see `Sorter`."""
        book = self._rules()
        subject, text = normalised(subject), normalised(text)
        category = _category(book, subject, text, registrar_category)
        found_class = _class(book, subject, text, registrar_class)
        place = locate(book.gazetteer, subject=subject, text=text, declared=declared, address=address, node=node)
        words = spoken(book.signals, subject, text)
        sealed = found_class.petition_class is PetitionClass.ACCUSATION
        accused = accused_organs(book.directory, node, subject, text) if sealed else ()
        findings = _findings(book, node, category, found_class, place, signals=frozenset(words), channel=channel)
        decision = Decision()
        if place.code:
            decision = decide(book, findings, accused=accused, urgent="urgent" in words)
        questions = _open_questions(book, category, found_class, place, by_registrar=registrar_class is not None)
        route = route_of(book, findings)
        reasons = [*_first_reasons(book, category, found_class, place), *_urgent_reason(book, words)]
        reasons += [route[1]] if route else []
        reasons += [decision.reason] if decision.reason else []
        return Sorted(
            category=category.path,
            confidence=category.confidence,
            runner_up=category.runner_up,
            places=place.named,
            place=place.code,
            petition_class=found_class.petition_class,
            purpose=found_class.purpose,
            settled=not questions,
            why="".join(dict.fromkeys((*_alarm(words), *questions, decision.why))),
            reasons=tuple(reasons),
            target=None if questions else decision.target,
            route=route[0] if route else None,
            assisting=decision.assisting,
            urgent="urgent" in words,
            sealed=sealed,
            accused=accused,
            words=category.words,
            version=book.version,
        )

    def _rules(self) -> Rulebook:
        """The rulebook with the rules in force, worked out once a day and once per rulebook."""
        book, today = self._book(), self._today() if self._today is not None else None
        known = self._in_force
        if known is None or known[0] is not book or known[1] != today:
            known = (book, today, book.on(today) if today is not None else book.without_end())
            self._in_force = known
        return known[2]


def _category(book: Rulebook, subject: str, text: str, by_registrar: Path) -> Category:
    if by_registrar:
        return Category(path=by_registrar, confidence=1.0)
    return categorise(book.terms, subject, text)


def _first_reasons(book: Rulebook, category: Category, found_class: ClassFound, place: Place) -> tuple[Reason, ...]:
    return (
        Reason(rule="SORT-CATEGORY", version=book.terms.version, text=_category_reason(category)),
        Reason(rule="SORT-CLASS", version=book.signals.version, text=found_class.reason),
        Reason(rule="SORT-PLACE", version=book.gazetteer.version, text=place.reason),
    )


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


def _urgent_reason(book: Rulebook, words: Mapping[str, tuple[str, ...]]) -> tuple[Reason, ...]:
    if "urgent" not in words:
        return ()
    named = "、".join(f"“{word}”" for word in words["urgent"][:_SHOWN_WORDS])
    text = f"出现{named}，可能是重大、紧急信访事项和信息（《条例》第二十五条）。"
    return (Reason(rule=_URGENT, version=book.signals.version, text=text),)


def _alarm(words: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    if "urgent" not in words:
        return ()
    return ("可能是重大、紧急事项：请立即核实，并按规定时限口头、书面报告本级党委政府和上级信访部门。",)


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
    book: Rulebook,
    node: str,
    category: Category,
    found_class: ClassFound,
    place: Place,
    *,
    signals: frozenset[str],
    channel: str,
) -> Findings:
    return Findings(
        node=node,
        node_level=DivisionCode.parse(node).level.value,
        petition_class=found_class.petition_class,
        category=category.path,
        place_code=place.code,
        place=_place_as_rules_see_it(book, node, place),
        signals=signals,
        channel=channel,
    )


def _place_as_rules_see_it(book: Rulebook, node: str, place: Place) -> str:
    """Name the kind of place; at a township the place that is assumed is the township itself."""
    if not place.code:
        return "open"
    level = NODE_LEVELS[book.gazetteer.divisions[place.code].level]
    if place.basis is Basis.ASSUMED and level != "township":
        return "assumed"
    related = book.gazetteer.within(place.code, node) or book.gazetteer.within(node, place.code)
    return level if related else "outside"
