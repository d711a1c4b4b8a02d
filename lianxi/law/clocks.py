"""The clock table: every time limit of the regulation and of the office's settings, as data.

A clock has a code, the event that starts it, a length with its unit, the
party that must keep it, the rule and article it rests on. Code, documents and
pages read this one table; `deadlines` turns a row and a start into a date.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class ClockCode(StrEnum):
    """The codes under which clocks are stored, sent and shown."""

    REG = "REG"
    DISPOSE = "DISPOSE"
    CHAIN = "CHAIN"
    NOTICE = "NOTICE"
    NOTICE_KPI = "NOTICE_KPI"
    OBJECT = "OBJECT"
    OBJ_DECIDE = "OBJ_DECIDE"
    HANDLE = "HANDLE"
    EXTEND = "EXTEND"
    SIMPLE = "SIMPLE"
    ASSIGN_RPT = "ASSIGN_RPT"
    ASK_REVIEW = "ASK_REVIEW"
    REVIEW = "REVIEW"
    ASK_FINAL = "ASK_FINAL"
    FINAL = "FINAL"
    RATE = "RATE"
    FEEDBACK = "FEEDBACK"
    URGENT = "URGENT"
    CONSULT = "CONSULT"
    DESIGNATE = "DESIGNATE"
    CONFERENCE = "CONFERENCE"
    URGENT_ORAL = "URGENT_ORAL"
    SUPPLEMENT = "SUPPLEMENT"
    SIMPLE_PICK = "SIMPLE_PICK"
    SUGGEST = "SUGGEST"
    DUTY = "DUTY"
    SERVE = "SERVE"
    REPORT_CHK = "REPORT_CHK"
    REDO = "REDO"
    REV_ADMIT = "REV_ADMIT"
    REHANDLE = "REHANDLE"
    SUP_REPLY = "SUP_REPLY"
    ARCHIVE = "ARCHIVE"


class Unit(StrEnum):
    """What is counted; DATE means that the assigner names the day."""

    DAY = "day"
    WORKDAY = "workday"
    HOUR = "hour"
    DATE = "date"


class Kind(StrEnum):
    """Whether the law, a performance index, the office's setting or practice sets the length."""

    STATUTORY = "statutory"
    KPI = "kpi"
    CFG = "cfg"
    PRACTICE = "practice"


class Owner(StrEnum):
    """Who must act in time."""

    REGISTRAR = "R"
    DISPATCHER = "D"
    UNIT = "U"
    PETITIONER = "P"
    REVIEWER = "RV"
    FINAL_REVIEWER = "FV"
    CONFERENCE_OFFICE = "J"
    SUPERIOR = "superior"


@dataclass(frozen=True, slots=True)
class ClockRule:
    """One row of the table.

    `only` limits it to a route or class: the sixty days bind route RT6 and nothing
    else (C1). `setting` names the office's setting behind the length.
    """

    code: ClockCode
    title: str
    starts_on: str
    length: int | None
    unit: Unit
    owner: Owner
    rule: str
    kind: Kind = Kind.STATUTORY
    article: str | None = None
    only: str | None = None
    max_extension: int = 0
    pause: str | None = None
    max_length: int | None = None
    setting: str | None = None

    @property
    def length_is_set(self) -> bool:
        """Whether the office or the assigner may give another number of days."""
        return self.unit is Unit.DATE or (self.kind is Kind.CFG and self.unit is not Unit.HOUR)


_C, _U, _K, _O = ClockCode, Unit, Kind, Owner
_LONGEST_SETTING = 366

_ROWS = (
    ClockRule(_C.REG, "登记期限", "received", 1, _U.WORKDAY, _O.REGISTRAR, "R-22-2", _K.CFG, setting="CF-1"),
    ClockRule(
        _C.DISPOSE, "信访部门处置期限", "node_received", 15, _U.DAY, _O.DISPATCHER, "R-22-1", article="第二十二条"
    ),
    ClockRule(_C.CHAIN, "逐级流转考核期限", "first_registered", 15, _U.DAY, _O.DISPATCHER, "R-22-10", _K.KPI),
    ClockRule(
        _C.NOTICE, "书面告知期限", "agency_received", 15, _U.DAY, _O.UNIT, "R-23-5", article="第二十三条第二款、第三款"
    ),
    ClockRule(_C.NOTICE_KPI, "书面告知考核期限", "first_registered", 30, _U.DAY, _O.UNIT, "K-2", _K.KPI),
    ClockRule(_C.OBJECT, "异议期限", "agency_received", 5, _U.WORKDAY, _O.UNIT, "R-23-6", article="第二十三条第三款"),
    ClockRule(
        _C.OBJ_DECIDE, "异议审核期限", "objection_filed", 3, _U.WORKDAY, _O.DISPATCHER, "R-23-8", _K.CFG, setting="CF-3"
    ),
    ClockRule(
        _C.HANDLE, "办理期限", "accepted", 60, _U.DAY, _O.UNIT, "R-34-1",
        article="第三十四条", only="RT6", max_extension=30,
    ),
    ClockRule(
        _C.EXTEND, "延长后的办理期限", "accepted", 90, _U.DAY, _O.UNIT, "R-34-2",
        article="第三十四条", only="RT6", max_extension=30,
    ),
    ClockRule(_C.SIMPLE, "简易办理期限", "accepted", 10, _U.WORKDAY, _O.UNIT, "PR-13", _K.PRACTICE),
    ClockRule(
        _C.ASSIGN_RPT, "交办反馈期限", "assigned", None, _U.DATE, _O.UNIT, "R-22-6",
        article="第二十二条第一款第三项", max_length=_LONGEST_SETTING,
    ),
    ClockRule(
        _C.ASK_REVIEW, "申请复查期限", "opinion_served", 30, _U.DAY, _O.PETITIONER, "R-35-1", article="第三十五条"
    ),
    ClockRule(_C.REVIEW, "复查期限", "review_received", 30, _U.DAY, _O.REVIEWER, "R-35-2", article="第三十五条"),
    ClockRule(
        _C.ASK_FINAL, "申请复核期限", "review_served", 30, _U.DAY, _O.PETITIONER, "R-36-1", article="第三十六条第一款"
    ),
    ClockRule(
        _C.FINAL, "复核期限", "final_received", 30, _U.DAY, _O.FINAL_REVIEWER, "R-36-2",
        article="第三十六条第一款", pause="hearing",
    ),
    ClockRule(
        _C.RATE, "满意度评价期限", "notice_or_opinion_served", 30, _U.DAY, _O.PETITIONER, "PR-21", _K.CFG,
        setting="CF-24",
    ),
    ClockRule(
        _C.FEEDBACK, "建议采纳情况反馈期限", "proposal_served", 30, _U.DAY, _O.UNIT, "R-40-4", _K.CFG, setting="CF-14"
    ),
    ClockRule(
        _C.URGENT, "紧急信息书面报告时限", "known", 2, _U.HOUR, _O.DISPATCHER, "R-25-3", _K.CFG,
        article="第二十五条", setting="CF-8",
    ),
    ClockRule(_C.CONSULT, "协商受理期限", "dispute_raised", 5, _U.WORKDAY, _O.UNIT, "R-24-5", _K.CFG, setting="CF-7"),
    ClockRule(
        _C.DESIGNATE, "指定受理期限", "consult_failed", 5, _U.WORKDAY, _O.SUPERIOR, "R-24-5", _K.CFG, setting="CF-7"
    ),
    ClockRule(
        _C.CONFERENCE, "联席会议协调期限", "referred_to_joint", 10, _U.WORKDAY, _O.CONFERENCE_OFFICE, "R-24-5", _K.CFG,
        setting="CF-7",
    ),
    ClockRule(
        _C.URGENT_ORAL, "紧急信息口头报告时限", "known", 1, _U.HOUR, _O.DISPATCHER, "R-25-3", _K.CFG,
        article="第二十五条", setting="CF-8",
    ),
    ClockRule(_C.SUPPLEMENT, "补正期限", "supplement_asked", 10, _U.DAY, _O.PETITIONER, "S09", _K.CFG, setting="CF-35"),
    ClockRule(_C.SIMPLE_PICK, "简易办理甄别期限", "accepted", 3, _U.WORKDAY, _O.UNIT, "PR-13", _K.PRACTICE),
    ClockRule(_C.SUGGEST, "建议答复期限", "accepted", 60, _U.DAY, _O.UNIT, "R-29-1", _K.CFG, only="A", setting="CF-9"),
    ClockRule(_C.DUTY, "履职答复期限", "accepted", 60, _U.DAY, _O.UNIT, "T27", _K.CFG, only="RT5", setting="CF-10"),
    ClockRule(_C.SERVE, "送达期限", "opinion_made", 5, _U.DAY, _O.UNIT, "S15", _K.CFG, setting="CF-18"),
    ClockRule(
        _C.REPORT_CHK, "办结报告审核期限", "report_filed", 5, _U.WORKDAY, _O.DISPATCHER, "S50", _K.CFG, setting="CF-36"
    ),
    ClockRule(_C.REDO, "退回补办期限", "report_returned", 15, _U.DAY, _O.UNIT, "S51", _K.CFG, setting="CF-36"),
    ClockRule(
        _C.REV_ADMIT, "复查申请审查期限", "review_received", 15, _U.DAY, _O.REVIEWER, "T36", _K.CFG, setting="CF-32"
    ),
    ClockRule(
        _C.REHANDLE, "重新办理期限", "rehandling_ordered", 60, _U.DAY, _O.UNIT, "S34", _K.CFG,
        max_length=60, setting="CF-33",
    ),
    ClockRule(
        _C.SUP_REPLY, "督办反馈期限", "supervision_served", 15, _U.DAY, _O.UNIT, "SV2", _K.CFG, setting="CF-30"
    ),
    ClockRule(_C.ARCHIVE, "归档期限", "concluded", 30, _U.DAY, _O.REGISTRAR, "T43", _K.CFG, setting="CF-37"),
)  # fmt: skip

CLOCKS: Mapping[ClockCode, ClockRule] = MappingProxyType({row.code: row for row in _ROWS})


def longest(rule: ClockRule) -> int:
    """The most days that may be set for a clock whose length is a setting."""
    return rule.max_length or _LONGEST_SETTING
