"""T5–T11, T23, T44, T52 and T57: cases that take no ordinary road, claims that become cases of their own, repeats."""

from lianxi.casework.messages.facts import CaseState
from lianxi.casework.transitions.row import Transition, opening, step

_AT_AN_END = opening("ARCHIVE:document.issued_on", closes="DISPOSE CHAIN NOTICE_KPI", cancels_all=True)

_ANY = " ".join(set(CaseState) - {CaseState.DRAFT, CaseState.MERGED, CaseState.ARCHIVED})
_SPLITS = (
    step(
        "split-case",
        "S02",
        "S02",
        "D DL",
        "CaseSplit",
        "not_an_accusation parts_of_the_claims claims_settled_singly reason_given",
        "分案记录",
    ),
    step(
        "receive-case",
        "S00",
        "S01",
        "SYS",
        "CaseReceived",
        "part_of_a_case",
        "",
        opening("REG:received_on", "DISPOSE:received_on"),
    ),
    step(
        "register-case",
        "S01",
        "S02",
        "SYS",
        "CaseRegistered",
        "same_matter_checked claims_given category_given place_given",
        "",
        opening("CHAIN:registered_on", "NOTICE_KPI:registered_on", closes="REG"),
    ),
)

ROWS: tuple[Transition, ...] = (
    Transition(
        id="T5",
        label="上级不予受理",
        article="19(3)",
        limit="DISPOSE",
        steps=(
            step(
                "decline-case",
                "S02",
                "S23",
                "D DL",
                "CaseDeclined",
                "not_an_accusation earlier_is_under_way reason_given",
                "不予受理告知书",
                _AT_AN_END,
            ),
        ),
    ),
    Transition(
        id="T6",
        label="不再受理",
        article="36(3)",
        limit="DISPOSE",
        steps=(
            step(
                "bar-case",
                "S02",
                "S24",
                "D DL",
                "CaseDeclined",
                "not_an_accusation earlier_is_closed_for_good reason_given",
                "不再受理告知书",
                _AT_AN_END,
            ),
        ),
    ),
    Transition(
        id="T7",
        label="引导",
        article="20、22(2)",
        limit="当场",
        steps=(
            step(
                "guide-petitioner",
                "S02",
                "S22",
                "R D DL",
                "PetitionerGuided",
                "not_an_accusation guided_where_to_go reason_given",
                "引导告知单",
                _AT_AN_END,
            ),
        ),
    ),
    Transition(
        id="T8",
        label="转送政法部门",
        article="22(2)",
        limit="DISPOSE",
        steps=(
            step(
                "send-to-judiciary",
                "S02",
                "S20",
                "D DL",
                "SentToJudiciary",
                "not_an_accusation not_a_visit recipient_named",
                "转送函",
                _AT_AN_END,
            ),
        ),
    ),
    Transition(
        id="T9",
        label="密件转送",
        article="22(2)、30",
        limit="DISPOSE",
        steps=(
            step(
                "send-sealed",
                "S02",
                "S21",
                "D DL X",
                "SentSealed",
                "is_an_accusation recipient_not_accused",
                "转送函（密）",
                _AT_AN_END,
            ),
        ),
    ),
    Transition(
        id="T10",
        label="报请",
        article="22(1)(一)、25",
        limit="立即",
        steps=(step("refer-up", "S02", "S03", "DL", "ReferredUp", "not_an_accusation reason_given", "报请件"),),
    ),
    Transition(
        id="T11",
        label="按批示办理",
        article="22",
        steps=(
            step(
                "follow-instruction",
                "S03",
                "S04 S05",
                "D DL",
                "InstructionRecorded",
                "instruction_kept here_or_below report_due_ahead_if_wanted lead_and_assists_known",
                "批示件、转送函或者交办函",
            ),
        ),
    ),
    Transition(
        id="T23",
        label="机关不予（不再）受理",
        article="19(3)、36(3)",
        limit="NOTICE",
        steps=(
            step(
                "reject-case",
                "S06",
                "S23 S24",
                "U UL",
                "CaseDeclined",
                "own_unit not_an_accusation earlier_is_under_way earlier_is_closed_for_good reason_given",
                "不予（不再）受理告知书",
                opening("ARCHIVE:document.issued_on", closes="NOTICE NOTICE_KPI", cancels_all=True),
            ),
        ),
    ),
    Transition(
        id="T44",
        label="新事实、新理由另立新事项",
        article="36(3)",
        steps=(
            step(
                "open-new-matter",
                "S02",
                "S02",
                "D",
                "NewMatterOpened",
                "not_an_accusation not_yet_a_new_matter earlier_ended_for_good new_facts_proven",
                "新事项登记",
            ),
        ),
    ),
    Transition(id="T52", label="分案", article="22、31", limit="DISPOSE", steps=_SPLITS),
    Transition(
        id="T57",
        label="认定重复信访",
        article="19(3)",
        steps=(step("note-repeat", _ANY, "", "SYS", "RepeatFound"),),
    ),
)
