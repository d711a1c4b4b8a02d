"""The clients of the lifecycle benchmark, a process of their own: `python -m tests.bench.clients` reads its order.

Each of some threads works like an office with post in several trays: it files a petition, then takes the one it filed
a few petitions ago, which the node has had time to open, sends it to a unit, accepts it there and looks it up with
its query code. A call that comes before the case was opened is repeated and counted. Prints what happened as JSON.
"""

import json
import sys
import threading
import time
from collections import defaultdict, deque
from typing import Any

from tests.bench.web import OK, Client

TRAYS = 4
"""Petitions a thread has filed and not yet sent on."""

UNIT = "630100.transport"
NOT_YET = (404, 409)
PAUSE = 0.05
PATIENCE = 30.0
MATTER = {
    "subject": "公交车等车时间太长",
    "text": "西宁市公共汽车等车时间太长，请求公交公司加开班次，希望尽快解决。",
}


class Office:
    """One thread's worth of clients."""

    def __init__(self, order: dict[str, Any], number: int) -> None:
        self._order, self._number = order, number
        self._clients = {role: Client(order["url"], token) for role, token in order["tokens"].items()}
        self._petitioner = Client(order["url"])
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.finished: list[float] = []
        self.refused: dict[str, int] = defaultdict(int)
        self.early = 0
        self._begin = 0.0

    def work(self, begin: float, until: float) -> None:
        """Go on until an instant; calls that began before `begin` are the warm-up."""
        self._begin = begin
        trays: deque[dict[str, str]] = deque()
        filed = 0
        while time.monotonic() < until:
            receipt = self._file(filed)
            filed += 1
            if receipt:
                trays.append(receipt)
            if len(trays) > TRAYS:
                self._rest(trays.popleft())

    def _file(self, filed: int) -> dict[str, str] | None:
        # Nobody comes twice: name and address are enough to be recognised, and a repeat waits for a registrar.
        person = self._order["first"] + self._number * 10_000 + filed
        who = {"name": "马海燕", "phone": f"1991{person:07d}", "address": f"西宁市城西区住址{person}号"}
        answer: dict[str, str] | None = self._timed("file", self._petitioner, "/cases", {**MATTER, "petitioner": who})
        return answer

    def _rest(self, receipt: dict[str, str]) -> None:
        """Send it to a unit, accept it there, look it up."""
        acts = f"/cases/{receipt['number']}/acts"
        dispatched = {"to_node": self._order["node"], "to_unit": UNIT}
        done = (
            self._timed("dispatch", self._clients["dispatcher"], f"{acts}/transfer-case", dispatched)
            and self._timed("reply", self._clients["case_officer"], f"{acts}/accept-case", {})
            and self._timed("look up", self._petitioner, "/track", {"query_code": receipt["query_code"]})
        )
        if done:
            self.finished.append(time.monotonic())

    def _timed(self, call: str, client: Client, path: str, body: dict[str, Any]) -> Any:
        deadline = time.monotonic() + PATIENCE
        while True:
            began = time.monotonic()
            status, answer = client.ask("POST", path, body)
            if status // 100 == OK // 100:
                if began >= self._begin:
                    self.seconds[call].append(time.monotonic() - began)
                return answer
            if status not in NOT_YET or time.monotonic() > deadline:
                self.refused[f"{call} {status} {(answer or {}).get('code')}"] += 1
                return None
            self.early += 1
            time.sleep(PAUSE)


def main() -> None:
    """Read the order, work, report."""
    order = json.load(sys.stdin)
    offices = [Office(order, number) for number in range(order["threads"])]
    begin = time.monotonic() + order["warm_up"]
    end = begin + order["seconds"]
    threads = [threading.Thread(target=office.work, args=(begin, end)) for office in offices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    measured = [instant for office in offices for instant in office.finished if begin <= instant < end]
    seconds: dict[str, list[float]] = defaultdict(list)
    refused: dict[str, int] = defaultdict(int)
    for office in offices:
        for call, values in office.seconds.items():
            seconds[call].extend(values)
        for what, number in office.refused.items():
            refused[what] += number
    report = {
        "finished": sum(len(office.finished) for office in offices),
        "rate": len(measured) / order["seconds"],
        "seconds": seconds,
        "early": sum(office.early for office in offices),
        "refused": refused,
    }
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main()
