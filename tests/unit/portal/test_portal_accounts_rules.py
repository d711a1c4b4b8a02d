"""Roles, how far they reach, and what a guesser meets."""

import pytest

from lianxi.casework.errors import Forbidden, Invalid
from lianxi.casework.messages.facts import Role
from services.portal.domain.accounts import AccountRole, Principal, Reach, Scope, check_place, may_read, narrowed
from services.portal.domain.limits import check_key, network_of
from services.portal.domain.sign_in import check_login, check_password, pause_after
from tests.unit.portal.offices import a_case


def a_person(role=AccountRole.DISPATCHER, node="630104", unit="", **more):
    return Principal(account_id="a1", login="li.na", role=role, node=node, unit=unit, **more)


@pytest.mark.parametrize(("written", "meant"), [("registrar", "registrar"), ("R", "registrar"), ("UL", "unit_head")])
def test_a_role_is_read_as_a_word_or_as_the_letter_of_the_rule_book(written, meant):
    assert AccountRole.parse(written) == meant


@pytest.mark.parametrize("written", ["", "boss", "r", "SYS", "P"])
def test_a_role_nobody_can_be_employed_for_is_refused(written):
    with pytest.raises(Invalid) as refusal:
        AccountRole.parse(written)

    assert refusal.value.field == "role"


def test_every_role_has_a_chinese_name_and_a_way_to_act():
    assert all(role.label for role in AccountRole)
    assert AccountRole.CASE_OFFICER.acts_as is Role.CASE_OFFICER
    assert AccountRole.ADMIN.acts_as is None


def test_a_supervisor_orders_in_the_place_of_the_departments_leader():
    assert a_person(AccountRole.SUPERVISOR).actor() == {"person": "a1", "role": "DL", "unit": "", "node": "630104"}


def test_reach_follows_the_role():
    assert a_person(AccountRole.CASE_OFFICER).reach is Reach.UNIT
    assert a_person(AccountRole.REGISTRAR).reach is Reach.NODE
    assert a_person(AccountRole.CONFERENCE_OFFICE).reach is Reach.SUBTREE


def test_a_token_does_only_what_it_was_made_for():
    person = a_person(scopes=frozenset({Scope.READ}))

    person.need(Scope.READ)
    with pytest.raises(Forbidden):
        person.need(Scope.ACT)


class TestPlaceOfAnAccount:
    def test_an_officer_of_a_unit_names_the_unit(self):
        assert check_place(AccountRole.CASE_OFFICER, "630104", "630104.Housing") == ("630104", "630104.housing")

    def test_an_officer_without_a_unit_is_refused(self):
        with pytest.raises(Invalid) as refusal:
            check_place(AccountRole.UNIT_HEAD, "630104", "")

        assert refusal.value.field == "unit"

    def test_a_unit_of_another_node_is_refused(self):
        with pytest.raises(Invalid):
            check_place(AccountRole.CASE_OFFICER, "630104", "630102.housing")


class TestReading:
    def test_a_case_officer_reads_what_the_own_unit_handles(self):
        mine = a_person(AccountRole.CASE_OFFICER, unit="630104.housing")
        neighbour = a_person(AccountRole.CASE_OFFICER, unit="630104.labour")

        assert may_read(mine, a_case())
        assert not may_read(neighbour, a_case())

    def test_a_registrar_reads_what_the_node_holds_or_had_a_part_in(self):
        here = a_person(AccountRole.REGISTRAR, node="630104")
        sender = a_person(AccountRole.REGISTRAR, node="630100")
        elsewhere = a_person(AccountRole.REGISTRAR, node="630102")

        assert may_read(here, a_case())
        assert may_read(sender, a_case())
        assert not may_read(elsewhere, a_case())

    def test_a_dispatcher_reads_the_whole_subtree_but_not_a_neighbour(self):
        assert may_read(a_person(node="630100"), a_case(holder="630104001", history=[]))
        assert not may_read(a_person(node="630102"), a_case(history=[]))

    def test_a_list_is_narrowed_to_the_own_unit(self):
        person = a_person(AccountRole.CASE_OFFICER, unit="630104.housing")

        assert narrowed(person, {"state": "S06"}) == {"state": "S06", "holder": "630104", "unit": "630104.housing"}

    @pytest.mark.parametrize(
        ("role", "wanted"),
        [
            (AccountRole.CASE_OFFICER, {"unit": "630104.labour"}),
            (AccountRole.CASE_OFFICER, {"under": "630104"}),
            (AccountRole.REGISTRAR, {"holder": "630104001"}),
            (AccountRole.DISPATCHER, {"holder": "630102"}),
            (AccountRole.DISPATCHER, {"under": "630100"}),
        ],
    )
    def test_a_list_beyond_the_own_reach_is_refused(self, role, wanted):
        with pytest.raises(Forbidden):
            narrowed(a_person(role, unit="630104.housing"), wanted)

    def test_a_list_of_a_node_with_a_broken_code_is_refused(self):
        with pytest.raises(Forbidden):
            narrowed(a_person(), {"holder": "x"})

    def test_a_dispatcher_lists_any_node_of_the_subtree(self):
        assert narrowed(a_person(), {"holder": "630104001"}) == {"holder": "630104001"}


class TestGuessing:
    def test_the_first_wrong_passwords_cost_nothing(self):
        assert [pause_after(count) for count in range(5)] == [0, 0, 0, 0, 0]

    def test_each_further_one_waits_longer_up_to_a_quarter_of_an_hour(self):
        pauses = [pause_after(count) for count in range(5, 30)]

        assert pauses[:4] == [15, 30, 60, 120]
        assert pauses == sorted(pauses)
        assert max(pauses) == 900

    @pytest.mark.parametrize("password", ["short", "a" * 30, "my-name-is-li.na", "x" * 201])
    def test_a_weak_password_is_refused(self, password):
        with pytest.raises(Invalid) as refusal:
            check_password(password, "li.na")

        assert refusal.value.field == "password"

    @pytest.mark.parametrize("login", ["", "a", "李娜", "a b", "a" * 65, "--", "a/b"])
    def test_a_login_is_plain(self, login):
        with pytest.raises(Invalid):
            check_login(login)

    def test_a_login_is_kept_in_lower_case(self):
        assert check_login(" Li.Na ") == "li.na"


class TestKeysAndAddresses:
    def test_a_key_has_sixteen_characters_whoever_asks(self):
        assert check_key("0123456789abcdef") == "0123456789abcdef"
        with pytest.raises(Invalid, match=r"Idempotency-Key.*16至128"):
            check_key("0123456789abcde")

    @pytest.mark.parametrize("key", ["", "short", "with space in it!", "中文编号" * 4, "a\nb" * 9, "k" * 129])
    def test_a_key_that_cannot_be_one_is_refused(self, key):
        with pytest.raises(Invalid):
            check_key(key)

    def test_an_ipv6_subscriber_is_one_address(self):
        assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2::9")
        assert network_of("10.0.0.1") != network_of("10.0.0.2")
        assert network_of("nonsense") == "unknown"
