"""The steps of T22: what a petitioner brings to a competent organ itself, and the two answers only this act knows.

One command opens the case: its receipt, its registration and its place at the organ are recorded together. No clock of
a petition department starts, because none has the case.
"""

from lianxi.casework.transitions.row import opening, step

_GUARDS = (
    "filed_at_own_organ facts_complete representatives_at_most_five class_not_accusing"
    " claims_given category_given place_given"
)
_FORM = "来访、来信、来电登记表"

DIRECT_FILINGS = (
    step(
        "file-at-organ",
        "S00",
        "S06",
        "U UL",
        "FiledAtOrgan",
        _GUARDS,
        _FORM,
        opening("NOTICE:filed_on", "NOTICE_KPI:registered_on"),
    ),
    step("file-at-organ", "S00", "S06", "U UL", "CaseReceived", _GUARDS, _FORM),
    step("file-at-organ", "S00", "S06", "U UL", "CaseRegistered", _GUARDS, _FORM),
    step(
        "forward-in-system",
        "S06",
        "S04",
        "U UL",
        "CaseTransferred",
        "own_unit filed_directly not_an_accusation lower_organ_of_own_system",
        "转送函、转送去向告知",
        opening(closes="NOTICE"),
    ),
    step(
        "tell-competent-organ",
        "S06",
        "S22",
        "U UL",
        "PetitionerGuided",
        "own_unit filed_directly not_an_accusation competent_organ_named",
        "向有权机关提出告知",
        opening("ARCHIVE:document.issued_on", closes="NOTICE NOTICE_KPI", cancels_all=True),
    ),
)

TAKEN_UP_AGAIN = step("refuse-transfer", "S04", "S06", "SYS", "TransferRefused", "", "", opening(reopens="NOTICE"))
"""T50: the lower organ's server could not take what an organ sent it; the organ has it as before."""
