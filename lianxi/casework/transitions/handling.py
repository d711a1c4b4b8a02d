"""T24–T34 and T46–T48: handling on route RT6, opinion, service, report to the assigner."""

from lianxi.casework.transitions.row import Transition, opening, step

# The petitioner's right to a review does not wait for the assigner's check, so both go on side by side.
_IN_REVIEW = "S30 S31 S32 S33 S40 S41 S42 S43"
REPORT_IN_CHECK, REPORT_CHECKED, REPORT_SENT_BACK = f"S50 {_IN_REVIEW}", f"S16 {_IN_REVIEW}", f"S51 {_IN_REVIEW}"
AT_AN_END = opening("ARCHIVE:document.issued_on", cancels_all=True)

ROWS: tuple[Transition, ...] = (
    Transition(
        id="T24",
        label="分类（信访程序）",
        article="31",
        steps=(
            step(
                "classify-case",
                "S10",
                "S11",
                "U",
                "CaseClassified",
                "own_unit every_claim_on_rt6",
                "分类审核单",
                opening("HANDLE:accepted_on"),
            ),
        ),
    ),
    Transition(
        id="T25",
        label="答复建议",
        article="29",
        limit="SUGGEST",
        steps=(
            step(
                "answer-suggestion",
                "S10",
                "S17",
                "U UL",
                "SuggestionAnswered",
                "own_unit is_a_suggestion",
                "建议答复书",
                opening("ARCHIVE:document.issued_on", closes="SUGGEST", cancels_all=True),
            ),
        ),
    ),
    Transition(
        id="T26",
        label="导入法定途径",
        article="31",
        limit="NOTICE",
        steps=(
            step(
                "redirect-to-statutory-route",
                "S10",
                "S18",
                "U UL",
                "RouteShown",
                "own_unit every_claim_elsewhere",
                "法定途径告知书",
                AT_AN_END,
            ),
        ),
    ),
    Transition(
        id="T27",
        label="履行法定职责",
        article="31(五)",
        limit="DUTY",
        steps=(
            step(
                "perform-duty",
                "S10",
                "S19",
                "U UL",
                "DutyPerformed",
                "own_unit every_claim_a_duty",
                "履职答复书",
                AT_AN_END,
            ),
        ),
    ),
    Transition(
        id="T28",
        label="听证",
        article="31(六)",
        steps=(
            step(
                "open-hearing",
                "S11",
                "S12",
                "UL",
                "HearingOpened",
                "own_unit reason_given parties_summoned",
                "听证通知书",
            ),
            step("close-hearing", "S12", "S11", "UL", "HearingClosed", "own_unit hearing_minuted", "听证笔录"),
        ),
    ),
    Transition(
        id="T29",
        label="调解、和解",
        article="33",
        built=False,
        steps=(
            step("open-mediation", "S11", "S13", "U"),
            step("close-mediation", "S13", "S62 S11", "U", document="调解协议书"),
        ),
    ),
    Transition(
        id="T30",
        label="延期",
        article="34",
        limit="HANDLE",
        steps=(
            step(
                "extend-handling",
                "S11",
                "S11",
                "UL",
                "HandlingExtended",
                "own_unit before_raw_due at_most_thirty_days extended_once reason_given",
                "延期告知书",
                opening(extends="HANDLE"),
            ),
        ),
    ),
    Transition(
        id="T31",
        label="作出处理意见",
        article="32、34",
        limit="HANDLE",
        steps=(
            step(
                "submit-opinion",
                "S11",
                "S14",
                "U",
                "OpinionSubmitted",
                "own_unit every_claim_answered opinion_complete",
                "信访处理意见书（稿）",
            ),
            step(
                "sign-opinion",
                "S14",
                "S15",
                "UL",
                "OpinionSigned",
                "own_unit opinion_complete",
                "信访处理意见书",
                opening("SERVE:signed_on", closes="HANDLE REHANDLE"),
            ),
        ),
    ),
    Transition(
        id="T32",
        label="送达",
        article="35",
        limit="SERVE",
        steps=(
            step(
                "serve-opinion",
                "S15",
                "S16",
                "U P",
                "OpinionServed",
                "own_unit_or_window service_proven reads_for_himself",
                "送达回证",
                opening("ASK_REVIEW:served_on", "RATE:served_on", closes="SERVE", cancels="RATE"),
            ),
        ),
    ),
    Transition(
        id="T33",
        label="报告办结",
        article="22(1)(三)",
        limit="ASSIGN_RPT",
        steps=(
            step(
                "file-report",
                "S16",
                "S50",
                "U UL",
                "ReportFiled",
                "own_unit report_wanted report_complete",
                "办结报告",
                opening("REPORT_CHK:filed_on", closes="ASSIGN_RPT"),
            ),
        ),
    ),
    Transition(
        id="T34",
        label="审核办结报告",
        article="22(1)(三)",
        limit="REPORT_CHK",
        steps=(
            step(
                "accept-report",
                REPORT_IN_CHECK,
                REPORT_CHECKED,
                "D DL",
                "ReportAccepted",
                "report_in_check decided_by_assigner",
                "审核意见",
                opening(closes="REPORT_CHK"),
            ),
            step(
                "return-report",
                REPORT_IN_CHECK,
                REPORT_SENT_BACK,
                "D DL",
                "ReportReturned",
                "report_in_check decided_by_assigner reason_given",
                "退办单",
                opening("REDO:returned_on", closes="REPORT_CHK"),
            ),
        ),
    ),
    Transition(
        id="T46",
        label="退回意见书稿",
        article="32",
        steps=(step("return-opinion", "S14", "S11", "UL", "OpinionReturned", "own_unit"),),
    ),
    Transition(
        id="T47",
        label="重新报告",
        article="22(1)(三)",
        limit="REDO",
        steps=(
            step(
                "file-report",
                REPORT_SENT_BACK,
                REPORT_IN_CHECK,
                "U UL",
                "ReportFiled",
                "own_unit report_returned report_complete",
                "办结报告",
                opening("REPORT_CHK:filed_on", closes="REDO"),
            ),
        ),
    ),
    Transition(
        id="T48",
        label="重新办理开始",
        article="36",
        limit="REHANDLE",
        steps=(step("start-rehandling", "S34", "S11", "SYS", "RehandlingStarted"),),
    ),
    Transition(
        id="T51",
        label="文书送达",
        article="35、36",
        steps=(
            step(
                "record-service",
                "S09 S10 S11 S12 S13 S14 S15 S16 S17 S18 S19 S23 S24 S30 S31 S32 S33 S34 S40 S41 S42 S43"
                " S50 S51 S60 S61",
                "",
                "U UL R D RV P",
                "DocumentServed",
                "own_unit_or_window document_served_with_proof reads_for_himself",
                "送达回证",
            ),
        ),
    ),
)
