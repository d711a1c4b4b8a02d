"""Who takes part: seeded by the settings, changed by the book, and who may leave when."""

from datetime import date

import pytest

from lianxi.casework.errors import Conflict
from lianxi.casework.identifiers import DivisionCode
from services.routing.domain.members import Member, Membership, Standing, Ties, check_change, newest

DISTRICT = DivisionCode("630104")
STREETS = frozenset({"630104001", "630104002"})
DAY = date(2026, 3, 2)
NO_TIES = Ties(open_by_state={})


def standing(node, how, day=DAY):
    return Member(node=node, parent="630104", standing=how, since=day)


def after(*changes, seeded=STREETS):
    return Membership(seeded, newest(changes))


def test_the_nodes_of_the_settings_take_part_until_the_book_says_otherwise():
    assert after().joined == STREETS
    assert after().children(DISTRICT) == STREETS
    assert after().takes_custody("630104001")
    assert not after().takes_custody("630104003")


def test_a_node_that_joins_has_a_link_and_takes_custody():
    members = after(standing("630104003", Standing.JOINED))

    assert members.children(DISTRICT) == STREETS | {"630104003"}
    assert members.takes_custody("630104003")


def test_a_node_that_is_leaving_keeps_its_link_and_takes_no_custody():
    members = after(standing("630104002", Standing.LEAVING))

    assert members.children(DISTRICT) == STREETS
    assert not members.takes_custody("630104002")


def test_a_node_that_left_has_neither_and_is_remembered_with_the_day():
    left = standing("630104002", Standing.LEFT, date(2026, 4, 1))
    members = after(standing("630104002", Standing.LEAVING), left)

    assert members.children(DISTRICT) == {"630104001"}
    assert not members.takes_custody("630104002")
    assert members.left == (left,)


def test_who_left_may_come_back():
    members = after(standing("630104002", Standing.LEFT), standing("630104002", Standing.JOINED))

    assert members.takes_custody("630104002")
    assert members.left == ()


def test_a_grandchild_is_a_member_and_no_child():
    city = after(standing("630104001", Standing.JOINED), seeded=frozenset({"630104"}))

    assert city.children(DivisionCode("630100")) == {"630104"}
    assert city.takes_custody("630104001")


def test_a_node_leaves_in_two_steps_only():
    with pytest.raises(Conflict) as refused:
        check_change(standing("630104002", Standing.JOINED), Standing.LEFT, NO_TIES)

    assert refused.value.code == "member-step"


def test_a_tied_node_may_not_leave_and_the_refusal_has_the_exact_numbers():
    ties = Ties(open_by_state={"S06": 2, "S11": 1}, in_transfer=1, unacked=7, unapplied=3)

    with pytest.raises(Conflict) as refused:
        check_change(standing("630104002", Standing.LEAVING), Standing.LEFT, ties)

    assert refused.value.rule == "GD-4"
    for said in ("持有未办结事项3件（S06 2件、S11 1件）", "移交途中1件", "未确认的帧7个", "未处理的帧3个"):
        assert said in refused.value.message


@pytest.mark.parametrize(
    "ties", [Ties(open_by_state={}, **{name: 1}) for name in ("directives", "below", "quarantined")]
)
def test_directives_nodes_below_and_quarantine_tie_as_well(ties):
    with pytest.raises(Conflict):
        check_change(standing("630104002", Standing.LEAVING), Standing.LEFT, ties)


def test_leaving_again_what_was_left_is_no_matter():
    check_change(standing("630104002", Standing.LEFT), Standing.LEFT, Ties(open_by_state={"S11": 1}))
    check_change(standing("630104002", Standing.LEAVING), Standing.LEFT, NO_TIES)
