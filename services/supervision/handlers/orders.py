"""Sign a proposed supervision order, dismiss it, or record the unit's answer to it.

Only a person may do any of this (PR-26), in a role the settings name (CF-29), at this node. Signing gives the order
its number, opens the clock of its answer (CF-30) and tells everyone concerned, in one transaction.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from lianxi.casework.errors import Conflict, Forbidden, Invalid, Unknown
from lianxi.casework.messages.facts import Actor
from lianxi.casework.messages.notices import SupervisionOrdered
from lianxi.casework.transitions import ClockOpening
from lianxi.law.clocks import ClockCode
from services.supervision.domain.clocks import closed, opened
from services.supervision.domain.files import CaseFile
from services.supervision.domain.ledger import as_case
from services.supervision.domain.office import Office
from services.supervision.domain.orders import (
    DismissProposal,
    Proposal,
    ProposalStatus,
    RecordFeedback,
    SignOrder,
    order_number,
)

SUP_REPLY = ClockCode.SUP_REPLY.value


class Files(Protocol):
    """The books: case files by case number, locked until the transaction ends."""

    def locked(self, case_numbers: Iterable[str]) -> dict[str, CaseFile]:
        """Return the files there are."""
        ...

    def save(self, before: Mapping[str, CaseFile], files: Iterable[CaseFile]) -> None:
        """Write what differs from `before`."""
        ...


class Proposals(Protocol):
    """Proposed and signed orders."""

    def case_of(self, proposal_no: str) -> str | None:
        """Return the case a proposal is about."""
        ...

    def locked(self, proposal_no: str) -> Proposal:
        """Return the proposal, locked; it exists."""
        ...

    def save(self, proposal: Proposal) -> None:
        """Write it back."""
        ...

    def next_order(self, node: str, year: int) -> int:
        """Return the next number in the node's list of the year."""
        ...


class OrderWork(Protocol):
    """The transaction."""

    @property
    def files(self) -> Files:
        """The books."""
        ...

    @property
    def proposals(self) -> Proposals:
        """Proposed and signed orders."""
        ...

    def record(self, notices: Iterable[SupervisionOrdered]) -> None:
        """Tell others once the transaction is committed."""
        ...


def sign_order(command: SignOrder, work: OrderWork, office: Office, now: datetime) -> Proposal:
    """Turn a proposal into a numbered order; the unit's answer is due fifteen days later (CF-30)."""
    _check_signer(command.actor, office)
    before, file, proposal = _open(command.proposal_no, work)
    _check_status(proposal, ProposalStatus.PROPOSED)
    number = order_number(office.mark, now.year, work.proposals.next_order(office.node, now.year))
    instance = 1 + sum(clock.code == SUP_REPLY for clock in file.clocks)
    opening = ClockOpening(SUP_REPLY, now.date())
    bearer = (proposal.node, proposal.unit)
    reply = opened(opening, as_case(file.row), bearer, instance, office)
    work.files.save(before, [replace(file, clocks=(*file.clocks, reply)).settled(office, now)])
    signed = replace(
        proposal,
        status=ProposalStatus.ORDERED.value,
        decided_at=now,
        decided_by=command.actor.person,
        order_no=str(number),
        paper=dict(command.paper),
        feedback_due=reply.legal_due,
        reply_instance=instance,
    )
    work.proposals.save(signed)
    work.record([_ordered(signed, command.actor, now)])
    return signed


def _ordered(signed: Proposal, actor: Actor, now: datetime) -> SupervisionOrdered:
    return SupervisionOrdered(
        proposal_no=signed.proposal_no,
        order_no=signed.order_no,
        case_no=signed.case_no,
        node=signed.node,
        unit=signed.unit,
        trigger=signed.trigger,
        signed_by=actor,
        signed_at=now,
        feedback_due=signed.feedback_due or now.date(),
    )


def dismiss_proposal(command: DismissProposal, work: OrderWork, office: Office, now: datetime) -> Proposal:
    """Decide against an order; the reason stays with the proposal."""
    _check_signer(command.actor, office)
    if not command.reason.strip():
        raise Invalid("reason", "SV0", "请写明不予督办的理由。")
    _, _, proposal = _open(command.proposal_no, work)
    _check_status(proposal, ProposalStatus.PROPOSED)
    dismissed = replace(
        proposal,
        status=ProposalStatus.DISMISSED.value,
        decided_at=now,
        decided_by=command.actor.person,
        reason=command.reason.strip(),
    )
    work.proposals.save(dismissed)
    return dismissed


def record_feedback(command: RecordFeedback, work: OrderWork, office: Office, now: datetime) -> Proposal:
    """Record the unit's written answer: it closes the clock of the order (GD-3)."""
    _check_signer(command.actor, office)
    if not command.document.strip():
        raise Invalid("document", "GD-3", "请填写督办反馈文书的字号。")
    before, file, proposal = _open(command.proposal_no, work)
    _check_status(proposal, ProposalStatus.ORDERED)
    if command.received_on > now.date() or (proposal.decided_at and command.received_on < proposal.decided_at.date()):
        raise Invalid("received_on", "GD-3", "反馈收到日应在督办函签发日与今日之间。")
    reply = file.clock(SUP_REPLY, proposal.reply_instance or 1)
    answered = closed(reply, seq=file.row.seq, act="SV3", document=command.document.strip(), day=command.received_on)
    clocks = tuple(answered if clock is reply else clock for clock in file.clocks)
    work.files.save(before, [replace(file, clocks=clocks).settled(office, now)])
    answer = replace(proposal, status=ProposalStatus.ANSWERED.value, reply_document=command.document.strip())
    work.proposals.save(answer)
    return answer


def _open(proposal_no: str, work: OrderWork) -> tuple[dict[str, CaseFile], CaseFile, Proposal]:
    """Lock the case before the proposal: following events locks them in this order too."""
    case_no = work.proposals.case_of(proposal_no)
    if case_no is None:
        raise Unknown("督办提议", proposal_no)
    before = work.files.locked([case_no])
    return before, before[case_no], work.proposals.locked(proposal_no)


def _check_signer(actor: Actor, office: Office) -> None:
    if actor.node != office.node:
        raise Forbidden("只有本级信访部门的人员可以处理本级的督办提议。", rule="CF-29")
    if actor.role.value not in office.rules.signers:
        raise Forbidden("您的角色不能签发或处理督办，请交信访部门负责人或督办人员办理。", rule="CF-29")


def _check_status(proposal: Proposal, wanted: ProposalStatus) -> None:
    if proposal.status != wanted:
        raise Conflict(_STATUS_REASONS[ProposalStatus(proposal.status)], rule="SV1")


_STATUS_REASONS = {
    ProposalStatus.PROPOSED: "该提议尚未签发督办函，不能登记反馈。",
    ProposalStatus.ORDERED: "该提议已签发督办函，不能重复处理。",
    ProposalStatus.DISMISSED: "该提议已决定不予督办，不能再处理。",
    ProposalStatus.WITHDRAWN: "该期限已查明按时履行，提议已自动撤回。",
    ProposalStatus.ANSWERED: "该督办函已收到反馈，不能重复处理。",
}
