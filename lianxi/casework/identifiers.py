"""The numbers petition work speaks in, each parsed once at the border and a type from there on.

A ``DivisionCode`` names a place and the node that serves it, a ``UnitCode`` an organ of that node, a ``CaseNumber`` a
registered contact or matter (PR-17), a ``QueryCode`` is the petitioner's key to look at the case, and a
``DocumentNumber`` the 字号 of a letter (DOC-17). Every type is frozen, has ``parse(text)`` that forgives how people
write (full-width characters, spaces, lower case) and refuses with ``Invalid`` what cannot be meant, and has one
canonical spelling, ``str(value)``, which is what is stored and sent.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self

from lianxi.casework.errors import Invalid


def _as_typed(text: object, field: str) -> str:
    """Return ``text`` with full-width characters narrowed and surrounding space removed."""
    if not isinstance(text, str):
        raise Invalid(field, "text", "应当是文字。")
    return unicodedata.normalize("NFKC", text).strip()


@contextmanager
def _about(field: str) -> Iterator[None]:
    """Let what is refused inside be reported as the caller's ``field``."""
    try:
        yield
    except Invalid as error:
        raise Invalid(field, str(error.rule), error.message) from None


class DivisionLevel(StrEnum):
    """The level of a division; a node exists for each city, district (or county) and township (or street)."""

    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"
    TOWNSHIP = "township"


_DIVISION = re.compile(r"[1-9]\d{5}(\d{3})?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class DivisionCode:
    """A division of the state: six digits down to the district or county, nine for a township or street.

    The nine-digit form of a higher division (``630104000``) is the same division as its six-digit form (``630104``),
    and the six-digit form is the canonical one.
    """

    text: str

    def __post_init__(self) -> None:
        if not _DIVISION.fullmatch(self.text) or self.text.endswith("000", 6):
            raise Invalid("division", "DivisionCode", "区划代码应为6位（市、区县）或9位（乡镇、街道）数字。")

    @classmethod
    def parse(cls, text: str, field: str = "division") -> Self:
        """Read a division code as a person or another system wrote it."""
        code = _as_typed(text, field)
        if len(code) == 9 and code.endswith("000"):  # noqa: PLR2004  nine digits is what the standard says
            code = code[:6]
        with _about(field):
            return cls(code)

    def __str__(self) -> str:
        return self.text

    @property
    def level(self) -> DivisionLevel:
        """The level, which the digits themselves say."""
        if len(self.text) > 6:  # noqa: PLR2004  six digits name the district
            return DivisionLevel.TOWNSHIP
        if not self.text.endswith("00"):
            return DivisionLevel.DISTRICT
        return DivisionLevel.PROVINCE if self.text.endswith("0000") else DivisionLevel.CITY

    @property
    def parent(self) -> Self | None:
        """The division one level up, as far as nodes go: nothing stands above the city."""
        if self.level is DivisionLevel.TOWNSHIP:
            return type(self)(self.text[:6])
        return type(self)(self.text[:4] + "00") if self.level is DivisionLevel.DISTRICT else None

    @property
    def padded9(self) -> str:
        """The nine digits a case number begins with."""
        return self.text.ljust(9, "0")

    def contains(self, other: "DivisionCode") -> bool:
        """Whether ``other`` is this division or lies inside it."""
        significant = {"province": 2, "city": 4, "district": 6, "township": 9}[self.level]
        return other.padded9[:significant] == self.padded9[:significant] and len(other.text) >= len(self.text)


class Channel(StrEnum):
    """How a contact came in: 信、访、网、电、传真."""

    LETTER = "letter"
    VISIT = "visit"
    WEB = "web"
    PHONE = "phone"
    FAX = "fax"

    @property
    def letter(self) -> str:
        """The one letter that stands for the channel inside a case number."""
        return _LETTERS[self]

    @classmethod
    def from_letter(cls, letter: str) -> "Channel":
        """Return the channel a case number's letter stands for."""
        for channel, known in _LETTERS.items():
            if known == letter:
                return channel
        raise Invalid("channel", "PR-17", "信访形式应为 X（信）、F（访）、W（网）、D（电）、C（传真）之一。")


_LETTERS = {Channel.LETTER: "X", Channel.VISIT: "F", Channel.WEB: "W", Channel.PHONE: "D", Channel.FAX: "C"}
_CASE_NUMBER = re.compile(r"([1-9]\d{8})(\d{8})([XFWDC])(\d{5})", re.ASCII)
_CASE_NUMBER_FORM = "编号应为23位：9位区划代码、8位登记日期、1位信访形式字母（X、F、W、D、C）、5位顺序号。"


@dataclass(frozen=True, slots=True, order=True)
class CaseNumber:
    """The number the first registering node gives; it never changes on transfer (PR-17, PR-18)."""

    text: str

    def __post_init__(self) -> None:
        match = _CASE_NUMBER.fullmatch(self.text)
        if match is None or match[4] == "00000":
            raise Invalid("case_number", "PR-17", _CASE_NUMBER_FORM)
        try:
            date(int(match[2][:4]), int(match[2][4:6]), int(match[2][6:]))
        except ValueError:
            raise Invalid("case_number", "PR-17", "编号第10至17位应为真实存在的登记日期（年月日）。") from None

    @classmethod
    def of(cls, division: DivisionCode, day: date, channel: Channel, sequence: int) -> Self:
        """Compose the number of the ``sequence``-th contact of a channel on a day at a node."""
        return cls(f"{division.padded9}{day:%Y%m%d}{channel.letter}{sequence:05d}")

    @classmethod
    def parse(cls, text: str, field: str = "case_number") -> Self:
        """Read a case number as a person or another system wrote it."""
        number = _as_typed(text, field).upper().replace(" ", "").replace("-", "")
        with _about(field):
            return cls(number)

    def __str__(self) -> str:
        return self.text

    @property
    def division(self) -> DivisionCode:
        """The node that registered first and owns the number."""
        return DivisionCode.parse(self.text[:9])

    @property
    def day(self) -> date:
        """The day of registration."""
        return date(int(self.text[9:13]), int(self.text[13:15]), int(self.text[15:17]))

    @property
    def channel(self) -> Channel:
        """How the first contact came in."""
        return Channel.from_letter(self.text[17])

    @property
    def sequence(self) -> int:
        """The place in the day's list of that node and channel, from 1."""
        return int(self.text[18:])


# One of each group of characters that look alike (0 O D Q, 1 I L, 2 Z, 5 S, 6 G, 8 B, U V) or sound alike over the
# telephone (M N, T D): 23 are left, and 23 being prime is what makes the check below catch every slip it should.
_QUERY_ALPHABET = "23456789ACEFHJKMPRTUWXY"
_QUERY_BASE = len(_QUERY_ALPHABET)
_QUERY_VALUES = {character: value for value, character in enumerate(_QUERY_ALPHABET)}
_QUERY_RANDOM = 14  # characters drawn: 14 · log2(23) = 63.3 bits
_QUERY_LENGTH = _QUERY_RANDOM + 1
_QUERY_GROUP = 5
_QUERY_SLIPS = str.maketrans({"Z": "2", "S": "5", "G": "6", "B": "8", "V": "U", " ": None, "-": None})
_FAIR_BYTE = 256 - 256 % _QUERY_BASE
_DASHES = re.compile(r"[\u2010-\u2015\u2212\s]")


@dataclass(frozen=True, slots=True, repr=False)
class QueryCode:
    """The petitioner's key to a case: cannot be guessed, can be read aloud, and notices when it was misread.

    ``canonical`` (fifteen characters, no hyphens) is what is hashed and compared; ``str`` is grouped for people. The
    last character makes Σ position · value divisible by 23, so one wrong character and any two exchanged characters
    are always noticed.
    """

    canonical: str

    def __post_init__(self) -> None:
        if len(self.canonical) != _QUERY_LENGTH or not set(self.canonical) <= set(_QUERY_ALPHABET):
            raise Invalid("query_code", "QueryCode", "查询码应为15个字符，如 XXXXX-XXXXX-XXXXX，不含 0、1、I、L、O。")
        if _weighted(self.canonical) % _QUERY_BASE:
            raise Invalid("query_code", "QueryCode", "查询码有误，请对照回执逐字核对。")

    @classmethod
    def new(cls, random_bytes: Callable[[int], bytes]) -> Self:
        """Draw a code from a source of unpredictable bytes, such as ``secrets.token_bytes``."""
        drawn = ""
        while len(drawn) < _QUERY_RANDOM:
            fair = (byte for byte in random_bytes(_QUERY_RANDOM) if byte < _FAIR_BYTE)
            drawn += "".join(_QUERY_ALPHABET[byte % _QUERY_BASE] for byte in fair)
        drawn = drawn[:_QUERY_RANDOM]
        check = -_weighted(drawn) * pow(_QUERY_LENGTH, -1, _QUERY_BASE) % _QUERY_BASE
        return cls(drawn + _QUERY_ALPHABET[check])

    @classmethod
    def parse(cls, text: str, field: str = "query_code") -> Self:
        """Read a code as it was typed: any case, full-width, any grouping, common look-alikes put right."""
        typed = _DASHES.sub("", _as_typed(text, field)).upper().translate(_QUERY_SLIPS)
        with _about(field):
            return cls(typed)

    def __str__(self) -> str:
        return "-".join(self.canonical[start : start + _QUERY_GROUP] for start in range(0, _QUERY_LENGTH, _QUERY_GROUP))

    def __repr__(self) -> str:
        return "QueryCode(…)"  # whoever has the code can read the case; it has no place in a log


def _weighted(text: str) -> int:
    return sum(position * _QUERY_VALUES[character] for position, character in enumerate(text, start=1))


_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SLUG_LENGTH = 40


@dataclass(frozen=True, slots=True, order=True)
class UnitCode:
    """An organ attached to a node: ``630104.housing`` is the housing office of 630104."""

    text: str

    def __post_init__(self) -> None:
        division, dot, slug = self.text.partition(".")
        if not dot or len(slug) > _SLUG_LENGTH or not _SLUG.fullmatch(slug):
            raise Invalid("unit", "UnitCode", "单位代码应为“区划代码.单位简码”，如 630104.housing。")
        DivisionCode(division)

    @classmethod
    def of(cls, node: DivisionCode, slug: str) -> Self:
        """Compose the code of the unit ``slug`` of a node."""
        return cls(f"{node}.{slug}")

    @classmethod
    def parse(cls, text: str, field: str = "unit") -> Self:
        """Read a unit code as a person or another system wrote it."""
        division, dot, slug = _as_typed(text, field).lower().partition(".")
        with _about(field):
            return cls(f"{DivisionCode.parse(division)}{dot}{slug}")

    def __str__(self) -> str:
        return self.text

    @property
    def node(self) -> DivisionCode:
        """The node the unit belongs to."""
        return DivisionCode(self.text.partition(".")[0])

    @property
    def slug(self) -> str:
        """The unit's short name inside its node."""
        return self.text.partition(".")[2]


_DOCUMENT = re.compile(r"([\u4e00-\u9fff]{2,12})[〔\[(【﹝]([12]\d{3})[〕\])】﹞]第?([1-9]\d{0,5})号", re.ASCII)
_DOCUMENT_FORM = "字号应由机关代字、六角括号内的年份和顺序号组成，如 宁信转〔2026〕12号。"
_YEARS = range(1949, 3000)
_SEQUENCES = range(1, 1_000_000)
_MARK = re.compile(r"[\u4e00-\u9fff]{2,12}")


@dataclass(frozen=True, slots=True, order=True)
class DocumentNumber:
    """The 字号 of a letter, 宁信转〔2026〕12号: issuer's mark, year, a sequence that restarts yearly (DOC-17)."""

    mark: str
    year: int
    sequence: int

    def __post_init__(self) -> None:
        if not (_MARK.fullmatch(self.mark) and self.year in _YEARS and self.sequence in _SEQUENCES):
            raise Invalid("document_number", "DOC-17", _DOCUMENT_FORM)

    @classmethod
    def parse(cls, text: str, field: str = "document_number") -> Self:
        """Read a 字号; other brackets are accepted and become 〔〕."""
        match = _DOCUMENT.fullmatch(_as_typed(text, field).replace(" ", ""))
        if match is None:
            raise Invalid(field, "DOC-17", _DOCUMENT_FORM)
        with _about(field):
            return cls(match[1], int(match[2]), int(match[3]))

    def __str__(self) -> str:
        return f"{self.mark}〔{self.year}〕{self.sequence}号"
