"""The page of the directory: any node's organs on any day, with what a clerk wants to know before sending a case."""

from services.portal.domain.accounts import AccountRole as A
from services.portal.handlers.access import digest
from tests.unit.portal.gate import gate, person

HOUSING = {
    "code": "630104.housing",
    "slug": "housing",
    "name": "城西区住房和城乡建设局",
    "competence": ["城乡建设/工程质量", "城乡建设/物业管理"],
    "assists": ["环境保护"],
    "serves": ["630104001"],
    "leader_on_record": "马局长",
    "hours": "周一至周五 09:00-17:00",
    "substitute": "labour",
    "since": "2026-02-01",
}
LABOUR = {**HOUSING, "code": "630104.labour", "slug": "labour", "name": "城西区人社局", "substitute": "", "since": ""}


def office(role=A.CASE_OFFICER):
    made, who = gate(), person(role)
    made.people[digest(who.login)] = who
    asked = []

    def units(body):
        asked.append(body)
        return {"node": body.get("node"), "on": body.get("on") or "2026-03-02", "rows": [HOUSING, LABOUR]}

    made.offices.answers["routing.units"] = units
    headers = {"Authorization": f"Bearer {who.login}"}
    return asked, lambda path: made.client.get(path, headers=headers)


def test_the_page_shows_the_organs_of_ones_own_node_today_with_all_that_is_known_of_them():
    asked, look = office()

    page = look("/desk/units/")

    assert asked == [{"node": "630104"}]
    for words in (
        "城乡建设/物业管理",
        "环境保护",
        "马局长",
        "周一至周五 09:00-17:00",
        "城西区人社局",
        "自2026年2月1日",
    ):
        assert words in page.text
    assert "2026年3月2日的单位" in page.text
    assert "/desk/units/630104.housing" in page.text


def test_the_organs_of_another_node_on_another_day_are_asked_for_and_its_history_is_no_business_of_this_one():
    asked, look = office()

    page = look("/desk/units/?node=630100&on=2026-01-05")

    assert asked == [{"node": "630100", "on": "2026-01-05"}]
    assert "2026年1月5日" in page.text
    assert "/desk/units/630104.housing" not in page.text


def test_a_day_that_does_not_exist_is_told_at_its_box():
    asked, look = office()

    page = look("/desk/units/?on=2026-02-30")

    assert (page.status_code, asked) == (422, [])
    assert 'value="2026-02-30"' in page.text
    assert "没有这一天" in page.text


def test_the_api_takes_the_day_too():
    asked, look = office()

    answer = look("/api/v1/units?node=630104&on=2026-01-05")

    assert asked == [{"node": "630104", "on": "2026-01-05"}]
    assert (answer.json["on"], answer.json["rows"][0]["hours"]) == ("2026-01-05", HOUSING["hours"])


def test_the_history_of_an_organ_is_told_change_by_change():
    made, who = gate(), person(A.DISPATCHER)
    made.people[digest(who.login)] = who
    row = {
        "number": 1,
        "valid_from": "2026-02-01",
        "valid_to": None,
        "facts": {"leader_on_record": "李局长", "closed": True, "competence": ["民政"]},
        "reason": "机构改革",
        "recorded_by": "li",
        "recorded_at": "2026-01-20T09:00:00+08:00",
    }
    made.offices.answers["routing.unit_history"] = {"unit": "630104.housing", "seed": HOUSING, "rows": [row]}

    page = made.client.get("/desk/units/630104.housing", headers={"Authorization": f"Bearer {who.login}"})

    for words in (
        "城西区住房和城乡建设局",
        "负责人：李局长",
        "撤销：是",
        "主管的内容：民政",
        "机构改革",
        "自2026年2月1日",
    ):
        assert words in page.text
