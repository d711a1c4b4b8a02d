"""What may be said of a case while its custody is on the way, and be carried out as soon as somebody holds it again.

Nothing may be done to a case in transfer, but a petitioner who brings material, urges, completes, rates or withdraws
(T45, T54–T56, T42) has a right to be heard on that day (R-21-1, CF-48), and what an assisting unit found (T53) or a
call-back brought (T58) stays found. Such a wish is tried at the door on the case
as it will stand when custody has settled, so that what can never happen is refused at once; the rest waits. Decisions
about the case are no wishes: whoever decides must see the case as it is.
"""

from collections.abc import Sequence
from dataclasses import replace

from lianxi.casework.case.acts import act
from lianxi.casework.case.guards import Given
from lianxi.casework.case.state import Case
from lianxi.casework.errors import GuardRefused, Refused
from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.facts import CaseState, TransferKind
from lianxi.casework.transitions import steps_for

WISHES = (
    "receive-completion",
    "add-material",
    "urge-case",
    "rate-case",
    "withdraw-case",
    "file-assist-opinion",
    "record-call-back",
)
"""The commands that may wait. Each says something that is true on the day it is said, wherever the case is."""


def as_it_will_stand(case: Case) -> Case:
    """Return a case in transfer as the side that gets it will find it."""
    transfer = case.transfer
    if transfer is None:
        return case
    waits_for_acceptance = bool(transfer.to_unit) and transfer.kind is not TransferKind.HAND_BACK
    state = CaseState.AWAITING_ACCEPTANCE if waits_for_acceptance else CaseState.REGISTERED
    return replace(case, transfer=None, state=state, resume_state=state)


def check_can_wait(case: Case, command: Command, before: Sequence[Command], given: Given) -> None:
    """Raise Refused for a wish that cannot be carried out whatever becomes of the transfer.

    `before` are the wishes of the same case that wait already, in order: who has withdrawn does not urge any more.
    """
    there = as_it_will_stand(case)
    settled = replace(given, node=there.holder)
    for earlier in before:
        there = _after(there, earlier, settled)
    name = _name(command)
    if name == "withdraw-case" and any(_name(earlier) == name for earlier in before):
        raise GuardRefused("T42", "withdrawn_once", "撤回申请已经收到，移交完成后即生效，不必再次提交。")
    # A completion is wanted only where something was asked for; that the receiver will tell.
    if name == "receive-completion" and there.state is not CaseState.WITHDRAWN:
        there = replace(there, state=CaseState.AWAITING_COMPLETION)
    # The version that was seen is that of the case itself, not of the trial.
    act(replace(there, seq=case.seq), replace(command, document_no="trial"), settled)


def _after(case: Case, command: Command, given: Given) -> Case:
    """Return the case after a wish that waits, as it was if that should turn out to be refused."""
    try:
        return act(case, replace(command, expected_seq=None), given)[0]
    except Refused:
        return case


def _name(command: Command) -> str:
    return str(command.MESSAGE.name)  # type: ignore[attr-defined]  # every concrete command has one


def label_of(name: str) -> str:
    """Return what a wish is called."""
    return steps_for(name)[0][0].label
