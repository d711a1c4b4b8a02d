"""A clerk says what a proposed repeat is, and the case goes the way that follows from it.

*Different*: once nothing proposed is left to decide, the contact that waited is registered and sent on by the rules, as
if nothing had been found. *Same* (PR-3): an earlier case that is open and held here takes the new one in (T4, R-19-3)
as soon as a dispatcher says so; everything else, an earlier case that ended or that another node holds, is for the
dispatcher to decline, bar or send after it (T5, T6, T12), so the new one is registered under its own number (PR-18),
tied to the earlier by the decision, and waits. Proposal and decision are kept whatever follows.

That it repeats another enters the history of the case (T57), so that every node above counts it (K-7, K-10). Where the
earlier one is an accusation and this one is not, nothing is written: the number would tell that there is one (GD-1).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lianxi.casework.case.acts import record
from lianxi.casework.case.builders import Draft
from lianxi.casework.case.state import Case
from lianxi.casework.errors import Conflict, Forbidden, Refused, Unknown
from lianxi.casework.messages.commands import MergeCase
from lianxi.casework.messages.facts import Actor, CaseState, PetitionClass, Role
from lianxi.casework.messages.notices import ContactRegistered
from lianxi.casework.messages.sorting import RepeatFound
from lianxi.casework.transitions import by_id
from services.routing.domain.records import SEALED_READERS
from services.routing.domain.repeats import Decision, Proposal, Verdict
from services.routing.domain.sorting import Sorted
from services.routing.handlers import Here, RoutingWork
from services.routing.handlers.cases import (
    carry_out,
    check_sealed,
    conclude,
    given_here,
    known_case,
    register_and_dispatch,
    sort_again,
)
from services.routing.handlers.repeats import holding, may_see, why_it_waits

DECIDERS = frozenset({Role.REGISTRAR, Role.DISPATCHER, *SEALED_READERS})
MERGED, LINKED, OPENED, WAITS, KEPT = "merged", "linked", "opened", "waits", "kept"
_NOTED = "T57"
_RECEIVED, _REGISTERED = CaseState("S01"), CaseState("S02")


def decide_repeat(work: RoutingWork, decision: Decision, here: Here) -> dict[str, Any]:
    """Keep the decision and carry out what follows; return the case after it and what became of it.

    Raises Unknown where nothing was proposed, Conflict where it was decided before, Forbidden for other people's cases.
    """
    case = known_case(work, decision.case_no)
    _may_decide(case, decision.actor, here)
    proposals = [each for each in work.repeats.proposals(case.case_no) if may_see(each, decision.actor)]
    proposal = next((each for each in proposals if each.earlier == decision.earlier), None)
    if proposal is None:
        raise Unknown("重复信访提示", decision.earlier)
    if proposal.verdict is not None:
        raise Conflict("该提示已经有人作出认定，不能重复认定。", code="decided", rule="PR-3")
    decided = replace(proposal, verdict=decision.verdict)
    rest = [decided if each.earlier == decision.earlier else each for each in proposals]
    after, outcome = _follow(work, here, case, decided, actor=decision.actor, proposals=rest)
    after = _noted(work, here, after, decided, decision.actor)
    work.repeats.decide(
        case.case_no,
        decision.earlier,
        decision.verdict,
        decision.actor,
        here.clock.now(),
        note=decision.note,
        outcome=outcome,
    )
    return {"case_no": after.case_no, "seq": after.seq, "state": after.state.value, "outcome": outcome}


def _noted(work: RoutingWork, here: Here, case: Case, decided: Proposal, actor: Actor) -> Case:
    """Write into the history which case this one repeats; a merged one has it there already."""
    same = decided.verdict is Verdict.SAME and decided.same_person
    told = decided.sealed and case.petition_class is not PetitionClass.ACCUSATION
    if not same or told or case.in_transfer or case.state not in by_id(_NOTED).start:
        return case
    found = Draft(RepeatFound, {"found_on": here.clock.today(), "earlier": decided.earlier})
    after, events = record(case, _NOTED, actor, given_here(work, here), [found])
    conclude(work, here, after, events)
    return after


def _may_decide(case: Case, actor: Actor, here: Here) -> None:
    check_sealed(case, actor)
    if actor.role not in DECIDERS:
        raise Forbidden("是否重复信访由登记或分办人员认定。", code="role", rule="PR-3")
    if actor.node != here.node or case.holder != here.node:
        raise Forbidden("是否重复信访由持有该事项的节点认定。", code="holder", rule="GD-4")


def _follow(
    work: RoutingWork, here: Here, case: Case, decided: Proposal, *, actor: Actor, proposals: Sequence[Proposal]
) -> tuple[Case, str]:
    """Carry out what a decision leads to, as far as the case has not gone on already."""
    if case.in_transfer or case.state not in {_RECEIVED, _REGISTERED}:
        return case, KEPT
    contact = work.repeats.held(case.case_no)
    found = sort_again(work, here, contact) if contact else None
    if decided.verdict is Verdict.SAME and decided.same_person:
        case = _register(work, here, case, contact, found, target=False)
        return _join(work, here, case, decided, actor)
    if case.state is not _RECEIVED or contact is None or found is None:
        return case, KEPT
    left = holding(proposals, found)
    if left:
        work.explain_waiting(case.case_no, why_it_waits(left))
        return case, WAITS
    same = any(each.verdict is Verdict.SAME and each.same_person for each in proposals)
    case = _register(work, here, case, contact, found, target=not same)
    return case, WAITS if case.state is _RECEIVED else OPENED


def _register(
    work: RoutingWork, here: Here, case: Case, contact: ContactRegistered | None, found: Sorted | None, *, target: bool
) -> Case:
    """Register a contact that waited, with its `target` or without one; what the rules leave open stays for a clerk."""
    if case.state is not _RECEIVED or contact is None or found is None:
        return case
    work.repeats.release(case.case_no)
    return register_and_dispatch(work, here, case, contact, found if target else replace(found, target=None))


def _join(work: RoutingWork, here: Here, case: Case, decided: Proposal, actor: Actor) -> tuple[Case, str]:
    """Merge into the earlier case where the rules of T4 allow it; else say in the pile what is left to do."""
    earlier = work.cases.get(decided.earlier)
    here_and_open = earlier is not None and earlier.holder == here.node and earlier.is_open
    if here_and_open and case.state is _REGISTERED and actor.role is Role.DISPATCHER:
        paper = {"matter": case.case_no, "into": decided.earlier, "basis": "《信访工作条例》第十九条第三款"}
        try:
            merge = MergeCase(case_no=case.case_no, actor=actor, into=decided.earlier, paper=paper)
            return carry_out(work, here, case, merge), MERGED
        except Refused as refusal:
            work.explain_waiting(case.case_no, f"已认定与 {decided.earlier} 为同一事项，但不能并案：{refusal.message}")
            return case, LINKED
    if earlier is None or earlier.is_open:
        rest = "请分办人员并案" if here_and_open else f"该事项由 {decided.holder} 办理，请分办人员不予受理或转送并案"
    else:
        rest = "该事项已经终结，请分办人员决定是否不再受理"
    work.explain_waiting(case.case_no, f"重复信访：已认定与 {decided.earlier} 为同一事项，{rest}。")
    return case, LINKED
