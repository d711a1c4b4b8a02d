"""The clerks of three nodes, who take what the rules leave to them and send everything to where it is handled.

Each step works on what lies on a node's desk at that moment, over HTTP and with several hands, and is repeated until
nothing lies there any more. What no ordinary clerk may open (an accusation) stays sealed on its pile.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lianxi.ops.demo.stage import CITY, DISTRICT, TOWNSHIP
from lianxi.ops.demo.story import OFFICE, OPINION, RT6
from lianxi.ops.local.stack import Stack
from lianxi.runtime.clock import new_id
from tests.bench.ground import until
from tests.bench.web import Client, done, tokens
from tests.support.databases import Database

HANDS = 6
BELOW = {CITY: DISTRICT, DISTRICT: TOWNSHIP}
PAPER = {"matter": "群众诉求", "basis": "《信访工作条例》第二十二条"}
ROLES = {"registrar": "", "dispatcher": "", "department_leader": ""}
Act = Callable[["Clerks", str, str], None]


class Clerks:
    """People at the three nodes, with as many connections as there are hands."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.databases = {node.code: Database(stack.cluster, node.database) for node in stack.nodes}
        self._tokens = {node.code: tokens(node, ROLES) for node in stack.nodes}
        self._mine = threading.local()
        self._opened: list[Client] = []
        self._making = threading.Lock()
        # The same hands all the time: each keeps its connections, and a portal serves only so many at once.
        self._hands = ThreadPoolExecutor(HANDS)

    def act(self, node: str, role: str, case_no: str, act: str, **body: Any) -> None:
        """Carry out an act, once, however often it has to be asked for; NotFinished when it is refused."""
        done(self._client(node, role).ask("POST", f"/cases/{case_no}/acts/{act}", body, key=new_id()))

    def ask(self, node: str, role: str, path: str) -> Any:
        """Read something."""
        return done(self._client(node, role).ask("GET", path))

    def close(self) -> None:
        """Hang up."""
        self._hands.shutdown()
        for client in self._opened:
            client.close()

    def officer(self, unit: str, role: str = "case_officer") -> str:
        """Return a role by which somebody of this unit acts; the account is made when it is first needed."""
        node, name = unit.partition(".")[0], f"{role}:{unit}"
        with self._making:
            if name not in self._tokens[node]:
                made = tokens(self.stack.node(node), {role: unit})
                self._tokens[node][name] = made[role]
        return name

    def each(self, work: Callable[[Any], None], items: Iterable[Any]) -> None:
        """Do something for each item with several hands."""
        list(self._hands.map(work, items))

    def held(self, node: str, states: Sequence[str]) -> list[tuple[str, str, str]]:
        """Return number, state and unit of the cases a node holds in these states, oldest first."""
        query = (
            "SELECT case_no, state, unit FROM routing.case_file"
            " WHERE holder = %s AND state = ANY(%s) AND NOT in_transfer ORDER BY since"
        )
        return [(str(a), str(b), str(c)) for a, b, c in self.databases[node].query(query, node, list(states))]

    def sealed(self, node: str) -> set[str]:
        """Return the cases of a node that only named officers may open (GD-1)."""
        query = 'SELECT case_no FROM routing.case_file WHERE snapshot::text LIKE \'%%"petition_class": "B"%%\''
        return {str(number) for (number,) in self.databases[node].query(query)}

    def _client(self, node: str, role: str) -> Client:
        clients = self._mine.__dict__.setdefault("clients", {})
        if (node, role) not in clients:
            clients[node, role] = Client(self.stack.node(node).portal_url, self._tokens[node][role])
            self._opened.append(clients[node, role])
        found: Client = clients[node, role]
        return found


def distribute(clerks: Clerks, node: str) -> int:
    """Register and send on what lies on a node's desk; return how many acts it took."""
    sealed = clerks.sealed(node)
    new = [number for number, _, _ in clerks.held(node, ["S01"]) if number not in sealed]
    clerks.each(lambda case_no: _register(clerks, node, case_no), new)
    waiting = [number for number, _, _ in clerks.held(node, ["S02"]) if number not in clerks.sealed(node)]
    clerks.each(lambda case_no: _send_on(clerks, node, case_no), waiting)
    return len(new) + len(waiting)


def _register(clerks: Clerks, node: str, case_no: str) -> None:
    clerks.act(
        node,
        "registrar",
        case_no,
        "register-case",
        purpose="求决",
        petition_class="C",
        category=["其他"],
        place=TOWNSHIP,
        claims=[{"number": 1}],
        same_matter_checked=True,
    )


def _send_on(clerks: Clerks, node: str, case_no: str) -> None:
    below = BELOW.get(node)
    to_node, to_unit = (below, OFFICE if below == TOWNSHIP else "") if below else (node, OFFICE)
    clerks.act(node, "dispatcher", case_no, "transfer-case", to_node=to_node, to_unit=to_unit, paper=PAPER)


def accept(clerks: Clerks, node: str) -> None:
    """Accept everything that has reached a unit of a node, and say by which procedure it is handled."""

    def take(row: tuple[str, str, str]) -> None:
        case_no, _, unit = row
        officer = clerks.officer(unit)
        clerks.act(node, officer, case_no, "accept-case", paper={"path": "信访程序", "procedure": "调查核实后书面答复"})
        clerks.act(node, officer, case_no, "classify-case", claims=RT6)

    clerks.each(take, clerks.held(node, ["S06"]))


def reply(clerks: Clerks, node: str, unit: str, case_no: str, day: str) -> None:
    """Draft, sign and serve the opinion on a case."""
    officer = clerks.officer(unit)
    outcomes = [{"number": 1, "outcome": "SUPPORT"}]
    clerks.act(node, officer, case_no, "submit-opinion", outcomes=outcomes, paper=OPINION)
    clerks.act(node, clerks.officer(unit, "unit_head"), case_no, "sign-opinion", paper=OPINION)
    service = {"method": "direct", "served_on": day, "proof": "送达回证（签收页）"}
    clerks.act(node, officer, case_no, "serve-opinion", service=service)


def settle(clerks: Clerks) -> None:
    """Wait until no node has anything to send and no case is on its way."""
    unsent = " UNION ALL ".join(
        f"SELECT 1 FROM {schema}.outbox WHERE sent_at IS NULL AND unroutable_at IS NULL"
        for schema in ("intake", "routing", "supervision", "notify")
    )
    busy = f"SELECT 1 WHERE EXISTS ({unsent}) OR EXISTS (SELECT 1 FROM routing.case_file WHERE in_transfer)"
    for database in clerks.databases.values():
        until(lambda database=database: not database.query(busy), "everything was sent and delivered", every=0.5)
