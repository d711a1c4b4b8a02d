"""The page of a case for whoever opens it: what is theirs to do, for whom it waits, what was told in plain words."""

from dataclasses import replace

import pytest

from lianxi.casework.messages.facts import CaseState
from services.notify.domain.deliveries import Fate, State
from services.portal.domain.accounts import AccountRole as A
from services.portal.domain.next_steps import WAITS_FOR, waits_for
from services.portal.domain.notice_words import OUTCOMES, STATES, addressee_in_words, reason_in_words
from services.portal.handlers.access import digest
from tests.unit.portal.gate import gate, person
from tests.unit.portal.offices import CASE_NO, a_case

CASE = f"/desk/cases/{CASE_NO}"


def page(role, path=CASE, *, categories=(), **case):
    """Return what somebody of a role reads of a case."""
    portal = gate()
    app = portal.client.application
    app.extensions["portal"] = replace(app.extensions["portal"], categories=categories)
    portal.offices.answers["routing.case"] = a_case(**case)
    who = person(role)
    portal.people[digest(who.login)] = who
    return portal.client.get(path, headers={"Authorization": f"Bearer {who.login}"}).text


def test_who_has_nothing_to_do_is_told_for_whom_the_case_waits():
    text = page(A.DISPATCHER, state="S01", acts=[])

    assert "您现在没有要办理的。本事项正等待：<strong>登记人员登记</strong>" in text


def test_who_has_something_to_do_is_not_told_of_others():
    assert "正等待" not in page(A.CASE_OFFICER)


def test_what_a_petitioner_says_at_the_window_stands_apart_from_the_own_acts():
    acts = [{"act": "urge-case", "transition": "T55", "label": "催办"}]

    text = page(A.REGISTRAR, state="S11", unit="", acts=acts)

    assert "代信访人登记：催办" in text
    assert "承办人办理，并提交处理意见书稿" in text


def test_the_catalogue_is_offered_where_a_category_is_typed():
    acts = [{"act": "register-case", "transition": "T3", "label": "登记"}]
    text = page(A.REGISTRAR, f"{CASE}/acts/register-case", categories=("城乡建设/供热",), state="S01", acts=acts)

    assert 'list="categories"' in text
    assert '<option value="城乡建设/供热">' in text


def test_what_only_writes_down_a_call_asks_for_a_name_and_proposes_nothing():
    call = page(A.CASE_OFFICER, f"{CASE}/acts/record-call-back")
    opinion = page(A.CASE_OFFICER, f"{CASE}/acts/submit-opinion")

    assert '<input type="text" id="paper.caller"' in call
    assert '<textarea id="paper.said"' in call
    assert "作为拟办意见提请决定" in opinion
    assert "作为拟办意见提请决定" not in call


def test_every_state_is_a_state_and_only_what_has_ended_waits_for_nobody():
    assert set(WAITS_FOR) <= set(CaseState)
    assert waits_for({"state": "S70"}) == ""
    assert waits_for({"state": "S06", "transfer": {"to_node": "630104001"}}) == "对方节点签收"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("no-address", "没有可用的地址"),
        ("smtp-550", "邮件服务器答复550"),
        ("sms-503", "短信网关答复503"),
        ("sms-unreachable (ConnectTimeout)", "短信网关无法连接"),
        ("something new", "something new"),
        ("", ""),
    ],
)
def test_a_reason_is_told_in_words_and_an_unknown_one_as_it_is(code, words):
    assert reason_in_words(code) == words


def test_states_outcomes_and_addressees_have_words():
    assert [addressee_in_words(letter) for letter in ("P", "D", "U", "?")] == ["信访人", "分办人员", "承办人", "?"]
    assert set(STATES) == set(State)
    assert set(OUTCOMES) == set(Fate)
