"""The claims (诉求项) of a petition in routing: as they were stated, and as a part of a split has them.

Their words stay sealed beside the petitioner; routing knows number and class. Whoever registers a contact that the
rules left open sees what was stated. Claims that become a case of their own count from 1 there, and so do their words.
"""

import json
from collections.abc import Sequence
from typing import Any

from lianxi.casework.messages.facts import Claim
from lianxi.casework.messages.notices import ContactRegistered


def claims_of(contact: ContactRegistered) -> tuple[Claim, ...]:
    """Return the claims that were written out, else as many as were counted."""
    return contact.stated_claims or tuple(Claim(number=number) for number in range(1, contact.claims + 1))


def as_proposed(claims: Sequence[Claim]) -> list[dict[str, Any]]:
    """Return claims as they stand beside what the rules proposed: number and class, None where nobody stated one."""
    return [
        {"number": claim.number, "petition_class": claim.petition_class.value if claim.petition_class else None}
        for claim in claims
    ]


def beside_a_part(opened: str, numbers: Sequence[int]) -> str:
    """Return what travels with a part of a split, from what travels with the whole: its claims only, counted anew.

    `numbers` are the old numbers in the order in which the part counts them. "" stays "": nothing is known of anybody.
    """
    if not opened:
        return ""
    content = json.loads(opened)
    written = {int(claim["number"]): claim for claim in content.pop("claims", ())}
    kept = [{**written[old], "number": new} for new, old in enumerate(numbers, start=1) if old in written]
    return json.dumps(content | ({"claims": kept} if kept else {}), ensure_ascii=False)
