"""Handing the open cases of a leaving node to another one, by the acts of custody that the regulation has.

Where an organ is dissolved, the one that goes on with its work accepts (Art. 24(2), R-24-4). The road is the one of a
dispute about competence: the organ that has the case states that it will be gone and names its successor (T19), the
common superior, or where there is none the joint conference, designates that (T20), and custody passes by the ordinary
handshake. It is open until acceptance (S02, S06, S08). A case that was accepted is finished by whoever accepted it,
one that is not registered yet needs a clerk first: such cases are named and keep the node from leaving.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lianxi.bus.calls import Calls
from lianxi.casework.messages.facts import Role
from lianxi.ops.membership.site import Site, of_stack, waited
from lianxi.ops.membership.steps import MembershipRefused, Step

PORTION = 200
OPEN_ROAD = frozenset({"S02", "S06", "S08"})
ACCUSATION = "B"
CONFERENCE = "conference"
BASIS = "《信访工作条例》第二十四条第二款"
REASON = "本节点停止运行，由继续行使其职权的单位受理"


@dataclass(frozen=True, kw_only=True)
class Handing:
    """From whom to whom, who signs, and how long to wait for each case."""

    site: Site
    leaving: str
    to: str
    by: str
    child: Calls
    seconds: float

    def organ(self, node: str) -> str:
        """Return the organ of a node that takes or has the cases: the first of the directory."""
        rows = self.site.routing("units", node=node)["rows"]
        if not rows:
            raise MembershipRefused(f"{node} has no organ in the directory that could take a case [R-24-4]")
        return str(rows[0]["code"])

    def steps(self) -> Iterator[Step]:
        """One step for each case that can be handed over now."""
        for row in open_cases(self.site, self.leaving):
            if row["state"] in OPEN_ROAD and row["petition_class"] != ACCUSATION:
                yield self._step(str(row["case_no"]), str(row["state"]))

    def _step(self, case_no: str, state: str) -> Step:
        title = f"{case_no} ({state}) handed over to {self.to} by designation (T19, T20)"
        return Step(self.leaving, title, lambda: self._has_gone(case_no), lambda: self._hand(case_no))

    def _has_gone(self, case_no: str) -> bool:
        """Whether the leaving node's parent sees the case elsewhere; where it goes from there others may see only."""
        seen = self.site.routing("case", case_no=case_no)
        return seen["holder"] != self.leaving and not seen["transfer"]

    def _hand(self, case_no: str) -> None:
        own, successor = self.organ(self.leaving), self.organ(self.to)
        there = self._there(case_no)
        if there["state"] == "S02":
            paper = {"matter": case_no, "target": own, "basis": BASIS}
            self._act("transfer-case", case_no, to_node=self.leaving, to_unit=own, paper=paper)
            there = self._there(case_no)
        if there["state"] == "S06":
            paper = {"reasons": REASON, "basis": BASIS}
            self._act("raise-dispute", case_no, parties=[there["unit"], successor], paper=paper)
            there = self._there(case_no)
        if there["state"] == "S08" and there["dispute"]["stage"] == "consult":
            self._act("refer-dispute", case_no, paper={"reason": REASON})
            there = self._there(case_no)
        if there["state"] == "S08":
            self._decide(case_no, successor, there["dispute"])
        if not waited(lambda: self._has_gone(case_no), self.seconds):
            raise MembershipRefused(f"{case_no} has not left {self.leaving} yet: repeat this command [R-24-4]")

    def _there(self, case_no: str) -> dict[str, Any]:
        return self.child.call("routing", "case", {"case_no": case_no})

    def _act(self, act: str, case_no: str, **more: Any) -> None:
        actor = {"person": self.by, "role": Role.DISPATCHER.value, "unit": "", "node": self.leaving}
        command = {"case_no": case_no, "actor": actor, **more}
        self.child.call("routing", "act", {"command_type": act, "command": command})

    def _decide(self, case_no: str, successor: str, dispute: dict[str, Any]) -> None:
        """Designate the successor's organ at the node that decides, once it knows of the dispute."""
        stage, node = dispute["stage"], dispute["node"]
        site = self._site_of(node)
        if not waited(lambda: _stage(site, case_no) == stage, self.seconds):
            raise MembershipRefused(f"{node} has not heard of the dispute about {case_no} yet: repeat this command")
        if not waited(lambda: self.to in {node, *site.routing("members")["joined"]}, self.seconds):
            raise MembershipRefused(f"{node} has not heard that {self.to} joined: repeat this command [GD-4]")
        if stage == CONFERENCE:
            act, role = "coordinate-dispute", Role.CONFERENCE_OFFICE
            paper = {"attended": f"{self.leaving}、{self.to}", "minutes": REASON}
        else:
            act, role, paper = "designate-organ", Role.DISPATCHER, {"reason": REASON}
        actor = {"person": self.by, "role": role.value, "unit": "", "node": node}
        command = {"case_no": case_no, "actor": actor, "lead": successor, "paper": paper}
        site.routing("act", command_type=act, command=command)
        arrived = waited(lambda: site.routing("case", case_no=case_no)["holder"] == self.to, self.seconds)
        if site is not self.site:
            site.calls.close()
        if not arrived:
            raise MembershipRefused(f"{case_no} has not arrived at {self.to} yet: repeat this command [R-24-4]")

    def _site_of(self, node: str) -> Site:
        if node == self.site.code:
            return self.site
        if self.site.stack is None:
            raise MembershipRefused(
                f"{node} decides who takes the case: let it decide there (T20), then repeat [R-24-3]"
            )
        return of_stack(self.site.stack, node)


def open_cases(site: Site, node: str) -> Iterator[dict[str, Any]]:
    """Go through the open cases that a node holds, as its parent knows them."""
    after = ""
    while rows := site.routing("member_cases", node=node, after=after, limit=PORTION)["rows"]:
        yield from rows
        after = str(rows[-1]["case_no"])


def _stage(site: Site, case_no: str) -> str:
    dispute = site.routing("case", case_no=case_no).get("dispute") or {}
    return str(dispute.get("stage", ""))
