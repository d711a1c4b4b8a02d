"""The clients of the filing benchmark, a process of their own: `python -m tests.bench.filers` reads its order.

Each client is a petitioner's browser with a connection of its own. Without a rate it files one petition after the
other; with one all of them together file so many a second, and a petition counts from the instant it was due, so a
node that falls behind cannot hide it. Nobody comes twice and no two say the same. Prints what happened as JSON.
"""

import json
import sys
import threading
import time
from collections import Counter
from http.client import HTTPException
from typing import Any

from tests.bench.matters import matter
from tests.bench.web import Client

FILED = 201
NO_ANSWER = "no answer"
WHEN_BUSY = frozenset({429, 503})


class Filer:
    """One client."""

    def __init__(self, order: dict[str, Any], number: int) -> None:
        self._client = Client(order["url"])
        self._number = number
        self._first = order["first"] + number * 10_000
        self._pause = order["clients"] / order["rate"] if order["rate"] else 0.0
        self._offset = self._pause * number / order["clients"]
        self.seconds: list[float] = []
        self.answers: Counter[str] = Counter()
        self.without_advice = 0
        self.longest = 0.0

    def work(self, begin: float, warm_up: float, until: float) -> None:
        """File from `begin` on until an instant; what was due in the warm-up is not counted."""
        filed = 0
        while True:
            now = time.monotonic()
            due = begin + self._offset + filed * self._pause if self._pause else max(now, begin)
            if due >= until:
                return
            time.sleep(max(0.0, due - now))
            status, answer = self._file(filed)
            filed += 1
            if due >= begin + warm_up:
                self._note(status, answer, time.monotonic() - due)

    def _file(self, filed: int) -> tuple[int, Any]:
        person = self._first + filed
        who = {"name": "马海燕", "phone": f"1991{person:07d}", "address": f"西宁市城西区住址{person}号"}
        try:
            return self._client.ask("POST", "/cases", {**matter(person), "petitioner": who})
        except (HTTPException, OSError):
            self._client.close()
            return 0, None

    def _note(self, status: int, answer: Any, seconds: float) -> None:
        self.longest = max(self.longest, seconds)
        if status == FILED:
            self.seconds.append(seconds)
        self.answers[str(status or NO_ANSWER)] += 1
        self.without_advice += status in WHEN_BUSY and not (answer or {}).get("retry_after")


def main() -> None:
    """Read the order, work, report."""
    order = json.load(sys.stdin)
    filers = [Filer(order, number) for number in range(order["clients"])]
    begin = time.monotonic() + 0.1
    until = begin + order["warm_up"] + order["seconds"]
    threads = [threading.Thread(target=filer.work, args=(begin, order["warm_up"], until)) for filer in filers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = {
        "seconds": [seconds for filer in filers for seconds in filer.seconds],
        "answers": sum((filer.answers for filer in filers), Counter()),
        "without_advice": sum(filer.without_advice for filer in filers),
        "longest": max(filer.longest for filer in filers),
    }
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main()
