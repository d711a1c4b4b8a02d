"""Whether a petition repeats an earlier one (重复信访, PR-3): the same person with the same matter.

A person is recognised by keyed hashes, the petitioner's own and those of co-signers; an agent's do not count, his
principal is the petitioner. The matter is compared by what was said, by category and by place. Where the text of the
earlier case is not at this node, as with a case of another district, category and place alone have to do. A near-copy
sent by somebody else is proposed too, as one matter of several people, with a lower score. An anonymous accusation has
no person to go by: there the organ it accuses takes his place.

Nothing here decides: what is found is proposed with its score and reasons, and a clerk says what it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.facts import Actor, PetitionClass

LEAST_OF_A_PERSON = 0.28
"""How alike two petitions of one person must be: lower, and a clerk reads too much; higher, and repeats slip by."""
LEAST_OF_OTHERS = 0.45
_WITHOUT_TEXT = 0.30
"""What is assumed where the earlier text is elsewhere: just enough to ask, unless category or place speak against."""
_FOR, _AGAINST = 0.04, 0.06
_FULL = 0.8
"""From here on two petitions are as good as the same."""
_SCORES_OF_A_PERSON, _SCORES_OF_OTHERS = (50, 100), (30, 70)
_PERCENT = 100
ACCUSED = "accused"
KINDS = {
    "id": "证件号码相同",
    "credit": "统一社会信用代码相同",
    "phone": "联系电话相同",
    "account": "同一来源系统的同一账号",
    "person": "姓名和住址相同",
    "co-signer": "联名人中有同一人",
    ACCUSED: "匿名检举控告，被检举控告的单位相同",
    "": "同一信访人",
}


class Verdict(StrEnum):
    """What a clerk decided on a proposal."""

    SAME = "same"
    DIFFERENT = "different"


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """An earlier case as it is compared: whose it is, where it stands, what it is about.

    `kind` says by what the person was recognised, None for somebody else's petition. `likeness` is how far the texts
    say the same, None where the earlier text is not at this node.
    """

    case_no: str
    state: str
    holder: str
    received_on: date
    category: tuple[str, ...] = ()
    place: str = ""
    petition_class: PetitionClass | None = None
    kind: str | None = None
    likeness: float | None = None

    @property
    def sealed(self) -> bool:
        """GD-1: an accusation is known to named officers only."""
        return self.petition_class is PetitionClass.ACCUSATION


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """That a case repeats an earlier one, and what a clerk made of it. `told_by` is the node that knew of it."""

    case_no: str
    earlier: str
    same_person: bool
    score: int
    reasons: tuple[str, ...]
    state: str
    holder: str
    sealed: bool
    told_by: str
    proposed_at: datetime
    verdict: Verdict | None = None
    decided_by: str = ""
    decided_role: str = ""
    decided_at: datetime | None = None
    note: str = ""
    outcome: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What a clerk decided on one proposal."""

    case_no: str
    earlier: str
    verdict: Verdict
    actor: Actor
    note: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A score from 0 to 100 and why."""

    score: int
    reasons: tuple[str, ...]


def assess(known: Known, category: Sequence[str], place: str) -> Finding | None:
    """Compare a petition of this category and place with an earlier case; None when it is not worth a clerk's look."""
    own = known.kind is not None
    alike = _WITHOUT_TEXT if known.likeness is None else known.likeness
    reasons = [
        KINDS.get(known.kind, KINDS[""]) if known.kind is not None else "不同信访人，内容近似（可能为联名或同一事项）"
    ]
    if known.likeness is None:
        reasons.append("该事项的内容不在本节点，仅比对分类和属地")
    else:
        reasons.append(f"内容相似度 {round(known.likeness * _PERCENT)}%")
    for points, reason in (_category(known.category, category), _place(known.place, place)):
        alike += points
        if reason:
            reasons.append(reason)
    # an organ is accused of many things by many people: it says less about the matter than a person does
    least = LEAST_OF_A_PERSON if own and known.kind != ACCUSED else LEAST_OF_OTHERS
    if alike < least:
        return None
    low, high = _SCORES_OF_A_PERSON if own else _SCORES_OF_OTHERS
    share = min(1.0, (alike - least) / (_FULL - least))
    return Finding(round(low + share * (high - low)), tuple(reasons))


def _category(earlier: Sequence[str], category: Sequence[str]) -> tuple[float, str]:
    if not earlier or not category:
        return 0.0, ""
    same = 0
    for one, other in zip(earlier, category, strict=False):
        if one != other:
            break
        same += 1
    if not same:
        return -_AGAINST, "内容分类不同"
    return _FOR, f"内容分类相同（{' / '.join(earlier[:same])}）"


def _place(earlier: str, place: str) -> tuple[float, str]:
    if not earlier or not place:
        return 0.0, ""
    try:
        one, other = DivisionCode.parse(earlier), DivisionCode.parse(place)
    except Invalid:
        return 0.0, ""
    if one == other:
        return _FOR, "问题属地相同"
    if one.contains(other) or other.contains(one):
        return 0.0, "问题属地相互包含"
    return -_AGAINST, "问题属地不同"
