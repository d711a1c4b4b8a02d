"""Builders of cases and commands with quiet defaults, so that a test says only what it is about."""

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from lianxi.casework.case.acts import act
from lianxi.casework.case.guards import Given
from lianxi.casework.case.state import Case
from lianxi.casework.messages import commands as c
from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import (
    Actor,
    Claim,
    ClaimOutcome,
    Disposition,
    Outcome,
    PetitionClass,
    ProofOfService,
    Role,
    Route,
    ServiceMethod,
)
from lianxi.law import calendar_data

SHANGHAI = ZoneInfo("Asia/Shanghai")
CITY, DISTRICT, TOWNSHIP = "630100", "630104", "630104001"
OFFICE = f"{TOWNSHIP}.office"
NUMBER = "63010000020260302W00001"
CALENDAR = calendar_data.load()
OPINION = {"request": "修路", "facts": "属实", "opinion": "予以支持", "basis": "条例", "remedy": "三十日内可申请复查"}
RT6 = (Claim(number=1, petition_class=PetitionClass.RELIEF, route=Route.RT6),)


def an_actor(role: str, node: str = TOWNSHIP, unit: str = "", person: str = "") -> Actor:
    """Somebody in a role; an officer or head belongs to the office of the node unless said otherwise."""
    in_unit = unit or (f"{node}.office" if role in {"U", "UL"} else "")
    return Actor(person=person or f"{role.lower()}-{node}", role=Role(role), unit=in_unit, node=node)


class Road:
    """One case on its way: each method carries out an act at a node and on a day, and keeps the events."""

    def __init__(self, number: str = NUMBER, start: datetime | None = None) -> None:
        self.case = Case(case_no=number)
        self.events: list[CaseEvent] = []
        self.now = start or datetime(2026, 3, 2, 10, tzinfo=SHANGHAI)
        self._numbers = count(1)

    def wait(self, days: int) -> "Road":
        """Let days go by."""
        self.now += timedelta(days=days)
        return self

    @property
    def today(self) -> date:
        """The day it is."""
        return self.now.date()

    def given(self, node: str, **more: Any) -> Given:
        """What an act finds at a node now."""
        return Given(
            now=self.now,
            today=self.today,
            node=node,
            calendar=CALENDAR,
            issue=lambda kind: f"宁信{kind.value}〔{self.today.year}〕{next(self._numbers)}号",
            units=frozenset({f"{node}.office", f"{node}.housing"}),
            organs=lambda code: frozenset({f"{code}.office", f"{code}.housing"}),
            offer_id=more.pop("offer_id", "offer-1"),
            **more,
        )

    def do(self, command: c.Command, node: str, **more: Any) -> "Road":
        """Carry out a command at a node."""
        self.case, events = act(self.case, command, self.given(node, **more))
        self.events.extend(events)
        return self

    def received(self, node: str = CITY, channel: str = "WEB", **more: Any) -> "Road":
        """T1 or T2."""
        facts: dict[str, Any] = {
            "actor": an_actor("P", node),
            "channel": channel,
            "received_on": self.today,
            "received_at": self.now,
            "persons": 1,
            "representatives": 0,
            "text_digest": "digest",
            "petitioner_key": "somebody",
        }
        return self.do(c.ReceiveCase(case_no=self.case.case_no, **{**facts, **more}), node)

    def registered(self, node: str = CITY, **more: Any) -> "Road":
        """T3."""
        facts: dict[str, Any] = {
            "actor": an_actor("R", node),
            "purpose": "求决",
            "petition_class": PetitionClass.RELIEF,
            "category": ("城乡建设",),
            "place": TOWNSHIP,
            "claims": (Claim(number=1),),
            "same_matter_checked": True,
        }
        return self.do(c.RegisterCase(case_no=self.case.case_no, **{**facts, **more}), node)

    def transferred(self, node: str, to_node: str, to_unit: str = "", **more: Any) -> "Road":
        """T12 or T13."""
        command = c.TransferCase(
            case_no=self.case.case_no, actor=an_actor("D", node), to_node=to_node, to_unit=to_unit, **more
        )
        return self.do(command, node)

    def assigned(self, node: str, to_node: str, to_unit: str = "", days: int = 45, **more: Any) -> "Road":
        """T14."""
        command = c.AssignCase(
            case_no=self.case.case_no,
            actor=an_actor("D", node),
            to_node=to_node,
            to_unit=to_unit,
            report_due=self.today + timedelta(days=days),
            **more,
        )
        return self.do(command, node)

    def delivered(self, node: str) -> "Road":
        """T15 at the receiving node."""
        return self.do(c.DeliverCase(case_no=self.case.case_no, actor=an_actor("SYS", node)), node)

    def at_the_township(self, *, assigned: bool = False) -> "Road":
        """City → district → the township's office, waiting for acceptance."""
        self.received().registered().transferred(CITY, DISTRICT).delivered(DISTRICT)
        send = self.assigned if assigned else self.transferred
        return send(DISTRICT, TOWNSHIP, OFFICE).delivered(TOWNSHIP)

    def accepted(self, **more: Any) -> "Road":
        """T21."""
        return self.do(c.AcceptCase(case_no=self.case.case_no, actor=an_actor("U"), **more), TOWNSHIP)

    def handling(self, *, assigned: bool = False) -> "Road":
        """Accepted and classified on RT6 at the township."""
        self.at_the_township(assigned=assigned).accepted()
        return self.do(c.ClassifyCase(case_no=self.case.case_no, actor=an_actor("U"), claims=RT6), TOWNSHIP)

    def submitted(self) -> "Road":
        """T31, first half."""
        outcome = (ClaimOutcome(number=1, outcome=Outcome.SUPPORT),)
        command = c.SubmitOpinion(case_no=self.case.case_no, actor=an_actor("U"), outcomes=outcome, paper=OPINION)
        return self.do(command, TOWNSHIP)

    def signed(self) -> "Road":
        """T31, second half."""
        return self.do(c.SignOpinion(case_no=self.case.case_no, actor=an_actor("UL"), paper=OPINION), TOWNSHIP)

    def proof(self, **more: Any) -> ProofOfService:
        """A proof of service of today."""
        facts = {"method": ServiceMethod.DIRECT, "served_on": self.today, "proof": "回证-1"}
        return ProofOfService(**{**facts, **more})

    def served(self, **more: Any) -> "Road":
        """T32."""
        command = c.ServeOpinion(case_no=self.case.case_no, actor=an_actor("U"), service=self.proof(**more))
        return self.do(command, TOWNSHIP)

    def document_served(self, number: str, **more: Any) -> "Road":
        """T51."""
        command = c.RecordService(
            case_no=self.case.case_no, actor=an_actor("U"), served=number, service=self.proof(**more)
        )
        return self.do(command, TOWNSHIP)

    def replied(self, *, assigned: bool = False) -> "Road":
        """The opinion is made and served."""
        return self.handling(assigned=assigned).submitted().signed().served()

    def review_requested(self, **more: Any) -> "Road":
        """T35."""
        facts = {"actor": an_actor("P"), "received_on": self.today}
        return self.do(c.RequestReview(case_no=self.case.case_no, **{**facts, **more}), TOWNSHIP)

    def review_admitted(self) -> "Road":
        """T36."""
        return self.do(c.AdmitReview(case_no=self.case.case_no, actor=an_actor("RV", DISTRICT)), TOWNSHIP)

    def review_decided(self, disposition: Disposition = Disposition.UPHOLD, **more: Any) -> "Road":
        """T37."""
        facts: dict[str, Any] = {"actor": an_actor("RV", DISTRICT), "service": self.proof()}
        command = c.DecideReview(case_no=self.case.case_no, disposition=disposition, **{**facts, **more})
        return self.do(command, TOWNSHIP)

    def final_review_requested(self, **more: Any) -> "Road":
        """T38, after a review that upheld the opinion."""
        self.replied().review_requested().review_admitted().review_decided()
        facts: dict[str, Any] = {"actor": an_actor("P"), "received_on": self.today}
        return self.do(c.RequestFinalReview(case_no=self.case.case_no, **{**facts, **more}), TOWNSHIP)

    def last_instance(self, cls: type[c.Command], paper: str = "", **more: Any) -> "Road":
        """An act of the city's final reviewer (T39, T40, T49) that says each word of `paper`."""
        facts: dict[str, Any] = {"actor": an_actor("FV", CITY), "paper": dict.fromkeys(paper.split(), "写明")}
        return self.do(cls(case_no=self.case.case_no, **{**facts, **more}), TOWNSHIP)
