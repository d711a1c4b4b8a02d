"""How one spelling is told from another that looks the same: width, dashes, dots, invisible marks, foreign letters.

People copy numbers and names out of chats, scans and forms. Full-width digits and the many dashes mean the same and are
folded to one spelling. A Cyrillic "Х" for the Latin "X" or a Greek "Ο" inside a Latin name means something else than it
shows, so it is refused with its position: otherwise two spellings of one person would count as two.
"""

import re
import unicodedata
from collections.abc import Iterator

from lianxi.casework.errors import Invalid
from lianxi.casework.radicals import is_radical

DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u30fc"), "-")
_DOTS = dict.fromkeys(map(ord, "•・‧∙⋅･．᛫"), "·")
_LOOK_ALIKE = {
    "А": "A", "В": "B", "Е": "E", "З": "3", "К": "K", "М": "M", "Н": "H", "О": "O", "Р": "P", "С": "C", "Т": "T",
    "У": "Y", "Х": "X", "а": "a", "е": "e", "о": "o", "р": "p", "с": "c", "у": "y", "х": "x", "І": "I", "і": "i",
    "Ѕ": "S", "ѕ": "s", "Ј": "J", "ј": "j", "Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z", "Η": "H", "Ι": "I", "Κ": "K",
    "Μ": "M", "Ν": "N", "Ο": "O", "Ρ": "P", "Τ": "T", "Υ": "Y", "Χ": "X", "ο": "o", "ν": "v", "×": "X", "〇": "0",
}  # fmt: skip
"""Foreign letters and the ASCII characters they pass for in most typefaces."""
_LATIN, _HAN = "LATIN", "CJK"
_MIXED = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"})
"""Scripts whose letters pass for each other; a word has one of them."""
_WIDE = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")
"""Digits and Latin letters as wide as Chinese characters; wide punctuation is how Chinese is written, and stays."""
_FROM_WIDE = 0xFF00 - 0x20
_OTHER_WORDS = {"CYRILLIC": "西里尔字母", "GREEK": "希腊字母", "LATIN": "拉丁字母"}


def refuse_look_alikes(number: str, field: str) -> None:
    """Refuse a number in which a foreign character passes for a digit or letter."""
    for position, character in enumerate(number, start=1):
        meant = _LOOK_ALIKE.get(character)
        if meant is None and not character.isascii() and character.isdigit():
            meant = str(unicodedata.digit(character, 0))
        if meant is not None:
            raise _taken_for(character, meant, position, field)


def refuse_disguise(text: str, field: str) -> None:
    """Refuse a text all whose foreign letters pass for Latin ones, as a Cyrillic "А-17"; "Москва 5А" is no disguise."""
    foreign = [
        (position, letter) for position, letter in enumerate(text, start=1) if _script(letter) in _MIXED - {_LATIN}
    ]
    if foreign and all(letter in _LOOK_ALIKE for _, letter in foreign):
        position, letter = foreign[0]
        raise _taken_for(letter, _LOOK_ALIKE[letter], position, field)


def _taken_for(character: str, meant: str, position: int, field: str) -> Invalid:
    return Invalid(
        field,
        "look-alike",
        f"第{position}个字符（U+{ord(character):04X}）只是看起来像“{meant}”，请改用键盘重新输入“{meant}”。",
        position=position,
    )


def narrow_letters(text: str) -> str:
    """Return `text` with wide digits and Latin letters as the keyboard has them."""
    return _WIDE.sub(lambda found: chr(ord(found[0]) - _FROM_WIDE), text)


def one_script(name: str, field: str) -> str:
    """Return a name whose every word is of one script; Chinese and Latin may stand side by side."""
    for position, character in enumerate(name, start=1):
        if is_radical(character):  # one with a character of its own was replaced before
            raise Invalid(
                field,
                "look-alike",
                f"第{position}个字符（U+{ord(character):04X}）是部首符号，不是汉字，请用输入法重新输入这个字。",
                position=position,
            )
    for word, start in _words(name):
        scripts = {script for character in word if (script := _script(character)) in _MIXED}
        if len(scripts) > 1 or (scripts - {_LATIN} and any(_script(character) == _HAN for character in word)):
            position = next(n for n, character in enumerate(word, start) if _script(character) in scripts - {_LATIN})
            found = _OTHER_WORDS.get(_script(name[position - 1]), "另一种文字的字母")
            raise Invalid(
                field,
                "look-alike",
                f"第{position}个字符是{found}，与其他文字混用，容易误认；请改用同一种文字输入。",
                position=position,
            )
    return name


def dotted(name: str) -> str:
    """Return a name with the one dot that stands between its parts (U+00B7)."""
    return name.translate(_DOTS)


def _words(name: str) -> Iterator[tuple[str, int]]:
    """Yield the words of a name and where each begins, from 1."""
    start = 1
    for word in name.replace("·", " ").split(" "):
        yield word, start
        start += len(word) + 1


def _script(character: str) -> str:
    if not character.isalpha():
        return ""
    return unicodedata.name(character, "").partition(" ")[0]
