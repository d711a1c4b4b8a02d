"""What supervision answers when a portal asks for the board."""

from typing import Any


def a_board() -> dict[str, Any]:
    """Return the picture of a district with a street that fell silent and one that never spoke."""
    said = {"waiting": 3.0, "oldest_waiting_seconds": 7200.0, "heartbeat_age_seconds": 4.0, "unacked": 0.0}
    told = {**said, "oldest_unacked_seconds": 0.0, "parked": 0.0, "notices_waiting": 1.0}
    fine = {"node": "630104", "link": "fine", "said_age_seconds": 12.0, "open": 41, "red": 2, "yellow": 5, "green": 30}
    silent = {"node": "630104001", "link": "silent", "said_age_seconds": 5400.0, "open": 7, "red": 1, "yellow": 0}
    lamps = {"red": 0, "yellow": 0, "green": 0}
    unheard = {"node": "630104002", "link": "unheard", "said_age_seconds": None, "open": 0, **lamps}
    untouched = {"untouched_oldest_seconds": None}
    counts = {"this_month": {"numerator": 45, "denominator": 50}, "last_month": {"numerator": 48, "denominator": 50}}
    nothing = {"numerator": 0, "denominator": 0}
    return {
        "node": "630104",
        "counted_at": "2026-03-02T10:14:30+08:00",
        "nodes": [
            {**fine, **untouched, **told, "unwell": []},
            {**silent, "green": 4, **untouched, **told, "parked": 2.0, "unwell": ["relay", "sweep"]},
            {**unheard, **untouched, **dict.fromkeys(told), "unwell": None},
        ],
        "clocks": [{"clock": "NOTICE", "title": "受理告知", "red": 3, "yellow": 5, "green": 34}],
        "cases": {"new": 4, "sent": 6, "handling": 30, "answered": 8, "review": 1, "ended": 120},
        "proposals": {"proposed": 2},
        "kpis": [
            {"node": "630104", "kpi": "K-4", "title": "按期答复率", **counts},
            {"node": "630104", "kpi": "K-9", "title": "及时转送率", "this_month": nothing, "last_month": nothing},
        ],
    }
