"""What intake answers about personal data, and routing about blanking it, on an ordinary day."""

from typing import Any

CASE_NO = "63010400020260302W00012"
A_LOOK = {
    "position": 7,
    "at": "2026-03-03T10:00:00+08:00",
    "number": CASE_NO,
    "kind": "full",
    "what": "查看原文",
    "fields": ["name"],
    "contacts": 1,
    "person": "a-1",
    "role": "DL",
    "unit": "",
    "node": "630104",
    "reason": "电话核实情况",
    "digest": "0" * 64,
}


def personal_answers() -> dict[str, Any]:
    """Return the answers by door."""
    return {
        "intake.petitioner_names": lambda body: {
            "rows": [{"number": row["number"], "name": "马*兰"} for row in body["rows"]]
        },
        "intake.petitioner_masked": lambda body: {
            "number": body["number"],
            "anonymous": False,
            "viewer": body["viewer"],
            "petitioner": {"name": "马*兰", "phone": "139****0000"},
            "erased": False,
        },
        "intake.note_read": {"noted": True},
        "intake.reads": {"rows": [A_LOOK], "next": None},
        "intake.reads_of_petitioner": {
            "number": CASE_NO,
            "rows": [{name: A_LOOK[name] for name in ("at", "what", "node", "unit", "role", "reason")}],
        },
        "intake.person_contacts": {"numbers": [CASE_NO]},
        "intake.export_person": {
            "node": "630104",
            "contacts": [
                {
                    "number": CASE_NO,
                    "channel": "WEB",
                    "received_at": "2026-03-02T09:30:00+08:00",
                    "parts": ["petitioner"],
                    "others": 0,
                    "name": "马秀兰",
                    "phone": "13997000000",
                }
            ],
            "unfinished": [],
        },
        "intake.erase_person": {"erased": [CASE_NO], "unfinished": 0, "stays": ["案件经过"], "retention_years": 10},
        "routing.erase_texts": {"erased": 1},
    }
