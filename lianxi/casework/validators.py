"""Checks of what people type: ID numbers, credit codes, telephone numbers and every text field (V-1 to V-4).

Each function takes the text as typed and the field it stands in, and returns its one canonical spelling (so that two
ways of writing a number hash alike) or refuses with ``Invalid``. No message repeats the value. Today's date is an
argument: nothing here reads a clock.
"""

import re
import unicodedata
from datetime import date

from lianxi.casework.errors import Invalid
from lianxi.casework.radicals import without_radicals
from lianxi.casework.spelling import DASHES, dotted, narrow_letters, one_script, refuse_disguise, refuse_look_alikes

OLDEST_BIRTH_YEARS = 150
"""How many years back a birth date may lie (CF-46)."""

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_PROVINCES = frozenset(
    map(
        str,
        [
            *range(11, 16),
            *range(21, 24),
            *range(31, 38),
            *range(41, 47),
            *range(50, 55),
            *range(61, 66),
            71,
            *range(81, 84),
        ],
    )
)
_PERMANENT_RESIDENT = "9"
_LONGEST_NUMBER = 64
"""Longer than any number with all its blanks and dashes."""
_INVISIBLE = dict.fromkeys(
    [
        *map(ord, "\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff"),
        *range(0x206A, 0x2070),
        *range(0xFFF9, 0xFFFC),
        *range(0xE0000, 0xE0080),
    ]
)
_BLANK_LETTERS = dict.fromkeys(map(ord, "\u115f\u1160\u2800\u3164\uffa0"), " ")


def narrow(text: object, field: str) -> str:
    """Return ``text`` as numbers are compared: narrow, without white space or invisible marks, every dash a hyphen.

    A foreign letter that passes for a digit or a Latin letter is refused with its position.
    """
    if not isinstance(text, str):
        raise Invalid(field, "text", "应当是文字。")
    if len(text) > _LONGEST_NUMBER:
        raise Invalid(field, "length", f"最多{_LONGEST_NUMBER}个字符，请核对。", max_length=_LONGEST_NUMBER)
    narrowed = unicodedata.normalize("NFKC", text.translate(DASHES).translate(_INVISIBLE))
    number = "".join(narrowed.split())
    refuse_look_alikes(number, field)
    return number


def citizen_id(text: str, today: date, field: str = "id_number", oldest_years: int = OLDEST_BIRTH_YEARS) -> str:
    """V-1: an 18-character citizen ID or residence permit; V-1b: a permanent-resident card, which begins with 9."""
    number = narrow(text, field).upper()
    if re.fullmatch(r"\d{15}", number, re.ASCII):
        raise Invalid(field, "V-1a", "15位身份证号码已停止使用，请填写18位号码。")
    if not re.fullmatch(r"[1-9]\d{16}[\dX]", number, re.ASCII):
        raise Invalid(field, "V-1", "身份证号码应为18位：前17位为数字，末位为数字或X。")
    if number[0] != _PERMANENT_RESIDENT and number[:2] not in _PROVINCES:
        raise Invalid(field, "V-1", "身份证号码前两位不是省级区划代码，请核对。")
    _birth_date(number, today, field, oldest_years)
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, number, strict=False))
    if _ID_CHECKS[total % 11] != number[17]:
        raise Invalid(field, "V-1", "身份证号码校验位不符，请逐位核对。")
    return number


def _birth_date(number: str, today: date, field: str, oldest_years: int) -> None:
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise Invalid(field, "V-1", "身份证号码第7至14位不是真实存在的出生日期。") from None
    if born > today:
        raise Invalid(field, "V-1", "身份证号码中的出生日期晚于今天。")
    if (born.year + oldest_years, born.month, born.day) < (today.year, today.month, today.day):
        raise Invalid(field, "V-1", f"身份证号码中的出生日期早于{oldest_years}年前，请核对。")


def legacy_citizen_id(text: str, field: str = "id_number") -> str:
    """V-1a: a 15-digit ID, kept as text from an old file; no longer a valid document."""
    number = narrow(text, field)
    if not re.fullmatch(r"[1-9]\d{14}", number, re.ASCII):
        raise Invalid(field, "V-1a", "旧身份证号码应为15位数字。")
    return number


_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = tuple(pow(3, position, 31) for position in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def credit_code(text: str, field: str = "credit_code") -> str:
    """V-2: a unified social credit code, whose ninth to seventeenth characters are an organisation code."""
    code = narrow(text, field).upper()
    if not re.fullmatch(rf"[{_CREDIT_ALPHABET}]{{2}}\d{{6}}[{_CREDIT_ALPHABET}]{{10}}", code, re.ASCII):
        raise Invalid(field, "V-2", "统一社会信用代码应为18位数字和大写字母，不含 I、O、S、V、Z，第3至8位为数字。")
    total = sum(weight * _CREDIT_ALPHABET.index(sign) for weight, sign in zip(_CREDIT_WEIGHTS, code, strict=False))
    if _CREDIT_ALPHABET[-total % 31] != code[17]:
        raise Invalid(field, "V-2", "统一社会信用代码校验位不符，请逐位核对。")
    organisation_code(code[8:17], field)
    return code


def organisation_code(text: str, field: str = "organisation_code") -> str:
    """V-2a: an organisation code (GB 11714); the hyphen before the check character is optional."""
    code = narrow(text, field).upper().replace("-", "")
    if not re.fullmatch(r"[0-9A-Z]{8}[0-9X]", code):
        raise Invalid(field, "V-2a", "组织机构代码应为8位数字或大写字母加1位校验码。")
    total = sum(weight * int(sign, 36) for weight, sign in zip(_ORGANISATION_WEIGHTS, code, strict=False))
    if "0123456789X"[-total % 11] != code[8]:
        raise Invalid(field, "V-2a", "组织机构代码校验位不符，请逐位核对。")
    return code


_FIXED = re.compile(r"(?:(010|02\d|0\d{3}|0\d{2})-?)?([2-9]\d{6,7})(?:-(\d{1,6}))?", re.ASCII)
_SERVICE = re.compile(r"[48]00\d{7}|1[0-2]\d{3}|9\d{4}", re.ASCII)
_HOTLINE = re.compile(r"1[0-2]\d{3}|9\d{4}", re.ASCII)
"""Five digits are the number of a service: 12345 of the government, 10086 of a carrier, 95588 of a bank."""
_ABROAD = re.compile(r"^(?:\+|00)?86-?(?=[1-9])", re.ASCII)


def mobile(text: str, field: str = "mobile") -> str:
    """V-3: a mobile number, returned as its eleven digits; +86, spaces and hyphens are stripped."""
    number = _ABROAD.sub("", narrow(text, field), count=1).replace("-", "")
    if not re.fullmatch(r"1[3-9]\d{9}", number, re.ASCII):
        raise Invalid(field, "V-3", "手机号码应为11位数字，以13至19开头。")
    return number


def phone(text: str, field: str = "phone") -> str:
    """V-3: any number one can be called back on: mobile, fixed (``0971-6123456``), 400/800, five-digit short number."""
    typed = narrow(text, field).replace("(", "").replace(")", "-")
    digits = typed.replace("-", "")
    if re.fullmatch(r"((\+|00)?86)?1[3-9]\d{9}", digits, re.ASCII):
        return mobile(typed, field)
    if _SERVICE.fullmatch(digits):
        return digits
    national = re.sub(r"^(\+|00)86-?0?", "0", typed)
    match = _FIXED.fullmatch(national)
    if match is None:
        raise Invalid(
            field, "V-3", "电话号码应为11位手机号、带区号的固定电话（如 0971-6123456）、400/800号码或5位短号。"
        )
    return "-".join(part for part in match.groups() if part)


def persons_phone(text: str, field: str = "phone") -> str:
    """V-3: the telephone of a person, who has no hotline: whoever gave 12345 would pass for everybody who did."""
    number = phone(text, field)
    if _HOTLINE.fullmatch(number):
        raise Invalid(
            field, "V-3", "这是公共服务热线，不是个人电话。请填写本人的手机号或带区号的固定电话；没有电话可以不填。"
        )
    return number


_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Co", "Zl", "Zp"})
_ORDINARY = "\x20-\x7e\xb7\u2014\u2018-\u201d\u2026\u3001-\u3011\u4e00-\u9fff\uff01-\uff5e"
_UNUSUAL = re.compile(f"[^{_ORDINARY}]")
"""What needs a look of its own; everything else in a Chinese text is harmless and is not looked up one by one."""
_MARKS = re.compile(r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{5}")
_NONCHARACTER = 0xFFFE


def clean_text(value: object, field: str, max_length: int, *, multiline: bool = False, required: bool = True) -> str:
    """Return a text field fit to be stored: composed (NFC), trimmed, one line unless ``multiline``, not too long.

    Zero-width characters come along when people paste and mean nothing: they are dropped, and letters that show as a
    blank become one. Radicals become the characters they look like, wide digits and letters those of the keyboard.
    Control characters, marks that reverse the reading direction and heaps of combining marks are refused, with their
    position, because they can make a text read otherwise than it is.
    """
    if not isinstance(value, str):
        raise Invalid(field, "text", "应当是文字。")
    text = value.replace("\r\n", "\n").replace("\t", " ")
    if _UNUSUAL.search(text):
        _refuse_characters(text, field, multiline=multiline)
        text = without_radicals(text.translate(_BLANK_LETTERS).translate(_INVISIBLE))
    text = unicodedata.normalize("NFC", narrow_letters(text)).strip()
    if required and not text:
        raise Invalid(field, "required", "此项为必填项。")
    if len(text) > max_length:
        raise Invalid(field, "length", f"最多{max_length}个字，现有{len(text)}个字，请精简。", max_length=max_length)
    return text


def _refuse_characters(text: str, field: str, *, multiline: bool) -> None:
    for found in _UNUSUAL.finditer(text):
        character = found[0]
        if character == "\n" and multiline:
            continue
        if (
            character in _DIRECTION
            or unicodedata.category(character) in _REFUSED_CATEGORIES
            or ord(character) & _NONCHARACTER == _NONCHARACTER
        ):
            position = found.start() + 1
            what = "换行" if character == "\n" else f"控制字符（U+{ord(character):04X}）"
            raise Invalid(field, "characters", f"第{position}个字符是{what}，请删除后重试。", position=position)
    heap = _MARKS.search(unicodedata.normalize("NFD", text))
    if heap is not None:
        raise Invalid(field, "characters", "有字符叠加了过多的附加符号，请删除后重新输入。")


def person_name(value: object, field: str, max_length: int = 100, *, required: bool = True) -> str:
    """Return the name of a person or organ: one dot between its parts, single spaces, no word of two scripts."""
    name = dotted(" ".join(clean_text(value, field, max_length, required=required).split()))
    if name and not any(character.isalnum() for character in name):
        raise Invalid(field, "name", "姓名或名称中应当有文字。")
    return one_script(name, field)


def known_by(value: object, field: str, max_length: int, *, required: bool = False) -> str:
    """Return a short text by which something is known, as an address or the number of a stamp.

    No word is of two scripts, and no foreign letters merely pass for Latin ones.
    """
    text = one_script(clean_text(value, field, max_length, required=required), field)
    refuse_disguise(text, field)
    return text


_EMAIL = re.compile(r"[^@\s,;<>\"'()]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250})\.[A-Za-z]{2,}", re.ASCII)
_LONGEST_EMAIL = 254


def email(value: object, field: str = "email") -> str:
    """Return a mail address in narrow letters, "" if it is blank.

    A foreign letter that passes for a Latin one is refused: a mail to what only looks like the petitioner's address
    reaches somebody else.
    """
    address = unicodedata.normalize("NFKC", clean_text(value, field, _LONGEST_EMAIL, required=False))
    if not address:
        return ""
    if not _EMAIL.fullmatch(address):
        raise Invalid(field, "email", "电子邮箱应写作 name@example.cn。")
    refuse_look_alikes(address, field)
    return one_script(address, field)
