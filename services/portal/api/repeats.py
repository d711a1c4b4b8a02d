"""Repeats (重复信访): the proposals at a case and the decision on each."""

from typing import Any

from services.portal.api.cases import number
from services.portal.api.resources import Resource, idempotency_key, ports
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.domain.answers import Answer
from services.portal.handlers import repeats
from services.portal.schemas.repeats import DecidedRepeat, RepeatDecision, RepeatsOfCase

resource = Resource("repeats", __name__, description="重复信访")


@resource.operation("/cases/<case_no>/repeats", answer=RepeatsOfCase, access=may.CASE_READERS)
def read_repeats(person: Principal, case_no: str) -> dict[str, Any]:
    """List the earlier cases that a case may repeat, most likely first, with reasons and decisions."""
    return repeats.proposed(number(case_no), person, ports())


@resource.operation(
    "/cases/<case_no>/repeats/<earlier>/decision",
    "POST",
    body=RepeatDecision,
    answer=DecidedRepeat,
    repeatable=True,
    access=may.REPEATS,
)
def decide_repeat(person: Principal, decision: dict[str, str], case_no: str, earlier: str) -> Answer:
    """Decide whether a case repeats an earlier one; an open earlier case held here takes it in."""
    return repeats.decide((number(case_no), number(earlier)), decision, person, idempotency_key(), ports())
