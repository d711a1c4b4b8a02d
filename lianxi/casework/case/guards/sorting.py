"""Guards of T5–T11, T23, T25–T27, T44 and T52: acts for a case that takes no ordinary road."""

from typing import Any

from lianxi.casework.case.guards.given import Given, guard
from lianxi.casework.case.jurisdiction import node_of
from lianxi.casework.case.state import Case
from lianxi.casework.claims import settled
from lianxi.casework.identifiers import Channel, DivisionCode
from lianxi.casework.messages.facts import CaseState, Claim, PetitionClass, Route

GUIDANCE_GROUNDS = frozenset({"skipped-level", "judicial-visit", "out-of-scope"})
NEW_MATTER_FIELDS = ("new_facts", "evidence")
ADOPTIONS = frozenset({"adopted", "partly", "not"})
_CLOSED_FOR_GOOD = frozenset({CaseState.CLOSED_BY_FINAL_REVIEW, CaseState.CLOSED_BY_LAPSE})
_STATUTORY = frozenset({Route.RT1, Route.RT2, Route.RT3, Route.RT4})


@guard
def earlier_is_under_way(case: Case, command: Any, given: Given) -> str | None:
    """T5, T23 (R-19-3): the petitioner's earlier case is not at its end; one not known here is shown by paper."""
    if getattr(command, "for_good", False):
        return None
    return _same_petitioner(case, command, given) or (
        "所称的事项已经终结，不属于正在办理的情形。" if given.earlier and not given.earlier.is_open else None
    )


@guard
def not_yet_a_new_matter(case: Case, _command: Any, _given: Given) -> str | None:
    """T44: once."""
    return f"本案已作为 {case.follows} 之外的新事项登记。" if case.follows else None


@guard
def earlier_ended_for_good(case: Case, command: Any, given: Given) -> str | None:
    """T44 (R-36-3): the petitioner's earlier case ended by final review or by lapse; one not known here is shown."""
    if command.earlier != case.case_no and given.earlier is None:
        shown = command.paper.get("shown_by", "").strip()
        return None if shown else "本节点没有该事项，应写明证明其已经终结的文书（字号和机关）。"
    return _same_petitioner(case, command, given) or _not_for_good(given)


@guard
def new_facts_proven(_case: Case, command: Any, _given: Given) -> str | None:
    """T44 (R-36-3): what is new, and what proves it; the same facts and reasons are not accepted again."""
    proven = all(command.paper.get(name, "").strip() for name in NEW_MATTER_FIELDS)
    return None if proven else "应写明新的事实或者理由，以及证明材料。"


@guard
def earlier_is_closed_for_good(case: Case, command: Any, given: Given) -> str | None:
    """T6, T23 (R-36-3, R-36-4, CF-34): the earlier case ended by final review or by lapse."""
    if not getattr(command, "for_good", True):
        return None
    if given.earlier is None:
        return f"本节点没有案件 {command.earlier}，不能据以不再受理。"
    if case.follows:
        return "本案已按新事实、新理由登记为新事项，不适用不再受理。"
    return _same_petitioner(case, command, given) or _not_for_good(given)


def _not_for_good(given: Given) -> str | None:
    earlier = given.earlier
    closed = earlier is not None and earlier.ended_as in _CLOSED_FOR_GOOD and not earlier.is_open
    return None if closed else "所称的事项没有依法终结。"


def _same_petitioner(case: Case, command: Any, given: Given) -> str | None:
    if command.earlier == case.case_no:
        return "应写明此前的事项编号。"
    if given.earlier is None:
        shown = command.paper.get("shown_by", "").strip()
        return None if shown else "本节点没有该事项，应写明证明其正在办理的文书（字号和机关）。"
    same = given.same_person or given.earlier.petitioner_key == case.petitioner_key
    return None if same else "两件信访事项不是同一信访人。"


@guard
def guided_where_to_go(case: Case, command: Any, _given: Given) -> str | None:
    """T7 (R-20-5, R-22-8, R-23-3): a ground that fits the channel, and the organ to turn to."""
    if command.ground not in GUIDANCE_GROUNDS:
        return f"应选定引导事由：{'、'.join(sorted(GUIDANCE_GROUNDS))}。"
    if command.ground != "out-of-scope" and case.channel.lower() != Channel.VISIT.value:
        return "越级走访、涉法涉诉走访的引导只适用于来访；其他形式应当转送。"
    return None if command.paper.get("organ", "").strip() else "应写明信访人应当向哪个机关提出。"


@guard
def not_a_visit(case: Case, _command: Any, _given: Given) -> str | None:
    """T8 (C9): letters about litigation are transferred, visits are guided (T7)."""
    return "涉法涉诉的来访应当场引导，不作转送。" if case.channel.lower() == Channel.VISIT.value else None


@guard
def recipient_named(_case: Case, command: Any, _given: Given) -> str | None:
    """T8: the letter names the organ it goes to."""
    return None if command.paper.get("organ", "").strip() else "应写明受送的政法机关。"


@guard
def is_an_accusation(case: Case, _command: Any, _given: Given) -> str | None:
    """T9: the sealed road is for class B and for nothing else."""
    sealed = case.petition_class is PetitionClass.ACCUSATION
    return None if sealed else "只有检举控告类事项按密件转送。"


@guard
def recipient_not_accused(_case: Case, command: Any, _given: Given) -> str | None:
    """T9 (R-30-1, GD-1): neither the accused organ nor one below it ever receives the accusation."""
    target = node_of(command.to_organ)
    if not target or not command.accused:
        return "密件转送应写明受送单位代码和被检举控告单位代码。"
    for accused in command.accused:
        division = node_of(accused)
        if not division:
            return "被检举控告单位应填写单位或者区划代码。"
        whole_node = "." not in accused and DivisionCode.parse(division).contains(DivisionCode.parse(target))
        below = division != target and DivisionCode.parse(division).contains(DivisionCode.parse(target))
        if command.to_organ == accused or whole_node or below:
            return "受送单位是被检举控告的单位或者其下级，不得转送。"
    return None


@guard
def instruction_kept(_case: Case, command: Any, _given: Given) -> str | None:
    """T11: who decided, and what."""
    complete = all(command.paper.get(name, "").strip() for name in ("decided_by", "instruction"))
    return None if complete else "应写明批示人和批示内容。"


@guard
def report_due_ahead_if_wanted(case: Case, command: Any, given: Given) -> str | None:
    """T11 (R-22-6): a day for the report makes it an assignment; it lies ahead, and one report is owed at a time."""
    if command.report_due is None:
        return None
    if case.assigned_by and case.assigned_by != given.node:
        return f"本案由 {case.assigned_by} 交办并须向其报告，不再另行交办。"
    return None if command.report_due > given.today else "交办的反馈期限应晚于今天。"


@guard
def is_a_suggestion(case: Case, command: Any, _given: Given) -> str | None:
    """T25 (R-29-1): class A, and it is said whether and why it is adopted."""
    if case.petition_class is not PetitionClass.SUGGESTION:
        return "只有建议意见类事项按建议答复。"
    if command.adoption not in ADOPTIONS:
        return f"应选定采纳情况：{'、'.join(sorted(ADOPTIONS))}。"
    return None if command.paper.get("answer", "").strip() else "应写明答复内容。"


@guard
def every_claim_elsewhere(case: Case, command: Any, _given: Given) -> str | None:
    """T26 (R-31-1…R-31-4): each claim on RT1–RT4; organ and procedure are named."""
    if not _routed(case, command.claims, _STATUTORY):
        return "本步骤适用于全部诉求均应通过其他法定途径（第三十一条第一至四项）的案件，否则请先分案。"
    named = all(command.paper.get(name, "").strip() for name in ("organ", "procedure"))
    return None if named else "应写明应当适用的法定程序和受理机关。"


LONGEST_DUTY = 366
"""Days; what a special law grants more than a year for is none of a petition's business."""


@guard
def not_yet_a_duty(case: Case, _command: Any, _given: Given) -> str | None:
    """T27: found once; its clock runs from acceptance."""
    found = bool(case.claims) and all(claim.route is Route.RT5 for claim in case.claims)
    return "本案已按履行法定职责办理，请作出履职答复。" if found else None


@guard
def every_claim_on_rt5(case: Case, command: Any, _given: Given) -> str | None:
    """T27 (R-31-5): the same claims, each of class C and on route RT5."""
    duties = _routed(case, command.claims, frozenset({Route.RT5}))
    return None if duties else "本步骤适用于全部诉求均属履行法定职责（第三十一条第五项）的案件，否则请先分案。"


@guard
def special_limit_founded(_case: Case, command: Any, _given: Given) -> str | None:
    """T27 (CF-10): sixty days, unless a special law named in the sheet sets another limit."""
    if command.days is None:
        return None
    if not 1 <= command.days <= LONGEST_DUTY:
        return f"法定履职期限应为1至{LONGEST_DUTY}天。"
    return None if command.paper.get("law", "").strip() else "另有法定期限的，应写明所依据的法律、法规条款。"


@guard
def every_claim_a_duty(case: Case, command: Any, _given: Given) -> str | None:
    """T27 (R-31-5): each claim on RT5; the answer says what was done."""
    if not _routed(case, command.claims, frozenset({Route.RT5})):
        return "本步骤适用于全部诉求均属履行法定职责（第三十一条第五项）的案件，否则请先分案。"
    return None if command.paper.get("answer", "").strip() else "应写明履职情况和答复。"


def _routed(case: Case, claims: tuple[Claim, ...], routes: frozenset[Route]) -> bool:
    same = [claim.number for claim in claims] == [claim.number for claim in case.claims]
    return same and all(c.petition_class is PetitionClass.RELIEF and c.route in routes for c in claims)


@guard
def parts_of_the_claims(case: Case, command: Any, _given: Given) -> str | None:
    """T52 (R-31-8): each part takes claims of this case that no other part takes, and at least one stays."""
    moved = [number for part in command.parts for number in part.claims]
    numbers = {claim.number for claim in case.claims}
    if not command.parts or not all(part.claims for part in command.parts):
        return "分案应至少分出一项诉求。"
    if len(set(moved)) != len(moved) or not set(moved) < numbers:
        return "分出的诉求应为本案登记的诉求，不得重复，且至少留下一项。"
    described = all(part.place and part.category for part in command.parts)
    return None if described else "分出的每一案都应有内容分类和问题属地。"


@guard
def claims_settled_singly(case: Case, command: Any, _given: Given) -> str | None:
    """T52 (R-31-8, GD-1): what is said of claims is of this case's; an accusation is not hidden in another matter."""
    said = [claim.number for claim in command.claims]
    if len(set(said)) != len(said) or not set(said) <= {claim.number for claim in case.claims}:
        return "逐项注明类别和途径的，应为本案登记的诉求，每项只注明一次。"
    if any(claim.route and claim.petition_class not in {None, PetitionClass.RELIEF} for claim in command.claims):
        return "第三十一条的途径只适用于申诉求决类诉求。"
    after = {claim.number: claim for claim in settled(case.claims, command.claims)}
    parted = {number: part.petition_class for part in command.parts for number in part.claims}
    hidden = [
        str(number)
        for number, claim in after.items()
        if claim.petition_class is PetitionClass.ACCUSATION
        and parted.get(number, case.petition_class) is not PetitionClass.ACCUSATION
    ]
    return f"诉求{'、'.join(hidden)}属检举控告，应分入检举控告类的案件，或者改注类别。" if hidden else None


@guard
def part_of_a_case(_case: Case, command: Any, _given: Given) -> str | None:
    """T52: a part begins with what its case was received with."""
    return None if command.text_digest else "分出的案件没有来件内容。"
