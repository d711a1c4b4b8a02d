"""Who sees how much of a person: the masking table MK-1 to MK-8 as one pure function.

A ``Viewer`` says where somebody stands towards a case; ``viewer_of`` derives it from node, task and sign-in. The
table names, for every field and viewer, the rule that shows it. ID and mobile number stay masked even to the case
officer until a reason is given; whoever asks with a reason logs it first (MK-8). Accuser and accused of an accusation
are shown to its named officers alone.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lianxi.casework.errors import Forbidden, Invalid
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.scrubbing import scrub


class Viewer(StrEnum):
    """Where somebody stands towards a case, from nearest to farthest."""

    HANDLER = "handler"
    COLLEAGUE = "colleague"
    OTHER_NODE = "other_node"
    PUBLIC = "public"


class PersonalField(StrEnum):
    """The kinds of personal data the table knows."""

    NAME = "name"
    ID_NUMBER = "id_number"
    MOBILE = "mobile"
    ADDRESS = "address"
    ACCUSER = "accuser"
    ACCUSED = "accused"


def viewer_of(case_node: DivisionCode, own_node: DivisionCode | None, *, on_task: bool) -> Viewer:
    """Derive the viewer: ``own_node`` is None for the public, ``on_task`` is true for the officers of this case."""
    if own_node is None:
        return Viewer.PUBLIC
    if own_node != case_node:
        return Viewer.OTHER_NODE
    return Viewer.HANDLER if on_task else Viewer.COLLEAGUE


def mask(field: PersonalField, value: str, viewer: Viewer, *, reason: str | None = None) -> str | None:
    """Return what ``viewer`` sees of ``value``: all, part, or None for nothing.

    With ``reason`` the handler sees an ID or mobile number in full; the caller records who asked and why (MK-8).
    """
    shown = _TABLE[field][_COLUMNS.index(viewer)]
    if reason is None:
        return shown(value)
    if viewer is not Viewer.HANDLER:
        raise Forbidden("只有本件承办人可以查看原文。", rule="MK-8")
    if not reason.strip():
        raise Invalid("reason", "MK-8", "查看原文须填写理由，并记入日志。")
    return value


@dataclass(frozen=True, slots=True)
class Content:
    """What a petition says, as far as a viewer may read it; None is what stays hidden (MK-5)."""

    category: str
    title: str | None
    text: str | None


def mask_content(content: Content, viewer: Viewer, names: Sequence[str] = ()) -> Content:
    """MK-5: handlers read all, colleagues the title, other nodes the class, the public a title without persons."""
    title = content.title
    if viewer is Viewer.HANDLER:
        return content
    if viewer is Viewer.COLLEAGUE:
        return Content(content.category, title, None)
    if viewer is Viewer.OTHER_NODE or title is None:
        return Content(content.category, None, None)
    return Content(content.category, scrub(title, names), None)


_COMPOUND_SURNAMES = frozenset(
    re.findall(
        "..",
        "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台"
        "皇甫宗政濮阳公冶太叔申屠公孙慕容仲孙钟离长孙宇文司徒鲜于司空令狐",
    )
)


def _surname(name: str) -> str:
    return name[:2] if name[:2] in _COMPOUND_SURNAMES else name[:1]


def _full(value: str) -> str | None:
    return value


def _nothing(value: str) -> str | None:
    del value
    return None


def _name_ends(name: str) -> str | None:
    """Return 张*三, or 张* when there is nothing between."""
    surname = _surname(name)
    hidden = len(name) - len(surname) - 1
    return surname + "*" * hidden + name[-1] if hidden > 0 else surname + "*"


def _name_surname(name: str) -> str | None:
    return _surname(name) + "*"


def _name_public(name: str) -> str | None:
    return _surname(name) + "某某"


def _ends(kept_first: int, kept_last: int, shortest: int) -> Callable[[str], str | None]:
    """Keep the first and last characters of a number; one shorter than ``shortest`` is hidden whole."""

    def shown(value: str) -> str | None:
        if len(value) < shortest:
            return "*" * len(value)
        last = value[len(value) - kept_last :]
        return value[:kept_first] + "*" * (len(value) - kept_first - kept_last) + last

    return shown


_LEVELS = (
    r"(?:.{1,8}?(?:省|自治区))?",
    r"(?:.{1,10}?(?:市|自治州))?",
    r"(?:.{1,12}?(?:区|县))?",
    r"(?:.{1,12}?(?:街道办事处|街道|镇|乡))?",
    r"(?:.{1,16}?(?:大道|路|大街|街|巷|社区|村|小区))?",
)


def _address_down_to(levels: int) -> Callable[[str], str | None]:
    """Keep an address down to a level: 3 the district, 4 the township, 5 the street or village."""
    pattern = re.compile("".join(_LEVELS[:levels]))

    def shown(value: str) -> str | None:
        match = pattern.match(value)
        kept = match[0] if match else ""
        return kept if kept == value else kept + "***"

    return shown


_COLUMNS = (Viewer.HANDLER, Viewer.COLLEAGUE, Viewer.OTHER_NODE, Viewer.PUBLIC)
_TABLE: dict[PersonalField, tuple[Callable[[str], str | None], ...]] = {
    # handler on the task, same node, other node, public
    PersonalField.NAME: (_full, _name_ends, _name_surname, _name_public),  # MK-1
    PersonalField.ID_NUMBER: (_ends(4, 4, 15), _ends(4, 4, 15), _ends(4, 0, 15), _nothing),  # MK-2
    PersonalField.MOBILE: (_ends(3, 4, 10), _ends(3, 4, 10), _ends(3, 0, 10), _nothing),  # MK-3
    PersonalField.ADDRESS: (_full, _address_down_to(5), _address_down_to(4), _address_down_to(3)),  # MK-4
    PersonalField.ACCUSER: (_full, _nothing, _nothing, _nothing),  # MK-6
    PersonalField.ACCUSED: (_full, _nothing, _nothing, _nothing),  # MK-7
}
