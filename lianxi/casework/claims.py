"""The claims (诉求项) of a case, each with its class and route (R-31-8).

A claim keeps what was settled for it, also when it becomes part of a case of its own; what is said of it later goes
before. The class of a case is that of a claim for which nobody settled another.
"""

from collections.abc import Iterable
from dataclasses import replace

from lianxi.casework.messages.facts import Claim, PetitionClass


def settled(claims: Iterable[Claim], said: Iterable[Claim]) -> tuple[Claim, ...]:
    """Return claims with what was said of some of them: what was left open stays as it was.

    A route is one of class C; a claim that gets another class loses it.
    """
    news = {claim.number: claim for claim in said}
    return tuple(_settled(claim, news.get(claim.number, claim)) for claim in claims)


def _settled(claim: Claim, said: Claim) -> Claim:
    petition_class = said.petition_class or claim.petition_class
    relief = petition_class in {None, PetitionClass.RELIEF}
    return replace(claim, petition_class=petition_class, route=(said.route or claim.route) if relief else None)


def of_part(claims: Iterable[Claim], numbers: Iterable[int], petition_class: PetitionClass) -> tuple[Claim, ...]:
    """Return the claims of a part in its order, counted from 1; one without a class has that of the part."""
    known = {claim.number: claim for claim in claims}
    return tuple(
        replace(known[old], number=new, petition_class=known[old].petition_class or petition_class)
        for new, old in enumerate(numbers, start=1)
    )
