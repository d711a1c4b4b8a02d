"""A petition of the containers' trial: filed on the web, and followed down to the street."""

import time
from collections.abc import Mapping

import requests

from lianxi.ops.demo.office import Office, StoryBroken, wait_for

PATIENCE = 180.0
PAPER = {"matter": "人行道破损", "basis": "《信访工作条例》第二十二条"}
TEXT = "西关大街北侧公交站旁的人行道地砖大面积松动，上周有老人被绊倒。请尽快修补路面。"


def file_petition(office: Office, number: int) -> str:
    """File on the web, again after an answer that says: later; return the number of the case."""
    body = {
        "subject": f"西关大街人行道地砖破损（{number}）",
        "text": TEXT,
        "division": "630104001",
        "petitioner": {"name": "刘得录", "phone": f"1990000{number:04d}", "address": f"西宁市住址{number}号"},
    }
    headers = {"Idempotency-Key": f"compose-{number}-{time.monotonic_ns()}"}

    def filed() -> str | None:
        try:
            answer = requests.post(f"{office.url}/api/v1/cases", json=body, headers=headers, timeout=30)
        except requests.RequestException:
            return None
        assert answer.status_code in {201, 429, 502, 503, 504}, answer.text
        return str(answer.json()["number"]) if answer.status_code == 201 else None

    return str(wait_for(filed, "登记成功", PATIENCE))


def at_the_street(city: Mapping[str, Office], number: str, within: float = PATIENCE) -> bool:
    """Follow a case down to the street; where no rule sends it on from the district, its dispatcher does."""
    district, street = city["630104"], city["630104001"]

    def seen_by(office: Office) -> dict[str, object]:
        page = office.try_ask("dispatcher", "GET", f"/cases/{number}")
        return dict(page.json()) if page.ok else {}

    def arrived() -> bool:
        try:
            if seen_by(street).get("state") == "S06":
                return True
            here = seen_by(district)
            if (here.get("state"), here.get("holder")) == ("S02", "630104") and not here.get("transfer"):
                onward = {"to_node": "630104001", "to_unit": "630104001.office", "paper": PAPER}
                district.try_ask("dispatcher", "POST", f"/cases/{number}/acts/transfer-case", json=onward)
        except (requests.RequestException, ValueError, StoryBroken):
            return False  # a part of it is down
        return False

    return bool(wait_for(arrived, f"{number} 到达街道", within))
