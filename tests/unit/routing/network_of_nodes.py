"""Three routing nodes in memory and the roads between them, with the first steps of many stories."""

from datetime import timedelta

from lianxi.casework.messages import commands as c
from lianxi.casework.messages.custody import CustodyOffered
from lianxi.casework.messages.notices import ContactRegistered
from services.routing.handlers import cases
from services.routing.handlers.delivery import deliver_all
from services.routing.handlers.directives import do
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, OPINION, RT6, TOWNSHIP, Road, an_actor
from tests.unit.routing.desk_of_routing import Node, a_finding, to

ROAD = Road()


def a_contact(node=CITY, number=NUMBER, **more):
    facts = {
        "contact_no": number,
        "node": node,
        "channel": "WEB",
        "received_at": ROAD.now,
        "entered_at": ROAD.now,
        "subject_sealed": "sealed 路面破损",
        "text_sealed": "sealed 请修路",
        "persons": 1,
        "representatives": 0,
        "anonymous": False,
        "petitioner_key": "key-1",
        "petitioner_sealed": "sealed",
    }
    return ContactRegistered(**{**facts, **more})


class Network:
    """Three nodes and the roads between them."""

    def __init__(self, city=None, district=None, township=None):
        self.nodes = {
            CITY: Node(CITY, city or a_finding(target=to(DISTRICT))),
            DISTRICT: Node(DISTRICT, district),
            TOWNSHIP: Node(TOWNSHIP, township),
        }
        self.city, self.district, self.township = self.nodes.values()

    def run(self):
        """Carry everything that was sent until nothing is on its way."""
        busy = True
        while busy:
            busy = False
            for code, node in self.nodes.items():
                for dest, message in node.take_sent():
                    busy = True
                    target = self.nodes[dest]
                    deliver_all(target, [(code, message)], target.here)
        return self

    def filed(self, node=CITY, **more):
        """File a contact at a node and let everything arrive."""
        at = self.nodes[node]
        cases.open_cases(at, [a_contact(node, **more)], at.here)
        return self.run()

    def act(self, node, command):
        """A clerk's act at a node."""
        at = self.nodes[node]
        done = do(at, command.MESSAGE.name, command, at.here)
        self.run()
        return done

    def transfer(self, node, to_node, unit="", **more):
        return self.act(
            node,
            c.TransferCase(case_no=NUMBER, actor=an_actor("D", node), to_node=to_node, to_unit=unit, **more),
        )

    def at_the_street(self):
        """City → district by rule, district → street by a dispatcher."""
        self.filed()
        self.transfer(DISTRICT, TOWNSHIP, OFFICE)
        return self

    def states(self):
        found = (node.cases.get(NUMBER) for node in self.nodes.values())
        return [case and (case.state.value, case.holder, case.seq) for case in found]


def object_to(network):
    paper = {"reasons": "非本单位职权", "basis": "三定"}
    network.act(
        TOWNSHIP,
        c.ObjectToTransfer(case_no=NUMBER, actor=an_actor("U"), paper=paper, proposed_organ=f"{DISTRICT}.housing"),
    )


def replied(network, *, assigned=False):
    if assigned:
        network.filed()
        due = network.district.clock.today() + timedelta(days=40)
        network.act(
            DISTRICT,
            c.AssignCase(
                case_no=NUMBER, actor=an_actor("D", DISTRICT), to_node=TOWNSHIP, to_unit=OFFICE, report_due=due
            ),
        )
    else:
        network.at_the_street()
    return answered(network)


def answered(network):
    """The street's office, which has the case, answers it."""
    outcome = (c.ClaimOutcome(number=1, outcome="SUPPORT"),)
    for command in (
        c.AcceptCase(case_no=NUMBER, actor=an_actor("U")),
        c.ClassifyCase(case_no=NUMBER, actor=an_actor("U"), claims=RT6),
        c.SubmitOpinion(case_no=NUMBER, actor=an_actor("U"), outcomes=outcome, paper=OPINION),
        c.SignOpinion(case_no=NUMBER, actor=an_actor("UL"), paper=OPINION),
        c.ServeOpinion(case_no=NUMBER, actor=an_actor("U"), service=Road().proof()),
    ):
        network.act(TOWNSHIP, command)
    return network


def offer_of(network):
    """The offer that the city has just sent."""
    cases.open_case(network.city, a_contact(), network.city.here)
    return next(m for _, m in network.city.sent if isinstance(m, CustodyOffered))
