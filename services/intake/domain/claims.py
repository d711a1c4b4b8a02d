"""The claims (诉求项) of one contact: a number of them, or each with its words, its class and its category (R-31-8).

A letter may ask for several things that go different ways. Whoever takes it in may list them; then each travels to
routing under its number with its own class, and its words stay here, sealed like the text they come from.
"""

from dataclasses import dataclass

from lianxi.casework.errors import Invalid
from lianxi.casework.messages.facts import PetitionClass
from services.intake.domain.fields import Fields

MAX_CLAIMS = 50
MAX_CLAIM_TEXT = 2_000


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class StatedClaim:
    """One demand as it was stated; `number` counts from 1."""

    number: int
    text: str
    petition_class: PetitionClass | None = None
    category: tuple[str, ...] = ()


def read_claims(fields: Fields) -> tuple[int, tuple[StatedClaim, ...]]:
    """Return how many claims there are, and those that were written out."""
    if not isinstance(fields.values.get("claims"), list | tuple):
        return fields.whole("claims", 1, 1, MAX_CLAIMS), ()
    stated = tuple(_claim(number, row) for number, row in enumerate(fields.rows("claims", MAX_CLAIMS), start=1))
    return max(1, len(stated)), stated


def read_class(fields: Fields, field: str) -> PetitionClass | None:
    """Return the class of a matter or claim, None if nobody settled it yet."""
    if not fields.given(field):
        return None
    try:
        return PetitionClass(fields.text(field, 10).upper())
    except ValueError:
        raise Invalid(
            fields.name(field), "R-31-7", "信访事项类别应为 A（建议意见）、B（检举控告）、C（申诉求决）之一。"
        ) from None


def _claim(number: int, row: Fields) -> StatedClaim:
    text = row.text("text", MAX_CLAIM_TEXT, multiline=True)
    if not text:
        raise Invalid(row.name("text"), "R-31-8", "请写明这一项诉求的内容，或者删去这一项。")
    return StatedClaim(
        number=number,
        text=text,
        petition_class=read_class(row, "petition_class"),
        category=row.words("category", 3, 40),
    )
