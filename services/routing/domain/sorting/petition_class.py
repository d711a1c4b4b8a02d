"""Which of the three classes of Chapter 4 a petition belongs to, and whether it concerns a court or police procedure.

Words decide, as data. An accusation (class B, R-30-1) is recognised by words such as 贪污, or by 举报 close to a word
for an official: reporting a noisy workshop is no accusation of a person. A suggestion (class A, R-29-1) says so in its
subject or in a set phrase. Everything else asks for something to be done (class C, R-31-7). Matters of litigation and
of police procedure are separated out (R-28-2), and further lists of words hint at the other routes of Art. 31 and at
danger (Art. 25).
"""

from dataclasses import dataclass

from lianxi.casework.messages.facts import PetitionClass
from services.routing.domain.sorting.words import Words

_ENOUGH_IN_TEXT = 2
_STRONG = frozenset({"urgent", "party_appeal"})
ROUTE_SIGNALS = ("judicial", "arbitration", "party_appeal", "administrative", "duty", "urgent")
"""The lists of words that rules may ask about; of the strong ones a single word in the text is enough."""
_PURPOSES = {PetitionClass.SUGGESTION: "意见建议", PetitionClass.ACCUSATION: "揭发控告"}


@dataclass(frozen=True, kw_only=True)
class Signals:
    """The words that tell classes apart.

    `reporting` makes an accusation when a word of `officials` begins within `reach` characters after it.
    """

    version: str
    accusation: Words[bool]
    reporting: Words[bool]
    officials: Words[bool]
    reach: int
    suggestion_subject: Words[bool]
    suggestion_text: Words[bool]
    judicial: Words[bool]
    arbitration: Words[bool]
    party_appeal: Words[bool]
    administrative: Words[bool]
    duty: Words[bool]
    urgent: Words[bool]
    appeal: Words[bool]
    inquiry: Words[bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassFound:
    """The class, the purpose as the national list words it (PR-7), and a sentence on why."""

    petition_class: PetitionClass
    purpose: str
    reason: str


def classify(signals: Signals, subject: str, text: str) -> ClassFound:
    """Find the class of a normalised subject and text."""
    if accusing := _accusing(signals, subject) or _accusing(signals, text):
        return _found(PetitionClass.ACCUSATION, f"有检举控告的用语“{accusing}”。")
    if suggesting := _first(signals.suggestion_subject, subject) or _first(signals.suggestion_text, text):
        return _found(PetitionClass.SUGGESTION, f"有提出建议的用语“{suggesting}”。")
    return _found(PetitionClass.RELIEF, "请求解决问题。", _purpose_of_relief(signals, subject, text))


def classified_by_registrar(signals: Signals, given: PetitionClass, subject: str, text: str) -> ClassFound:
    """Take the class a registrar settled and find the purpose that goes with it."""
    return _found(given, "登记人员确定。", _purpose_of_relief(signals, subject, text))


def _found(petition_class: PetitionClass, reason: str, purpose_of_relief: str = "") -> ClassFound:
    purpose = _PURPOSES.get(petition_class, purpose_of_relief)
    return ClassFound(petition_class=petition_class, purpose=purpose, reason=reason)


def _purpose_of_relief(signals: Signals, subject: str, text: str) -> str:
    """Return the purpose of a class C petition: an appeal against a decision, a question, or a request."""
    if _first(signals.appeal, subject) or _first(signals.appeal, text):
        return "申诉"
    return "咨询" if _first(signals.inquiry, subject) else "求决"


def spoken(signals: Signals, subject: str, text: str) -> dict[str, tuple[str, ...]]:
    """Return the lists that spoke with their words: one word in the subject is enough, in the text it takes two."""
    found = {name: _words_of(getattr(signals, name), name, subject, text) for name in ROUTE_SIGNALS}
    return {name: words for name, words in found.items() if words}


def _words_of(words: Words[bool], name: str, subject: str, text: str) -> tuple[str, ...]:
    in_subject = tuple(dict.fromkeys(word for _, word, _ in words.find(subject)))
    in_text = tuple(dict.fromkeys(word for _, word, _ in words.find(text)))
    enough = 1 if name in _STRONG else _ENOUGH_IN_TEXT
    if not in_subject and len(in_text) < enough:
        return ()
    return tuple(dict.fromkeys((*in_subject, *in_text)))


def _accusing(signals: Signals, part: str) -> str:
    if word := _first(signals.accusation, part):
        return word
    for position, word, _ in signals.reporting.find(part):
        after = part[position + len(word) : position + len(word) + signals.reach]
        if official := _first(signals.officials, after):
            return f"{word}…{official}"
    return ""


def _first(words: Words[bool], part: str) -> str:
    return next((word for _, word, _ in words.find(part)), "")
