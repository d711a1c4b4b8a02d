"""How much is let in, and what is forgotten again."""

from types import SimpleNamespace

import pytest
from waitress.adjustments import Adjustments

from services.portal.service import LONGEST_WAIT, WAITED, Request, Task
from services.portal.storage import open_books

PASSWORD = "correct-horse-9"
PETITION = {"subject": "路灯不亮", "text": "已有一周。", "petitioner": {"name": "李娜", "address": "西关大街1号"}}

pytestmark = pytest.mark.database


def statuses(client, times, method, path, **more):
    return [getattr(client, method)(path, **more).status_code for _ in range(times)]


def test_an_address_has_its_limit_and_is_told_when_to_come_back(limited_app):
    client = limited_app.test_client()

    assert statuses(client, 6, "get", "/api/v1/cases") == [401] * 4 + [429] * 2
    answer = client.get("/api/v1/cases")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert answer.content_type == "application/problem+json"


def test_another_address_is_not_held_up(limited_app):
    client = limited_app.test_client()
    statuses(client, 6, "get", "/api/v1/cases")

    assert client.get("/api/v1/cases", environ_base={"REMOTE_ADDR": "10.1.2.3"}).status_code == 401


@pytest.mark.parametrize(
    ("path", "body", "usual"),
    [
        ("/api/v1/cases", PETITION, 201),
        ("/api/v1/track", {"query_code": "x"}, 422),
        ("/api/v1/sessions", {"login": "nobody", "password": "x"}, 401),
    ],
)
def test_what_strangers_may_do_has_a_narrower_limit(limited_app, path, body, usual):
    assert statuses(limited_app.test_client(), 3, "post", path, json=body) == [usual, usual, 429]


def test_a_page_over_the_limit_is_a_page(limited_app):
    client = limited_app.test_client()
    statuses(client, 4, "get", "/")

    answer = client.get("/")

    assert answer.status_code == 429
    assert "请求过于频繁" in answer.text
    assert answer.headers["Retry-After"]


def test_colleagues_behind_one_address_are_counted_one_by_one(limited_app, sign_in):
    mine, other = sign_in(), sign_in("dispatcher", "ma.jun")
    cookies = [person.client.get_cookie("lianxi_session").value for person in (mine, other)]
    clients = [limited_app.test_client(), limited_app.test_client()]
    for client, cookie in zip(clients, cookies, strict=True):
        client.set_cookie("lianxi_session", cookie)

    assert statuses(clients[0], 6, "get", "/api/v1/me") == [200] * 5 + [429]
    assert clients[1].get("/api/v1/me").status_code == 200


def test_no_address_and_no_login_is_kept_in_clear(app, migrated):
    client = app.test_client()
    client.get("/", environ_base={"REMOTE_ADDR": "203.0.113.77"})
    client.post("/api/v1/sessions", json={"login": "some.body", "password": "x"})

    for table in ("request_count", "sign_in_failure"):
        kept = migrated.query(f"SELECT * FROM portal.{table}")
        assert kept, f"{table} is empty: nothing was looked at"
        assert "203.0.113.77" not in str(kept)
        assert "some.body" not in str(kept)


def test_what_has_no_use_any_more_is_forgotten(app, sign_in, migrated, engine):
    person = sign_in()
    person.post("/api/v1/cases/63010400020260302W00012/acts/accept-case", {}, **{"Idempotency-Key": "k-00000000000001"})
    app.test_client().post("/api/v1/sessions", json={"login": "nobody", "password": "x"})
    old = {
        "session": "expires_at = now() - interval '1 second'",
        "request_count": "minute = now() - interval '1 hour'",
        "sign_in_failure": "last_at = now() - interval '2 days'",
        "repeated_request": "created_at = now() - interval '3 days'",
    }
    for table, aging in old.items():
        assert migrated.query(f"SELECT count(*) > 0 FROM portal.{table}") == [(True,)]
        # several counts of one minute would collide: age one, delete the others
        if table == "request_count":
            migrated.query(
                "DELETE FROM portal.request_count WHERE ctid <> (SELECT min(ctid) FROM portal.request_count)"
            )
        migrated.query(f"UPDATE portal.{table} SET {aging}")

    with open_books(engine) as books:
        books.prune()

    assert [migrated.query(f"SELECT count(*) FROM portal.{table}") for table in old] == [[(0,)]] * 4


def test_what_is_still_of_use_stays(sign_in, engine):
    person = sign_in()

    with open_books(engine) as books:
        books.prune()

    assert person.get("/api/v1/me").status_code == 200


def test_what_queued_too_long_is_told_to_come_back_and_nothing_is_asked_for_it(app, offices):
    late = {WAITED: LONGEST_WAIT + 1}

    api = app.test_client().post("/api/v1/track", json={"query_code": "x"}, environ_overrides=late)

    assert (api.status_code, api.json["code"]) == (503, "overloaded")
    assert int(api.headers["Retry-After"]) > 0
    assert offices.asked == []


def test_the_server_tells_the_application_how_long_a_request_has_queued():
    parsed = Request(Adjustments())
    parsed.received(b"GET /track HTTP/1.1\r\nHost: city\r\n\r\n")
    parsed.arrived -= 5.0

    server = SimpleNamespace(adj=Adjustments(), server_name="city", effective_port=80)
    environment = Task(
        SimpleNamespace(server=server, addr=("127.0.0.1", 1), check_client_disconnected=bool), parsed
    ).get_environment()

    assert environment[WAITED] >= 5.0


def test_when_too_many_wait_already_the_next_is_sent_away_at_once(app, offices):
    app.extensions["waiting_requests"] = lambda: 201

    api, page = app.test_client().get("/api/v1/cases"), app.test_client().get("/")

    assert (api.status_code, api.json["code"]) == (503, "overloaded")
    assert int(api.headers["Retry-After"]) > 0
    assert page.status_code == 503
    assert "系统繁忙" in page.text
    assert offices.asked == []
