"""The counting half of the performance indices (law §3.3), one query each, along an index of the ledger or the clocks.

Every query gives node, numerator, denominator of the node's own cases. A case is in the period in which its due day
lies: the day of registration plus the limit, unrolled (D-11). Cases merged into an earlier one are void (K-16).
"""

_REGISTERED = "registered_on BETWEEN %(first)s::date - {days} AND %(last)s::date - {days} AND merged_into = ''"
_FIRST_LIMIT, _ORGAN_LIMIT = 15, 30
_PETITION_COHORT = _REGISTERED.format(days=_FIRST_LIMIT)
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
