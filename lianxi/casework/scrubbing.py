"""Taking persons out of free text before it leaves the node (V-4): ID, telephone, bank-card, plate and mail numbers.

People write numbers as they please: in full-width digits, with spaces, dashes or dots inside. The text is therefore
searched in a narrowed copy of the same length, and what is found is cut out of the original. A number counts only if
it could be one of its kind: an ID has a real province or a right check digit and a real date of birth, a card passes
Luhn's test, a mobile number is grouped as people group them. Amounts, dates, case numbers and the numbers of documents
stay. ``findings`` names what would go, ``scrub`` takes it out, ``scrub_all`` does so in a whole message.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

NAMELESS = "某某"
_WITHIN = 30
"""Characters between a word such as 电话 and the short number it announces."""


class Trace(StrEnum):
    """What in a text leads to a person; the value stands in its place."""

    ID = "身份证号"
    PASSPORT = "证件号"
    MOBILE = "手机号"
    PHONE = "电话"
    CARD = "银行卡号"
    PLATE = "车牌号"
    MAIL = "邮箱"
    ACCOUNT = "账号"


@dataclass(frozen=True, slots=True)
class Finding:
    """One trace and where it stands in the text, end excluded."""

    kind: Trace
    start: int
    end: int


def findings(text: str) -> tuple[Finding, ...]:
    """Return what leads to a person in `text`, in the order of the text, without overlaps."""
    narrowed = _narrowed(text)
    taken = bytearray(len(text))
    found = []
    for kind, pattern, holds in _SEARCHES:
        for match in pattern.finditer(narrowed):
            start, end = match.span("number")
            if any(taken[start:end]) or not _apart(match) or not holds(match):
                continue
            taken[start:end] = b"\x01" * (end - start)
            found.append(Finding(kind, start, end))
    return tuple(sorted(found, key=lambda finding: finding.start))


def scrub(text: str, names: Sequence[str] = ()) -> str:
    """Return `text` with every trace, and the given `names`, replaced by what they are."""
    parts, position = [], 0
    for finding in findings(text):
        parts += [text[position : finding.start], f"［{finding.kind}］"]
        position = finding.end
    scrubbed = "".join((*parts, text[position:]))
    for name in sorted({name.strip() for name in names}, key=len, reverse=True):
        if len(name) > 1:
            scrubbed = scrubbed.replace(name, NAMELESS)
    return scrubbed


def scrub_all(value: Any, names: Sequence[str] = ()) -> Any:
    """Return a message (texts in dicts and lists, to any depth) with every text scrubbed; keys stay."""
    if isinstance(value, str):
        return scrub(value, names)
    if isinstance(value, Mapping):
        return {key: scrub_all(item, names) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [scrub_all(item, names) for item in value]
    return value


def _narrowed(text: str) -> str:
    """Return a copy of the same length: full-width signs narrow, every dash a hyphen, every white space a blank."""
    return "".join(map(_narrow, text))


def _narrow(character: str) -> str:
    if character.isascii():
        return " " if character.isspace() else character
    if character in "‐‑‒–—―−﹣－ー一":
        return "-" if character not in "一ー" else character
    if character.isspace() or character == "\u200b":
        return " "
    narrow = unicodedata.normalize("NFKC", character)
    return narrow if len(narrow) == 1 else character


def _digits(match: re.Match[str]) -> str:
    return "".join(filter(str.isalnum, match["number"])).upper()


def _apart(match: re.Match[str]) -> bool:
    """Whether no digits hang on to the number through letters, as in case numbers and digests."""
    text, (start, end) = match.string, match.span("number")
    before, after = _TAIL.search(text, max(0, start - 40), start), _HEAD.match(text, end)
    return not any(map(str.isdigit, f"{before[0] if before else ''}{after[0] if after else ''}"))


_TAIL = re.compile(r"[0-9A-Za-z]*\Z", re.ASCII)
_HEAD = re.compile(r"[0-9A-Za-z]*", re.ASCII)
_OLDEST_YEAR = 1880
_DAY_DIGITS = 8
_PLATE_DIGITS = 2
_PROVINCES = frozenset(
    (
        *map(str, (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66))),
        *("71", "81", "82", "83"),
    )
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _is_id(match: re.Match[str]) -> bool:
    """An ID with one digit mistyped is still somebody's: a real date and either a province or the check digit do."""
    number = _digits(match)
    if not _is_date(number[6:14]):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
    return number[:2] in _PROVINCES or "10X98765432"[total % 11] == number[17]


def _is_old_id(match: re.Match[str]) -> bool:
    number = _digits(match)
    return number[:2] in _PROVINCES and _is_date(f"19{number[6:12]}")


def _is_date(digits: str) -> bool:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year >= _OLDEST_YEAR
    except ValueError:
        return False


def _is_card(match: re.Match[str]) -> bool:
    """Luhn's test; a tenth of all numbers passes it, so only what begins like a card comes here."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(_digits(match))))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


def _is_plate(match: re.Match[str]) -> bool:
    return sum(map(str.isdigit, match["number"])) >= _PLATE_DIGITS


def _any(match: re.Match[str]) -> bool:
    del match
    return True


def _grouped(*groupings: Sequence[int]) -> str:
    """Return a pattern of digits in any of these groupings, a dash, dot or blank or two between the groups."""
    return "|".join(r"[ .·-]{1,2}".join(rf"\d{{{size}}}" for size in grouping) for grouping in groupings)


_GAP = r"[ .·-]?"
_NO_DIGIT_BEFORE = r"(?<!\d)(?<!\d[.,])"
_NO_DIGIT_AFTER = r"(?!\d)(?![.,]\d)"
_NO_AMOUNT = r"(?! ?(?:元|万元|亿元|块钱|平方|立方|吨|公斤|斤))"
_MOBILE = _grouped((11,), (3, 4, 4), (4, 3, 4), (4, 4, 3), (3, 3, 5), (3, 8), (7, 4), (5, 6), (6, 5), (1,) * 11)
_CARD = _grouped(
    *((size,) for size in (19, 18, 17, 16)),
    *((4, 4, 4, 4, *rest) for rest in ((3,), (2,), (1,), ())),
    *((6, size) for size in (13, 12, 11, 10)),
    *((1,) * size for size in (19, 16)),
)
_PROVINCE_SIGNS = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_P = "[A-HJ-NP-Za-hj-np-z0-9]"
_PLATE = (
    rf"[{_PROVINCE_SIGNS}] ?[A-Za-z] ?[·•.-]? ?"
    rf"(?:{_P}{{4}}[学警港澳挂领使]|{_P}{{5,6}})(?![A-Za-z0-9])"
)
_ANNOUNCED = r"(?:电话|座机|固话|话机|联系方式|拨打|来电|[Tt][Ee][Ll])"


def _searches() -> Iterator[tuple[Trace, re.Pattern[str], Callable[[re.Match[str]], bool]]]:
    """Give the searches in their order: what is longer and surer goes first."""

    def search(
        kind: Trace, pattern: str, holds: Callable[[re.Match[str]], bool] = _any, *, bare: bool = False
    ) -> tuple[Trace, re.Pattern[str], Callable[[re.Match[str]], bool]]:
        whole = pattern if bare else f"{_NO_DIGIT_BEFORE}(?P<number>{pattern}){_NO_DIGIT_AFTER}"
        return kind, re.compile(whole, re.ASCII), holds

    yield search(
        Trace.MAIL,
        r"(?P<number>[A-Za-z0-9](?:[A-Za-z0-9._%+-]{0,63}) ?@ ?[A-Za-z0-9-]{1,63}(?: ?\. ?[A-Za-z]{2,10}){1,3})",
        bare=True,
    )
    yield search(Trace.ID, rf"[1-9](?:{_GAP}\d){{16}}{_GAP}[\dXx]", _is_id)
    yield search(Trace.ID, rf"[1-9](?:{_GAP}\d){{14}}", _is_old_id)
    yield search(Trace.CARD, rf"(?=[3-69])(?:{_CARD}){_NO_AMOUNT}", _is_card)
    yield search(Trace.MOBILE, rf"(?:(?:\+|00)?86[ -]{{0,2}})?(?=1 ?[.·-]?[3-9])(?:{_MOBILE}){_NO_AMOUNT}")
    yield search(
        Trace.PHONE,
        rf"(?:(?:\+|00)?86[ -]{{0,2}})?\(?0?(?:10|2\d|[3-9]\d\d)\)?[ -]{{0,2}}[2-9]\d{{2,3}}{_GAP}\d{{4}}"
        rf"(?:(?:-| ?转 ?)\d{{1,6}})?(?<=\d){_NO_AMOUNT}",
        _has_area_code,
    )
    yield search(
        Trace.PHONE,
        rf"{_ANNOUNCED}[^0-9\n]{{0,{_WITHIN}}}?(?P<number>[2-9]\d{{2,3}}{_GAP}\d{{4}}){_NO_DIGIT_AFTER}{_NO_AMOUNT}",
        _is_no_day,
        bare=True,
    )
    yield search(Trace.PLATE, rf"(?P<number>{_PLATE})", _is_plate, bare=True)
    yield search(Trace.PLATE, rf"(?P<number>WJ ?[·.-]?[{_PROVINCE_SIGNS}]? ?\d{{4}}[0-9A-Z])(?![0-9A-Za-z])", bare=True)
    yield search(
        Trace.PASSPORT,
        r"(?:护照|通行证|军官证|证件)[^0-9A-Za-z\n]{0,8}(?P<number>[A-Za-z]{1,2}\d{7,9})(?!\d)",
        bare=True,
    )
    yield search(Trace.ACCOUNT, r"(?:QQ|qq|扣扣)[^0-9A-Za-z\n]{0,6}(?P<number>[1-9]\d{4,10})(?!\d)", bare=True)
    yield search(
        Trace.ACCOUNT,
        r"(?:微信|[Vv]信|WeChat|wechat)[^0-9A-Za-z\n]{0,6}(?P<number>[A-Za-z][A-Za-z0-9_-]{5,19})(?![A-Za-z0-9_-])",
        bare=True,
    )


def _has_area_code(match: re.Match[str]) -> bool:
    """A fixed line with its area code, which begins with a nought unless the code of the country stands before it."""
    written = match["number"].lstrip("(")
    return written.startswith(("0", "+86", "86")) and not re.match(r"86\d", written)


def _is_no_day(match: re.Match[str]) -> bool:
    """Eight digits after 电话 may be the day of a call."""
    digits = _digits(match)
    return not (len(digits) == _DAY_DIGITS and digits[:2] in {"19", "20"} and _is_date(digits))


_SEARCHES = tuple(_searches())
