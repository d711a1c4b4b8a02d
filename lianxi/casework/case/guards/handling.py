"""Guards of T24–T34 and T46–T48: handling on route RT6, opinion, service, report to the assigner."""

from datetime import date
from typing import Any

from lianxi.casework.case.guards.given import Given, guard
from lianxi.casework.case.state import Case
from lianxi.casework.messages.facts import DocumentKind, PetitionClass, ProofOfService, Role, Route, ServiceMethod
from lianxi.law.clocks import ClockCode
from lianxi.law.deadlines import due
from lianxi.law.receipts import served_by_announcement

OPINION_FIELDS = ("request", "facts", "opinion", "basis", "remedy")
MAX_EXTENSION_DAYS = 30
_SERVED_BY_THEIR_OWN_STEP = frozenset(
    {
        DocumentKind.OPINION,
        DocumentKind.REVIEW_OPINION,
        DocumentKind.FINAL_REVIEW_OPINION,
        DocumentKind.PROOF_OF_SERVICE,
    }
)


@guard
def every_claim_on_rt6(case: Case, command: Any, _given: Given) -> str | None:
    """T24: the same claims, each of class C and on route RT6 (R-31-6)."""
    if [claim.number for claim in command.claims] != [claim.number for claim in case.claims]:
        return "应对登记的每一项诉求逐项分类。"
    on_route = all(
        claim.petition_class is PetitionClass.RELIEF and claim.route is Route.RT6 for claim in command.claims
    )
    return None if on_route else "本步骤只适用于全部诉求均走信访程序（第三十一条第六项）的案件。"


@guard
def before_raw_due(case: Case, _command: Any, given: Given) -> str | None:
    """T30 (R-34-2): asked for before the sixty days are over. A re-handling has the days its order names (CF-33)."""
    if case.round_number > 1:
        return "重新办理的期限由复查机关责令，不适用延期。"
    dates = due(ClockCode.HANDLE, case.accepted_on or given.today, given.calendar)
    return None if given.today <= dates.raw_due else f"延期应在办理期限 {dates.raw_due.isoformat()} 届满前批准。"


@guard
def at_most_thirty_days(_case: Case, command: Any, _given: Given) -> str | None:
    """T30 (R-34-2)."""
    return None if 1 <= command.days <= MAX_EXTENSION_DAYS else "延长办理期限不得超过30日。"


@guard
def extended_once(case: Case, _command: Any, _given: Given) -> str | None:
    """T30 (CF-13)."""
    return "办理期限只能延长一次。" if case.extension_days else None


@guard
def every_claim_answered(case: Case, command: Any, _given: Given) -> str | None:
    """T31: one outcome for each claim."""
    answered = sorted(outcome.number for outcome in command.outcomes)
    return None if answered == [claim.number for claim in case.claims] else "处理意见应逐项答复每一项诉求。"


@guard
def opinion_complete(_case: Case, command: Any, _given: Given) -> str | None:
    """T31 (R-32-1, R-32-4): request, facts, opinion, basis and remedy notice."""
    missing = [name for name in OPINION_FIELDS if not command.paper.get(name, "").strip()]
    return f"处理意见书缺少：{'、'.join(missing)}。" if missing else None


@guard
def service_proven(case: Case, command: Any, given: Given) -> str | None:
    """T32 (D-15, CF-18): proof, not before the signature, not in the future; an announcement has run 30 days."""
    if not command.service.proof.strip():
        return "没有送达凭证，信访人的期限不能起算。"
    in_order = served_between(case.signed_on or given.today, command.service, given.today)
    return None if in_order else "送达日期应在作出之后、今天之前（公告送达满30日）。"


def served_between(made: date, service: ProofOfService, today: date) -> bool:
    """Whether a document made on that day can have been served on the day the proof names (D-15, CF-18)."""
    earliest = served_by_announcement(made) if service.method is ServiceMethod.ANNOUNCEMENT else made
    return earliest <= service.served_on <= today


@guard
def document_served_with_proof(case: Case, command: Any, given: Given) -> str | None:
    """T51 (D-15, CF-18): a document of this case, once, with proof; opinions are served by T32, T37 and T40."""
    found = [document for document in case.documents if document.number == command.served]
    if not found or found[0].kind in _SERVED_BY_THEIR_OWN_STEP:
        return "请填写本事项中应送达信访人的文书字号；处理意见书、复查意见书、复核意见书另按各自步骤送达。"
    if command.served in case.served_documents:
        return "该文书的送达已经登记。"
    if not command.service.proof.strip():
        return "没有送达凭证，不能登记为已送达。"
    in_order = served_between(found[0].issued_on, command.service, given.today)
    return None if in_order else "送达日期应在作出之后、今天之前（公告送达满30日）。"


@guard
def reads_for_himself(_case: Case, command: Any, given: Given) -> str | None:
    """T32, T51: a petitioner can only confirm what he opens himself, electronically, on this day."""
    if command.actor.role is not Role.PETITIONER:
        return None
    now_and_here = command.service.method is ServiceMethod.ELECTRONIC and command.service.served_on == given.today
    return None if now_and_here else "信访人本人只能确认当日电子送达。"


@guard
def report_in_check(case: Case, _command: Any, _given: Given) -> str | None:
    """T34: a report lies with the assigner, also while the petitioner's request for a review is dealt with."""
    return None if case.report == "filed" else "没有待审核的办结报告。"


@guard
def report_returned(case: Case, _command: Any, _given: Given) -> str | None:
    """T47: the assigner gave the report back."""
    return None if case.report == "returned" else "办结报告没有被退回。"


@guard
def report_wanted(case: Case, _command: Any, _given: Given) -> str | None:
    """T33: only an assigned case is reported on."""
    return None if case.assigned_by else "非交办事项不需要报送办结报告。"


@guard
def report_complete(_case: Case, command: Any, _given: Given) -> str | None:
    """T33 (DOC-10)."""
    complete = command.paper.get("facts", "").strip() and command.paper.get("result", "").strip()
    return None if complete else "办结报告应写明事实和处理结果。"


@guard
def decided_by_assigner(case: Case, command: Any, _given: Given) -> str | None:
    """T34: the assigner checks the report."""
    return None if command.actor.node == case.assigned_by else f"办结报告由交办方 {case.assigned_by} 审核。"
