"""Guards of T29: mediation and settlement."""

from typing import Any

from lianxi.casework.case.guards.given import Given, guard
from lianxi.casework.case.state import Case
from lianxi.casework.messages.mediation import MediationOutcome

CONSENT_FIELDS = ("consent", "mediator")
AGREEMENT_FIELDS = ("parties", "terms", "performance")


@guard
def both_sides_consent(_case: Case, command: Any, _given: Given) -> str | None:
    """T29 (R-33-1): nobody is mediated against his will; the record says who consented and who mediates."""
    complete = all(command.paper.get(name, "").strip() for name in CONSENT_FIELDS)
    return None if complete else "调解、和解应当双方自愿，请写明各方同意的意见和日期、主持人。"


@guard
def agreement_written(_case: Case, command: Any, _given: Given) -> str | None:
    """T29 (DOC-13): the agreement names the parties, its terms, and how it is carried out."""
    missing = [name for name in AGREEMENT_FIELDS if not command.paper.get(name, "").strip()]
    return f"协议书应写明当事人、协议内容和履行方式，缺少：{'、'.join(missing)}。" if missing else None


@guard
def no_agreement(_case: Case, command: Any, _given: Given) -> str | None:
    """T29: handling goes on only where the parties did not come to terms, and it is said why."""
    if command.outcome is not MediationOutcome.FAILED:
        return "已达成协议的，以协议书结案。"
    return None if command.paper.get("obstacle", "").strip() else "未达成协议的，请写明原因。"
