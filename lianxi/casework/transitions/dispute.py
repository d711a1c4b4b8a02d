"""The steps of T19, T20 and T53: disputes about competence, their end, and the assisting units (Art. 24)."""

from lianxi.casework.transitions.row import Transition, opening, step

_SETTLED = opening("NOTICE:designated_on", closes="CONSULT DESIGNATE CONFERENCE", cancels="NOTICE OBJECT")

DISPUTES = (
    step(
        "raise-dispute",
        "S06",
        "S08",
        "U UL D",
        "DisputeRaised",
        "own_unit_or_window not_an_accusation not_designated two_organs_disagree dispute_reasoned",
        "管辖争议报告",
        opening("CONSULT:raised_on", cancels="OBJECT"),
    ),
    step(
        "refer-dispute",
        "S08",
        "S08",
        "U UL D DL",
        "DisputeReferred",
        "party_or_decider decided_inside_the_city reason_given",
        "提请指定报告",
        opening("DESIGNATE:referred_on", closes="CONSULT"),
    ),
    step(
        "refer-dispute",
        "S08",
        "S08",
        "U UL D DL",
        "DisputeReferredToConference",
        "party_or_decider decided_inside_the_city reason_given",
        "提请联席会议协调报告",
        opening("CONFERENCE:referred_on", closes="CONSULT DESIGNATE"),
    ),
    step(
        "escalate-returns",
        "S02",
        "S08",
        "SYS",
        "PingPongDetected",
        "",
        "",
        opening("CONFERENCE:detected_on"),
    ),
)

DESIGNATIONS = (
    step(
        "agree-on-organ",
        "S08",
        "S06",
        "U UL D",
        "OrganDesignated",
        "party_agrees lead_and_assists_known",
        "协商受理记录",
        _SETTLED,
    ),
    step(
        "designate-organ",
        "S08",
        "S06",
        "D DL",
        "OrganDesignated",
        "decided_by_superior lead_and_assists_known reason_given",
        "受理机关指定书",
        _SETTLED,
    ),
    step(
        "coordinate-dispute",
        "S08",
        "S06",
        "J JC",
        "OrganDesignated",
        "decided_by_conference lead_and_assists_known minutes_kept",
        "联席会议协调纪要",
        _SETTLED,
    ),
    step(
        "take-back",
        "S08",
        "S02",
        "SYS",
        "CaseReturned",
        "offered_to_this_node",
        "",
        opening(reopens="DISPOSE CHAIN", cancels="NOTICE OBJECT"),
    ),
)

ROWS = (
    Transition(
        id="T53",
        label="协办意见",
        article="24",
        steps=(
            step(
                "file-assist-opinion",
                "S06 S10 S11 S12 S13 S14 S15",
                "S06 S10 S11 S12 S13 S14 S15",
                "U UL",
                "AssistOpinionFiled",
                "assisting_unit assistance_written",
                "协办意见",
            ),
            step(
                "urge-assists",
                "S06 S10 S11 S12 S13 S14 S15",
                "S06 S10 S11 S12 S13 S14 S15",
                "U UL",
                "AssistsUrged",
                "own_unit assistance_missing",
            ),
        ),
    ),
)
