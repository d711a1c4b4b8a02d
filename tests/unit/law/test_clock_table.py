"""The clock table says what the regulation and the office's settings say."""

import pytest

from lianxi.law.clocks import CLOCKS, ClockCode, Kind, Unit, longest

# code, start event, length, unit, owner, kind, rule
TABLE = """
REG         received                 1    workday R        cfg       R-22-2
DISPOSE     node_received            15   day     D        statutory R-22-1
CHAIN       first_registered         15   day     D        kpi       R-22-10
NOTICE      agency_received          15   day     U        statutory R-23-5
NOTICE_KPI  first_registered         30   day     U        kpi       K-2
OBJECT      agency_received          5    workday U        statutory R-23-6
OBJ_DECIDE  objection_filed          3    workday D        cfg       R-23-8
HANDLE      accepted                 60   day     U        statutory R-34-1
EXTEND      accepted                 90   day     U        statutory R-34-2
SIMPLE      accepted                 10   workday U        practice  PR-13
ASSIGN_RPT  assigned                 None date    U        statutory R-22-6
ASK_REVIEW  opinion_served           30   day     P        statutory R-35-1
REVIEW      review_received          30   day     RV       statutory R-35-2
ASK_FINAL   review_served            30   day     P        statutory R-36-1
FINAL       final_received           30   day     FV       statutory R-36-2
RATE        notice_or_opinion_served 30   day     P        cfg       PR-21
FEEDBACK    proposal_served          30   day     U        cfg       R-40-4
URGENT      known                    2    hour    D        cfg       R-25-3
CONSULT     dispute_raised           5    workday U        cfg       R-24-5
DESIGNATE   consult_failed           5    workday superior cfg       R-24-5
CONFERENCE  referred_to_joint        10   workday J        cfg       R-24-5
URGENT_ORAL known                    1    hour    D        cfg       R-25-3
SUPPLEMENT  supplement_asked         10   day     P        cfg       S09
SIMPLE_PICK accepted                 3    workday U        practice  PR-13
SUGGEST     accepted                 60   day     U        cfg       R-29-1
DUTY        accepted                 60   day     U        cfg       T27
SERVE       opinion_made             5    day     U        cfg       S15
REPORT_CHK  report_filed             5    workday D        cfg       S50
REDO        report_returned          15   day     U        cfg       S51
REV_ADMIT   review_received          15   day     RV       cfg       T36
REHANDLE    rehandling_ordered       60   day     U        cfg       S34
SUP_REPLY   supervision_served       15   day     U        cfg       SV2
ARCHIVE     concluded                30   day     R        cfg       T43
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]
ARTICLES = {
    "DISPOSE": "第二十二条",
    "NOTICE": "第二十三条第二款、第三款",
    "OBJECT": "第二十三条第三款",
    "HANDLE": "第三十四条",
    "EXTEND": "第三十四条",
    "ASSIGN_RPT": "第二十二条第一款第三项",
    "ASK_REVIEW": "第三十五条",
    "REVIEW": "第三十五条",
    "ASK_FINAL": "第三十六条第一款",
    "FINAL": "第三十六条第一款",
    "URGENT": "第二十五条",
    "URGENT_ORAL": "第二十五条",
}
SETTINGS = {
    "CF-1": ["REG"],
    "CF-3": ["OBJ_DECIDE"],
    "CF-7": ["CONSULT", "DESIGNATE", "CONFERENCE"],
    "CF-8": ["URGENT", "URGENT_ORAL"],
    "CF-9": ["SUGGEST"],
    "CF-10": ["DUTY"],
    "CF-14": ["FEEDBACK"],
    "CF-18": ["SERVE"],
    "CF-24": ["RATE"],
    "CF-30": ["SUP_REPLY"],
    "CF-32": ["REV_ADMIT"],
    "CF-33": ["REHANDLE"],
    "CF-35": ["SUPPLEMENT"],
    "CF-36": ["REPORT_CHK", "REDO"],
    "CF-37": ["ARCHIVE"],
}


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_row_is_as_the_rule_book_has_it(row):
    rule = CLOCKS[ClockCode(row[0])]

    assert [rule.code, rule.starts_on, str(rule.length), rule.unit, rule.owner, rule.kind, rule.rule] == row


def test_no_clock_is_missing_and_none_is_added():
    assert [row[0] for row in ROWS] == list(CLOCKS) == list(ClockCode)


def test_every_statutory_clock_names_its_article():
    assert {code.value: rule.article for code, rule in CLOCKS.items() if rule.article} == ARTICLES
    assert all(rule.article for rule in CLOCKS.values() if rule.kind is Kind.STATUTORY)


def test_every_setting_names_its_clocks():
    named = {setting: [] for setting in SETTINGS}
    for code, rule in CLOCKS.items():
        if rule.setting:
            named[rule.setting].append(code.value)

    assert named == SETTINGS


def test_c1_and_c5_only_one_clock_is_extended_and_only_one_is_paused():
    assert {code for code, rule in CLOCKS.items() if rule.max_extension} == {ClockCode.HANDLE, ClockCode.EXTEND}
    assert {code for code, rule in CLOCKS.items() if rule.pause} == {ClockCode.FINAL}
    assert {code: rule.only for code, rule in CLOCKS.items() if rule.only} == {
        ClockCode.HANDLE: "RT6",
        ClockCode.EXTEND: "RT6",
        ClockCode.SUGGEST: "A",
        ClockCode.DUTY: "RT5",
    }


def test_lengths_are_set_by_the_office_only_where_the_regulation_is_silent():
    settable = {code for code, rule in CLOCKS.items() if rule.length_is_set}

    assert settable == {
        code
        for code, rule in CLOCKS.items()
        if code is ClockCode.ASSIGN_RPT or (rule.kind is Kind.CFG and rule.unit is not Unit.HOUR)
    }
    assert all(CLOCKS[code].setting for code in settable - {ClockCode.ASSIGN_RPT})
    assert longest(CLOCKS[ClockCode.REHANDLE]) == 60
    assert longest(CLOCKS[ClockCode.ARCHIVE]) == 366


def test_the_table_cannot_be_changed_by_who_reads_it():
    with pytest.raises(TypeError):
        CLOCKS[ClockCode.HANDLE] = CLOCKS[ClockCode.EXTEND]
