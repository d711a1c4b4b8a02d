"""Whatever is asked of a case, by whomever and wherever: it is done whole and recorded, or refused by name.

Hypothesis plays offices that press every button. What comes back must replay to the same case, its chain must be
whole, every event must have its effect on the clocks, and nothing but a refusal may be raised.
"""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from lianxi.casework import chain
from lianxi.casework.case.evolve import replay
from lianxi.casework.errors import Refused
from lianxi.casework.messages import catalogue
from lianxi.casework.messages import commands as c
from lianxi.casework.messages.facts import (
    Actor,
    Claim,
    ClaimOutcome,
    Disposition,
    Outcome,
    PetitionClass,
    ProofOfService,
    Role,
    ServiceMethod,
)
from lianxi.casework.messages.mediation import MediationOutcome
from lianxi.casework.messages.petitioner import Rated, Rating
from lianxi.casework.messages.sorting import CasePart
from lianxi.casework.transitions import clock_effects, steps_for
from lianxi.contracts.schemas import dump
from lianxi.contracts.shapes import fields_of
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, OPINION, RT6, TOWNSHIP, Road

NODES = (TOWNSHIP, DISTRICT, CITY, "630105")
WORDS = (
    "new_facts",
    "evidence",
    "parties",
    "terms",
    "performance",
    "mediator",
    "obstacle",
    "time",
    "venue",
    "chair",
    "invited",
    "record",
    "conclusion",
    "reason",
    "reasons",
    "missing",
    "result",
    "organ",
    "consent",
    "minutes",
    "attended",
    "answer",
    "instruction",
)
PAPERS = ({**OPINION, **dict.fromkeys((*WORDS, "decided_by", "shown_by"), "写明")}, OPINION, {})
COMMANDS = tuple(catalogue.COMMANDS.values())
FIXED = {"channel": "WEB", "petitioner_key": "somebody", "purpose": "求决", "persons": 1, "code": "late", "into": "x"}
CHOICES = {
    "representatives": (0, 1, 6),
    "text_digest": ("digest", ""),
    "petition_class": (PetitionClass.RELIEF, PetitionClass.ACCUSATION),
    "category": (("城乡建设",), ()),
    "place": (TOWNSHIP, ""),
    "claims": (RT6, (Claim(number=1),), ()),
    "same_matter_checked": (True, False),
    "to_node": NODES,
    "to_unit": (OFFICE, "", f"{CITY}.office"),
    "direct": (False, True),
    "proposed_organ": (f"{DISTRICT}.housing", ""),
    "outcomes": ((ClaimOutcome(number=1, outcome=Outcome.SUPPORT),), ()),
    "ground": ("late", "no ground"),
    "disposition": tuple(Disposition),
    "free_will_recorded": (False, True),
    "days": (30, 0, 31),
    "rehandle_days": (60, 0, 61),
    "served": ("no number",),
    "parties": ((OFFICE, f"{DISTRICT}.housing"), (OFFICE,)),
    "lead": (OFFICE, f"{DISTRICT}.housing", "630105.office", ""),
    "earlier": ("63010000020260105X00003",),
    "to_organ": (f"{CITY}.office", OFFICE),
    "accused": ((f"{DISTRICT}.housing",), ()),
    "adoption": ("adopted", "maybe"),
    "parts": ((), (CasePart(claims=(2,), petition_class=PetitionClass.RELIEF, category=("民政",), place=CITY),)),
    "to_conference": (False, True),
    "rated": tuple(Rated),
    "rating": tuple(Rating),
    "outcome": tuple(MediationOutcome),
}


def drawn_field(draw, name, road):
    """One value of a command's field: mostly what helps the case along, sometimes what must be refused."""
    if name in FIXED:
        return FIXED[name]
    if name in CHOICES:
        return draw(st.sampled_from(CHOICES[name]))
    if name == "received_at":
        return road.now
    day = road.today + timedelta(days=draw(st.sampled_from((0, 1, -1, 40))))
    if name == "service":
        return ProofOfService(method=draw(st.sampled_from(ServiceMethod)), served_on=day, proof="回证")
    return day


def drawn_act(draw, road):
    """A command that its state may allow, and the node that carries it out."""
    fitting = [cls for cls in COMMANDS if any(road.case.state in step.start for _, step in steps_for(cls.MESSAGE.name))]
    cls = draw(st.sampled_from(fitting or COMMANDS))
    steps = [step for _, step in steps_for(cls.MESSAGE.name)]
    roles = sorted(draw(st.sampled_from(steps)).actors)
    node = draw(st.sampled_from((road.case.holder or CITY, *NODES)))
    actor = Actor(
        person=draw(st.sampled_from(("zhang", "li"))),
        role=draw(st.sampled_from((*roles, *roles, *Role))),
        unit=draw(st.sampled_from((road.case.unit, road.case.unit, OFFICE))),
        node=node,
    )
    asked = [field.name for field in fields_of(cls) if field.required and field.name not in {"case_no", "actor"}]
    if cls is c.DecideReview:
        asked.append("service")
    fields = {name: drawn_field(draw, name, road) for name in asked}
    command = cls(case_no=NUMBER, actor=actor, paper=draw(st.sampled_from(PAPERS)), **fields)
    places = (road.case.holder or node, road.case.transfer.to_node if road.case.transfer else node, node)
    return command, draw(st.sampled_from(places))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_act_is_done_whole_or_refused_by_name(data):
    road, refusals = Road().received().registered(), []

    for _ in range(25):
        command, node = drawn_act(data.draw, road)
        road.wait(data.draw(st.sampled_from((0, 0, 1, 15))))
        try:
            road.do(command, node)
        except Refused as refusal:
            refusals.append(refusal)

    assert replay(NUMBER, road.events) == road.case
    rows = [chain.ChainRow.of(event.head.seq, event.MESSAGE.name, dump(event)) for event in road.events]
    assert chain.verify(NUMBER, rows, chain.Head(road.case.seq, road.case.head_digest)) == []
    assert [clock_effects(event) for event in road.events]
    assert all(refusal.message and (refusal.rule or refusal.field) for refusal in refusals)
