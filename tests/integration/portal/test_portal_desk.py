"""The dispatcher's desk over HTTP and as pages: piles, taking, proposing and deciding, many at once, stale views."""

import pytest

from services.portal.domain.answers import Answered
from tests.unit.portal.offices import ACCEPTED, CASE_NO, a_case, problem

API = "/api/v1"
TAKING = f"{API}/cases/{CASE_NO}/taking"
TRANSFER = {"to_node": "630104001"}

pytestmark = pytest.mark.database


def test_every_pile_is_shown_with_the_age_of_its_oldest(sign_in):
    person = sign_in("dispatcher")

    found, page = person.get(f"{API}/piles"), person.get("/desk/piles")

    assert (found.json["rows"][0]["cases"], found.json["oldest_age_seconds"]) == (2, 7200)
    assert "待分办" in page.text
    assert "2小时" in page.text


def test_a_pile_is_listed_with_what_colleagues_work_on(sign_in, offices):
    person = sign_in("dispatcher")

    rows, page = person.get(f"{API}/piles/dispatch?limit=20").json["rows"], person.get("/desk/piles/dispatch").text

    assert [row["taken"] for row in rows] == [False, True]
    assert "他人办理中，至10:45" in page
    assert offices.last("routing.pile")["actor"]["role"] == "D"


def test_an_officer_of_a_unit_sees_the_units_pile_and_not_the_office(sign_in, offices):
    person = sign_in("case_officer")

    assert person.get(f"{API}/piles/acceptance").status_code == 200
    assert offices.last("routing.pile")["actor"]["unit"] == "630104.housing"
    assert person.get(f"{API}/piles").status_code == 403
    assert person.get(f"{API}/proposed-acts").status_code == 403
    assert (
        person.post(f"{API}/acts", {"act": "accept-case", "cases": [{"case_no": CASE_NO}], "command": {}}).status_code
        == 403
    )


def test_a_case_is_taken_and_given_back(sign_in, offices):
    person = sign_in("dispatcher")

    taken = person.post(TAKING, {"over": False})
    back = person.client.delete(TAKING, headers=person.headers)

    assert (taken.status_code, taken.json["seq"], back.status_code) == (200, 5, 204)
    assert offices.last("routing.take")["over"] is False
    form = person.form(f"/desk/taking/{CASE_NO}", pile="dispatch", back="yes")
    assert (form.status_code, form.location) == (303, "/desk/piles/dispatch")
    assert person.form(f"/desk/taking/{CASE_NO}").location == f"/desk/cases/{CASE_NO}"


def test_a_case_a_colleague_works_on_is_refused_with_role_and_time(sign_in, offices):
    taken = problem("taken", 409, "正由另一位工作人员办理", role="D", until="2026-03-02T10:45:00+08:00")
    offices.answers["routing.take"] = Answered(taken)

    answer = sign_in("dispatcher").post(TAKING)

    assert (answer.status_code, answer.json["code"], answer.json["role"]) == (409, "taken", "D")


def test_an_act_is_proposed_once_and_decided_by_another(sign_in, offices):
    clerk, leader = sign_in("dispatcher"), sign_in("department_leader", "leader")
    body = {"act": "transfer-case", "command": TRANSFER, "note": "属地"}
    path = f"{API}/cases/{CASE_NO}/proposed-acts"

    made = [clerk.post(path, body, **{"Idempotency-Key": "proposal-000000001"}).json for _ in range(2)]
    listed = leader.get(f"{API}/proposed-acts").json["rows"]
    decided = leader.post(f"{API}/proposed-acts/p-1/decision", {"approve": True})

    assert made[0] == made[1] == {"id": "p-1", "case_no": CASE_NO, "seq": 5}
    assert offices.times("routing.propose") == 1
    assert offices.last("routing.propose")["command"]["to_node"] == "630104001"
    assert (listed[0]["act"], decided.status_code, decided.json["status"]) == ("transfer-case", 200, "done")
    assert offices.last("routing.decide")["actor"]["role"] == "DL"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"act": "take-back", "command": {}},
        {"act": "transfer-case", "command": {}},
        {"act": "transfer-case", "command": {"to_node": "nowhere"}},
        {"act": "transfer-case", "command": TRANSFER, "note": 1},
    ],
)
def test_what_is_no_act_is_not_proposed(sign_in, offices, body):
    answer = sign_in("dispatcher").post(f"{API}/cases/{CASE_NO}/proposed-acts", body)

    assert (answer.status_code, offices.times("routing.propose")) == (422, 0)


def test_the_proposed_acts_of_one_case_are_its_own(sign_in, offices):
    sign_in("case_officer").get(f"{API}/proposed-acts?case_no={CASE_NO}")

    assert offices.last("routing.proposed")["case_no"] == CASE_NO


def test_the_page_of_proposed_acts_says_what_would_happen_and_takes_the_decision(sign_in, offices):
    leader = sign_in("department_leader")

    page = leader.get("/desk/proposed").text
    done = leader.form("/desk/proposed/p-1", decision="approve", form_id="form-000000000001")
    offices.answers["routing.decide"] = Answered(problem("invalid", 422, "退回拟办意见应写明理由。", field="reason"))
    refused = leader.form("/desk/proposed/p-1", decision="return", form_id="form-000000000002")

    assert "送往节点" in page
    assert "西关大街街道" in page
    assert (done.status_code, offices.times("routing.decide")) == (303, 2)
    assert (refused.status_code, "应写明理由" in refused.text) == (422, True)


def test_the_form_of_an_act_can_be_handed_to_another_for_decision(sign_in, offices):
    offices.answers["routing.case"] = a_case(
        state="S02", unit="", acts=[{"act": "transfer-case", "transition": "T13", "label": "转送"}]
    )
    person = sign_in("dispatcher")
    path = f"/desk/cases/{CASE_NO}/acts/transfer-case"

    sent = person.form(path, to_node="630104001", propose="yes", form_id="form-000000000003", seq="5")

    assert (sent.status_code, offices.times("routing.act")) == (303, 0)
    assert offices.last("routing.propose")["command_type"] == "transfer-case"
    assert "已提请决定" in person.get(sent.location).text


def test_one_act_on_many_is_asked_once_with_each_version(sign_in, offices):
    person = sign_in("dispatcher")
    cases = [{"case_no": CASE_NO, "seq": 5}, {"case_no": ACCEPTED}]
    body = {"act": "transfer-case", "cases": cases, "command": TRANSFER}

    answers = [person.post(f"{API}/acts", body, **{"Idempotency-Key": "many-0000000000001"}) for _ in range(2)]

    assert [[row["status"] for row in answer.json["rows"]] for answer in answers] == [["done", "done"]] * 2
    assert offices.times("routing.act_on_many") == 1
    assert [row["expected_seq"] for row in offices.last("routing.act_on_many")["cases"]] == [5, None]


@pytest.mark.parametrize("cases", [[], [{"case_no": CASE_NO}] * 101, [{"case_no": "x"}], [{}]])
def test_many_are_one_to_a_hundred_that_exist(sign_in, offices, cases):
    answer = sign_in("dispatcher").post(f"{API}/acts", {"act": "transfer-case", "cases": cases, "command": TRANSFER})

    assert (answer.status_code, offices.times("routing.act_on_many")) == (422, 0)


def test_the_page_of_a_pile_sends_the_marked_ones_and_tells_each_outcome(sign_in, offices):
    person = sign_in("dispatcher")
    offices.answers["routing.act_on_many"] = {
        "rows": [
            {"case_no": CASE_NO, "seq": 6, "state": "S04", "status": "done", "documents": []},
            {"case_no": ACCEPTED, "status": "refused", "code": "taken", "detail": "正由另一位工作人员办理。"},
        ]
    }

    sent = person.form(
        "/desk/piles/dispatch/send", case_no=[CASE_NO, ACCEPTED], to_node="630104001", form_id="form-000000000004"
    )
    nothing = person.form("/desk/piles/dispatch/send", to_node="630104001")

    assert (sent.status_code, nothing.status_code) == (200, 422)
    assert "未办理，正由另一位工作人员办理。" in sent.text
    assert "已转送" in sent.text


def test_a_stale_act_says_who_did_what_since(sign_in, offices):
    change = {
        "seq": 6,
        "act": "T13",
        "label": "转送下级",
        "role": "D",
        "unit": None,
        "node": "630104",
        "at": "2026-03-02",
    }
    stale = problem("stale-version", 409, "案件已更新到第6步", seq=6, changes=[change])
    offices.answers["routing.act"] = Answered(stale)
    person = sign_in("case_officer")

    answer = person.post(f"{API}/cases/{CASE_NO}/acts/accept-case", {}, **{"If-Match": '"5"'})

    assert (answer.status_code, answer.json["changes"]) == (409, [change])
    assert offices.last("routing.act")["command"]["expected_seq"] == 5


def test_the_page_of_a_case_shows_dispute_helpers_and_relatives(sign_in, offices):
    linked = [{"case_no": ACCEPTED, "kind": "has-part-of", "state": "S02", "label": "已登记待处理", "holder": "630104"}]
    dispute = {"stage": "conference", "node": "630100", "parties": ["630104.housing", "630105.housing"]}
    offices.answers["routing.case"] = a_case(
        state="S08", dispute=dispute, assists=["630104.land"], designated="", linked=linked, late_objection=True
    )

    page = sign_in("dispatcher").get(f"/desk/cases/{CASE_NO}").text

    assert "等待联席会议协调" in page
    assert "630104.land" in page
    assert ACCEPTED in page
    assert "逾期提出异议" in page


def test_an_assisting_unit_reads_the_case(sign_in, offices):
    person = sign_in("case_officer")
    offices.answers["routing.case"] = a_case(unit="630104.land")
    assert person.get(f"{API}/cases/{CASE_NO}").status_code == 403

    offices.answers["routing.case"] = a_case(unit="630104.land", assists=["630104.housing"])

    assert person.get(f"{API}/cases/{CASE_NO}").json["assists"] == ["630104.housing"]


def test_a_final_reviewer_summons_to_a_hearing_by_its_form_and_sees_that_the_time_stands_still(sign_in, offices):
    acts = [{"act": "open-final-hearing", "transition": "T39", "label": "复核办理与听证"}]
    offices.answers["routing.case"] = a_case(state="S41", label="复核中", acts=acts)
    paused = {"clock": "FINAL", "title": "复核期限", "lamp": "", "status": "open", "paused_on": "2026-03-02"}
    clock = offices.answers["supervision.clocks"]["rows"][0]
    offices.answers["supervision.clocks"] = {"rows": [{**clock, **paused}]}
    person = sign_in("final_reviewer")
    path = f"/desk/cases/{CASE_NO}/acts/open-final-hearing"

    form = person.get(path).text
    short = person.form(path, form_id="form-000000000005", seq="5", **{"paper.time": "九时"})
    words = {f"paper.{name}": "写明" for name in ("time", "venue", "chair", "invited")}
    sent = person.form(path, form_id="form-000000000006", seq="5", **words)

    assert [label in form for label in ("听证时间", "听证地点", "主持人", "听证参加人")] == [True] * 4
    assert (short.status_code, sent.status_code) == (422, 303)
    asked = offices.last("routing.act")
    assert (asked["command_type"], set(asked["command"]["paper"])) == (
        "open-final-hearing",
        {"time", "venue", "chair", "invited"},
    )
    assert "听证中，暂停计算" in person.get(f"/desk/cases/{CASE_NO}").text


def test_the_form_that_ends_a_mediation_asks_for_the_agreement_or_for_what_stood_in_its_way(sign_in, offices):
    acts = [{"act": "close-mediation", "transition": "T29", "label": "调解、和解"}]
    offices.answers["routing.case"] = a_case(state="S13", label="调解和解中", acts=acts)
    person = sign_in("case_officer")
    path = f"/desk/cases/{CASE_NO}/acts/close-mediation"

    form = person.get(path).text
    failed = {"outcome": "failed", "paper.obstacle": "对赔偿数额不能一致"}
    sent = person.form(path, form_id="form-000000000007", seq="5", **failed)

    assert [word in form for word in ("达成和解协议", "协议内容", "未达成协议的原因")] == [True] * 3
    assert sent.status_code == 303
    assert offices.last("routing.act")["command"]["outcome"] == "failed"


def test_a_registrar_is_offered_urging_for_a_case_in_transfer_and_sees_what_waits(sign_in, offices):
    urge = {"act": "urge-case", "transition": "T55", "label": "催办"}
    waits = {"act": "urge-case", "label": "催办", "on": "2026-03-02", "role": "P", "state": "waiting", "to_node": ""}
    travelling = {"to_node": "630104001", "to_unit": "", "since": "2026-03-02T10:00:00+08:00"}
    offices.answers["routing.case"] = a_case(state="S04", acts=[urge], transfer=travelling, wishes=[waits])
    registrar = sign_in("registrar")

    seen = registrar.get(f"{API}/cases/{CASE_NO}").json
    shown = registrar.get(f"/desk/cases/{CASE_NO}").text

    assert (seen["acts"], seen["wishes"]) == (["urge-case"], [waits])
    assert f"/desk/cases/{CASE_NO}/acts/urge-case" in shown
    assert "待移交完成后办理" in shown
