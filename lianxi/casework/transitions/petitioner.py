"""T54–T56: what a petitioner does while others handle the case, and T58, the call-back to who was dissatisfied.

None of it moves the case or stops a clock but the petitioner's own.
"""

from lianxi.casework.transitions.row import Transition, opening, step

_OPEN = "S01 S02 S03 S06 S07 S08 S09 S10 S11 S12 S13 S14 S15 S16 S30 S31 S32 S33 S34 S40 S41 S42 S43 S50 S51"
_RATEABLE = f"{_OPEN} S17 S18 S19 S60 S61 S62"
_CALLED_BACK = f"{_RATEABLE} S04 S05 S20 S21 S22 S23 S24 S63 S70"
"""A call-back is owed wherever the case has got to since the rating."""

ROWS: tuple[Transition, ...] = (
    Transition(
        id="T54",
        label="补充材料",
        article="19",
        steps=(step("add-material", _OPEN, "", "P R", "MaterialAdded", "material_stated", "补充材料"),),
    ),
    Transition(
        id="T55",
        label="催办",
        article="21(2)",
        steps=(step("urge-case", _OPEN, "", "P R", "CaseUrged", "not_urged_lately", "催办记录"),),
    ),
    Transition(
        id="T56",
        label="满意度评价",
        article="21(2)",
        limit="RATE",
        steps=(
            step(
                "rate-case",
                _RATEABLE,
                "",
                "P R",
                "CaseRated",
                "not_an_accusation rating_open rating_is_new",
                "",
                opening(closes="RATE"),
            ),
        ),
    ),
    Transition(
        id="T58",
        label="回访",
        article="21(2)",
        steps=(
            step(
                "record-call-back",
                _CALLED_BACK,
                "",
                "R D DL U UL",
                "CallBackRecorded",
                "call_back_here call_back_owed called_in_time call_back_told",
                "回访记录",
            ),
        ),
    ),
)
