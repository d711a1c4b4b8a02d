"""Row 4: how long after its filing at the city a petition can be read in the township's office.

Three nodes with all their processes. Petitions are filed over HTTP at the city, one after the other; the rules send
each to the district and on to the township's office by themselves. There a clerk asks for it over HTTP until it waits
for acceptance. The clock runs from before the filing to the end of that answer.
"""

import random
import time

from lianxi.ops.local.stack import Stack
from tests.bench.figures import Figure, Row, percentile
from tests.bench.ground import Bench, NotFinished
from tests.bench.web import LIMITS, OK, Client, done, tokens

CITY, DISTRICT, TOWNSHIP = "630100", "630104", "630104001"
PETITIONS = 120
WARM_UP = 5
LOOK = 0.02
PATIENCE = 60.0
SUBJECT = "西关大街物业不清运垃圾"
TEXT = "西关大街小区物业公司长期不清运垃圾，多次联系没有结果，请求督促物业公司整改。"


def measure_arrival(bench: Bench) -> list[Row]:
    """Seconds from filing at the city to the township's inbox, 95th percentile."""
    count = bench.size(PETITIONS, least=12) // bench.repetitions
    with bench.stack("arrival", [CITY, DISTRICT, TOWNSHIP], settings=LIMITS) as stack:
        stack.up()
        people = People(stack)
        for number in range(WARM_UP):
            people.travel(number)
        turns = []
        for turn in range(bench.repetitions):
            first = WARM_UP + turn * count
            turns.append([people.travel(number) for number in range(first, first + count)])
            bench.say(
                f"arrival {turn + 1}: p50 {percentile(turns[-1], 0.5):.2f} s, p95 {percentile(turns[-1], 0.95):.2f} s"
            )
    middle = percentile([seconds for turn in turns for seconds in turn], 0.5)
    return [
        Row(
            key="arrival",
            what=f"filed at the city → in the township's inbox, p95 of {count * bench.repetitions} petitions",
            unit="s",
            ours=Figure.of([percentile(turn, 0.95) for turn in turns]),
            target=1.0,
            at_most=True,
            note=f"p50 {middle:.2f} s",
        )
    ]


class People:
    """A petitioner at the city, a clerk in the township."""

    def __init__(self, stack: Stack) -> None:
        self._petitioner = Client(stack.node(CITY).portal_url)
        office = stack.node(TOWNSHIP)
        self._clerk = Client(office.portal_url, tokens(office, {"dispatcher": ""})["dispatcher"])

    def travel(self, number: int) -> float:
        """File one petition and wait until the township has it; return the seconds."""
        time.sleep(random.uniform(0.0, 0.5))  # so that no timer's beat is met every time
        began = time.perf_counter()
        case_no = done(self._petitioner.ask("POST", "/cases", _petition(number)))["number"]
        _seen(self._clerk, case_no, "S06", TOWNSHIP)
        return time.perf_counter() - began


def _seen(client: Client, case_no: str, state: str, holder: str) -> None:
    """Ask for a case until it shows a state at its holder."""
    deadline = time.perf_counter() + PATIENCE
    while time.perf_counter() < deadline:
        status, page = client.ask("GET", f"/cases/{case_no}")
        if status == OK and (page["state"], page["holder"]) == (state, holder):
            return
        time.sleep(LOOK)
    raise NotFinished(f"{case_no} did not get to {holder} in {state}: {status}")


def _petition(number: int) -> dict[str, object]:
    """Return a petition of somebody who has not come before."""
    who = {"name": "马海燕", "phone": f"1990{number:07d}", "address": f"西宁市城西区住址{number}号"}
    return {"subject": SUBJECT, "text": TEXT, "division": TOWNSHIP, "petitioner": who}
