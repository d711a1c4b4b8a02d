"""The guards of the transition table, by name. Each says in Chinese why it refuses, or nothing.

A guard sees the case as it is, the command, and what is given from outside (`Given`): the moment, the node, its
organs, the calendar. General guards that hold for every act stand in `lianxi.casework.case.acts`. The modules here
follow those of `lianxi.casework.transitions`.
"""

from lianxi.casework.case.guards import (
    before_acceptance,
    direct_filing,
    dispute,
    final_review,
    handling,
    mediation,
    petitioner,
    review_and_end,
    sorting,
)
from lianxi.casework.case.guards.before_acceptance import transfer_kind
from lianxi.casework.case.guards.dispute import MINUTES_FIELDS
from lianxi.casework.case.guards.final_review import HEARING_FIELDS, SUMMONS_FIELDS
from lianxi.casework.case.guards.given import GUARDS, Given, Guard
from lianxi.casework.case.guards.handling import OPINION_FIELDS
from lianxi.casework.case.guards.mediation import AGREEMENT_FIELDS, CONSENT_FIELDS
from lianxi.casework.case.guards.petitioner import CALL_BACK_FIELDS
from lianxi.casework.case.guards.sorting import NEW_MATTER_FIELDS

__all__ = [
    "AGREEMENT_FIELDS",
    "CALL_BACK_FIELDS",
    "CONSENT_FIELDS",
    "GUARDS",
    "HEARING_FIELDS",
    "MINUTES_FIELDS",
    "NEW_MATTER_FIELDS",
    "OPINION_FIELDS",
    "SUMMONS_FIELDS",
    "Given",
    "Guard",
    "before_acceptance",
    "direct_filing",
    "dispute",
    "final_review",
    "handling",
    "mediation",
    "petitioner",
    "review_and_end",
    "sorting",
    "transfer_kind",
]
