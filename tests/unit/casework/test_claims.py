"""The claims of one case, each with its own class and route, also in the parts of a split (T52, R-31-8)."""

import pytest

from lianxi.casework.claims import of_part, settled
from lianxi.casework.messages.facts import Claim, PetitionClass, Route
from tests.support.builders import Road
from tests.unit.casework.test_sorting_acts import part, refused, split

MIXED = (
    Claim(number=1, petition_class=PetitionClass.RELIEF),
    Claim(number=2, petition_class=PetitionClass.SUGGESTION),
    Claim(number=3),
)


@pytest.mark.parametrize(
    "claims",
    [
        (Claim(number=4, petition_class=PetitionClass.RELIEF),),
        (Claim(number=1, route=Route.RT1), Claim(number=1, route=Route.RT2)),
        (Claim(number=2, petition_class=PetitionClass.SUGGESTION, route=Route.RT5),),
        (Claim(number=2, petition_class=PetitionClass.ACCUSATION),),
        (Claim(number=3, petition_class=PetitionClass.ACCUSATION),),
    ],
)
def test_t52_what_is_said_of_claims_is_of_this_case_and_hides_no_accusation(claims):
    road = Road().received().registered(claims=MIXED)

    refused("claims_settled_singly", split(road, part(2), claims=claims))


def test_t52_an_accusation_among_the_claims_goes_into_a_part_that_is_one():
    road = Road().received().registered(claims=MIXED)
    said = (Claim(number=3, petition_class=PetitionClass.ACCUSATION),)

    split(road, part(3, petition_class=PetitionClass.ACCUSATION), claims=said)()

    assert [claim.number for claim in road.case.claims] == [1, 2]


def test_t52_claims_that_stay_keep_their_class_and_take_what_is_settled_with_the_split():
    road = Road().received().registered(claims=MIXED)

    split(
        road, part(2), claims=(Claim(number=1, route=Route.RT5), Claim(number=3, petition_class=PetitionClass.RELIEF))
    )()

    assert road.case.claims == (
        Claim(number=1, petition_class=PetitionClass.RELIEF, route=Route.RT5),
        Claim(number=3, petition_class=PetitionClass.RELIEF),
    )


def test_t52_the_claims_of_a_part_keep_their_own_class_and_route_and_count_from_one():
    kept = (*MIXED, Claim(number=4, petition_class=PetitionClass.RELIEF, route=Route.RT2))

    assert of_part(kept, (4, 2, 3), PetitionClass.RELIEF) == (
        Claim(number=1, petition_class=PetitionClass.RELIEF, route=Route.RT2),
        Claim(number=2, petition_class=PetitionClass.SUGGESTION),
        Claim(number=3, petition_class=PetitionClass.RELIEF),
    )


def test_a_claim_that_turns_out_to_be_a_suggestion_loses_its_route():
    was = Claim(number=1, petition_class=PetitionClass.RELIEF, route=Route.RT6)

    [now] = settled([was], [Claim(number=1, petition_class=PetitionClass.SUGGESTION)])

    assert now == Claim(number=1, petition_class=PetitionClass.SUGGESTION)
