"""The counting half of the performance indices K-1 to K-10, one query each, along an index of the ledger or the clocks.

Every query gives node, numerator, denominator of the node's own cases. A case is in the period in which its due day
lies: the day of registration plus the limit, unrolled (D-11). Cases merged into an earlier one are void (K-16), but
where petitions are counted and not matters (K-7, K-8). Ratings are by the day of the rating; who was not rated counts
on the last day for it (K-18).
"""

from services.supervision.domain.figures import OBSERVED_DAYS

_REGISTERED = "registered_on BETWEEN %(first)s::date - {days} AND %(last)s::date - {days} AND merged_into = ''"
_FIRST_LIMIT, _ORGAN_LIMIT = 15, 30
# What reached an organ without any petition department sending it was brought to the organ itself (T22).
_PETITION_COHORT = (
    _REGISTERED.format(days=_FIRST_LIMIT) + " AND NOT (organ_reached_on IS NOT NULL AND petition_accepted_on IS NULL)"
)
_ORGAN_COHORT = _REGISTERED.format(days=_ORGAN_LIMIT) + " AND organ_reached_on IS NOT NULL"
_ORGAN_DUE = f"registered_on + {_ORGAN_LIMIT}"


def _of_ledger(node: str, counted: str, cohort: str) -> str:
    return (
        f"SELECT {node}, count(*) FILTER (WHERE {counted}), count(*) FROM supervision.ledger"
        f" WHERE {cohort} AND {node} <> '' GROUP BY {node}"
    )


# A disposal that is not a transfer (merging, declining) leaves nothing that should have been transferred.
_TRANSFER_ACTS = "('T8', 'T9', 'T11', 'T12', 'T13', 'T14')"
_TO_TRANSFER = f"code = 'DISPOSE' AND (status = 'open' OR (status = 'closed' AND closed_act IN {_TRANSFER_ACTS}))"
_TARGET = """start + CASE WHEN length(node) > 6 THEN %(township)s WHEN node NOT LIKE '%%00' THEN %(district)s
                          ELSE %(city)s END"""
_DISPOSE_LIMIT = 15
_RATING_DAYS = 45  # from service to the last day for a rating, rolled over the longest holidays
_SATISFIED = "('satisfied', 'mostly')"
_PETITIONS = "registered_on BETWEEN %(first)s AND %(last)s"
_FIRST_TIME = "concluded_on BETWEEN %(first)s AND %(last)s AND repeat_of = ''"
_REPEATED = f"""EXISTS (SELECT 1 FROM supervision.ledger AS again
    WHERE again.repeat_of = ledger.case_no AND again.repeat_of <> ''
      AND again.registered_on BETWEEN ledger.registered_on AND ledger.concluded_on + {OBSERVED_DAYS})"""


def _ratings(node: str, rated: str) -> str:
    return _of_ledger(node, f"{rated}_rating IN {_SATISFIED}", f"{rated}_rated_on BETWEEN %(first)s AND %(last)s")


QUERIES: dict[str, str] = {
    "K-1": _of_ledger("registered_node", f"petition_accepted_on <= registered_on + {_FIRST_LIMIT}", _PETITION_COHORT),
    "K-2": _of_ledger("organ_node", f"accepted_on <= {_ORGAN_DUE}", _ORGAN_COHORT),
    "K-3.timely": _of_ledger("organ_node", f"accepted_on <= {_ORGAN_DUE}", _ORGAN_COHORT),
    "K-3.late": _of_ledger("organ_node", f"accepted_on > {_ORGAN_DUE}", _ORGAN_COHORT),
    "K-3.overdue": _of_ledger("organ_node", f"accepted_on IS NULL AND {_ORGAN_DUE} < %(today)s", _ORGAN_COHORT),
    "K-3.open": _of_ledger("organ_node", f"accepted_on IS NULL AND {_ORGAN_DUE} >= %(today)s", _ORGAN_COHORT),
    "K-4": _of_ledger(
        "organ_node", "replied_on <= reply_due", "reply_due BETWEEN %(first)s AND %(last)s AND merged_into = ''"
    ),
    "K-5": f"""
        SELECT node, count(*) FILTER (WHERE status = 'closed'), count(*) FROM supervision.clock
        WHERE code = 'RATE' AND raw_due BETWEEN %(first)s::date - {_RATING_DAYS} AND %(last)s::date + {_RATING_DAYS}
          AND (status = 'closed' AND closed_on BETWEEN %(first)s AND %(last)s
               OR status = 'open' AND legal_due < %(today)s AND legal_due BETWEEN %(first)s AND %(last)s)
        GROUP BY node
    """,
    "K-6.department": _ratings("registered_node", "department"),
    "K-6.unit": _ratings("organ_node", "unit"),
    "K-7": _of_ledger("registered_node", "repeat_of <> ''", _PETITIONS),
    "K-8": _of_ledger("registered_node", "lower(channel) = 'web'", _PETITIONS),
    "K-10": _of_ledger("coalesce(nullif(organ_node, ''), registered_node)", f"NOT {_REPEATED}", _FIRST_TIME),
    "K-9": f"""
        SELECT node, count(*) FILTER (WHERE closed_on <= raw_due), count(*) FROM supervision.clock
        WHERE {_TO_TRANSFER} AND raw_due BETWEEN %(first)s AND %(last)s GROUP BY node
    """,
    "K-9.target": f"""
        SELECT node, count(*) FILTER (WHERE closed_on <= due), count(*)
        FROM (SELECT node, closed_on, {_TARGET} AS due FROM supervision.clock
              WHERE {_TO_TRANSFER} AND raw_due BETWEEN %(first)s::date AND %(last)s::date + {_DISPOSE_LIMIT}) AS sent
        WHERE due BETWEEN %(first)s AND %(last)s GROUP BY node
    """,
}
