"""City, district and street in a row: what is played there, and what goes wrong at both lines at once.

The district is an end of both lines: a case that goes from the city to the street passes it, and so does everything
the street tells the city. Each fault hurts both lines, or all who serve them, in one moment.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.faults.harms import EVERYTHING, KILLED, WIPED, Fault, Scene, later
from tests.faults.pair import CITY, DISTRICT, STREET, Pair
from tests.faults.petitions import LATER, OPINION, REGISTRATION, SERVICE, Act, Kind

OFFICE = f"{STREET}.office"
ALL = (CITY, DISTRICT, STREET)
_HERE = {**REGISTRATION, "place": STREET}
_TO_DISTRICT = "case-received case-registered case-transferred case-delivered"
_TO_STREET = f"{_TO_DISTRICT} case-transferred case-delivered"


def _street(role: str, name: str, state: str, **facts: Any) -> Act:
    return Act(STREET, role, name, state, STREET, OFFICE if role in {"U", "UL"} else "", facts)


_REGISTERED = Act(CITY, "R", "register-case", "S01", CITY, facts=REGISTRATION)
_DOWN = (
    _REGISTERED,
    Act(CITY, "D", "transfer-case", "S02", CITY, facts={"to_node": DISTRICT}),
    Act(DISTRICT, "D", "transfer-case", "S02", DISTRICT, facts={"to_node": STREET, "to_unit": OFFICE}),
)
_ANSWERED = (
    _street("U", "accept-case", "S06"),
    _street("U", "classify-case", "S10", claims=[{"number": 1, "petition_class": "C", "route": "RT6"}]),
    _street("U", "submit-opinion", "S11", outcomes=[{"number": 1, "outcome": "SUPPORT"}], paper=OPINION),
    _street("UL", "sign-opinion", "S14", paper=OPINION),
    _street("U", "serve-opinion", "S15", service=SERVICE),
)
_OBJECTED = _street(
    "U", "object-to-transfer", "S06", proposed_organ=f"{DISTRICT}.housing", paper={"reasons": "x", "basis": "y"}
)

KINDS = (
    Kind(
        "through all three",
        CITY,
        4,
        (*_DOWN, *_ANSWERED),
        f"{_TO_STREET} case-accepted case-classified opinion-submitted opinion-signed opinion-served",
        ALL,
    ),
    Kind(
        "objected to at the street",
        CITY,
        2,
        (*_DOWN, _OBJECTED, Act(DISTRICT, "D", "uphold-objection", "S07", STREET, facts={"paper": {"reason": "ok"}})),
        f"{_TO_STREET} objection-filed objection-upheld case-returned",
        ALL,
    ),
    Kind(
        "assigned and reported",
        CITY,
        2,
        (
            _REGISTERED,
            Act(CITY, "D", "transfer-case", "S02", CITY, facts={"to_node": DISTRICT}),
            Act(
                DISTRICT,
                "D",
                "assign-case",
                "S02",
                DISTRICT,
                facts={"to_node": STREET, "to_unit": OFFICE, "report_due": LATER},
            ),
            *_ANSWERED,
            _street("U", "file-report", "S16", paper={"facts": "a", "result": "b"}),
            Act(DISTRICT, "D", "accept-report", "S50", STREET),
        ),
        f"{_TO_DISTRICT} case-assigned case-delivered case-accepted case-classified opinion-submitted opinion-signed"
        " opinion-served report-filed report-accepted",
        ALL,
    ),
    Kind(
        "of the street",
        STREET,
        4,
        (
            _street("R", "register-case", "S01", **_HERE),
            _street("D", "transfer-case", "S02", to_node=STREET, to_unit=OFFICE),
            _street("U", "accept-case", "S06"),
        ),
        f"{_TO_DISTRICT} case-accepted",
        ALL,
    ),
)


@dataclass(frozen=True)
class BothLines(Fault):
    """Both lines are cut, silent or reset at once, and heal one after the other."""

    do: Callable[[Any], None] = lambda proxy: proxy.cut()

    @property
    def name(self) -> str:
        return self.victim

    def strike(self, scene: Scene) -> None:
        later(scene.load, scene.chance.randrange(8, 25))
        lines = list(scene.pair.proxies.values())
        for line in lines:
            self.do(line)
        later(scene.load, scene.chance.randrange(4, 12))
        for line in scene.chance.sample(lines, len(lines)):
            line.heal()

    def disarm(self, pair: Pair) -> None:
        for line in pair.proxies.values():
            line.heal()


@dataclass(frozen=True, kw_only=True)
class Together(Fault):
    """Several processes die in one moment, with both lines cut before it if `dark`; then all come back."""

    dead: tuple[tuple[str, str], ...]
    dark: bool = False

    @property
    def name(self) -> str:
        return f"{self.victim} {self.harm}"

    def strike(self, scene: Scene) -> None:
        later(scene.load, scene.chance.randrange(8, 25))
        lines = list(scene.pair.proxies.values()) if self.dark else []
        for line in lines:
            line.cut()
        later(scene.load, 3 if self.dark else 0)
        for node, process in self.dead:
            scene.pair.kill(node, process)
        for node, process in self.dead:
            if process == "broker" and self.harm == WIPED:
                scene.pair.stack.broker_of(node).wipe()
        for node, process in sorted(self.dead, key=lambda one: EVERYTHING[::-1].index(one[1])):
            scene.pair.start(node, process)
        for line in lines:
            line.heal()

    def disarm(self, pair: Pair) -> None:
        for line in pair.proxies.values():
            line.heal()


def _everywhere(process: str) -> tuple[tuple[str, str], ...]:
    return tuple((node, process) for node in ALL)


_DISTRICT = tuple((DISTRICT, process) for process in EVERYTHING)

FAULTS: Sequence[Fault] = (
    BothLines(DISTRICT, "both lines", "cut in the middle of the work"),
    BothLines(DISTRICT, "both lines", "silent in the middle of the work", do=lambda proxy: proxy.silence()),
    BothLines(DISTRICT, "both lines", "reset in the middle of the work", do=lambda proxy: proxy.reset()),
    Together(DISTRICT, "all relays", "both lines cut", KILLED, dead=_everywhere("relay"), dark=True),
    Together(DISTRICT, "all services", "in the middle of the work", KILLED, dead=_everywhere("services")),
    Together(DISTRICT, "all brokers", "in the middle of the work", KILLED, dead=_everywhere("broker")),
    Together(DISTRICT, "the whole district", "between both lines", KILLED, dead=_DISTRICT),
    Together(DISTRICT, "the district's broker", "both lines cut", WIPED, dead=((DISTRICT, "broker"),), dark=True),
)
"""Each fault once."""
