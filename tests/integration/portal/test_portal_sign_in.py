"""Accounts, sessions, tokens: over HTTP, on real tables."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lianxi.casework.errors import Conflict, Invalid, Unknown
from services.portal.domain.accounts import Scope
from services.portal.handlers import access
from services.portal.schemas.requests import SESSION_COOKIE
from services.portal.service import create_app

PASSWORD = "correct-horse-9"
CASE = "/api/v1/cases/63010400020260302W00012"

pytestmark = pytest.mark.database


def credentials(login="wang.li", password=PASSWORD):
    return {"login": login, "password": password}


@pytest.fixture
def account(ports):
    return access.add_account("wang.li", PASSWORD, "U", ("630104", "630104.housing"), ports)


@pytest.mark.usefixtures("account")
def test_a_password_is_stored_as_an_argon2_hash_only(migrated):
    (stored,) = migrated.query("SELECT password_hash FROM portal.account")[0]

    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored


@pytest.mark.usefixtures("account")
def test_signing_in_opens_a_session_that_scripts_and_other_sites_cannot_use(app):
    answer = app.test_client().post("/api/v1/sessions", json=credentials())

    cookie = answer.headers["Set-Cookie"]
    assert answer.status_code == 201
    assert answer.json["role"] == "case_officer"
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", "Path=/"))


@pytest.mark.usefixtures("account")
def test_behind_https_the_cookie_is_for_https_only(ports):
    answer = create_app(ports, https=True).test_client().post("/api/v1/sessions", json=credentials())

    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.usefixtures("account")
def test_the_database_holds_no_secret_of_a_session(app, migrated):
    client = app.test_client()
    client.post("/api/v1/sessions", json=credentials())

    (kept,) = migrated.query("SELECT digest FROM portal.session")[0]
    assert client.get_cookie("lianxi_session").value not in kept


@pytest.mark.parametrize("wrong", [{"login": "wang.li", "password": "x"}, {"login": "nobody", "password": PASSWORD}])
@pytest.mark.usefixtures("account")
def test_a_wrong_login_and_a_wrong_password_are_told_alike(app, wrong):
    answer = app.test_client().post("/api/v1/sessions", json=wrong)

    assert answer.status_code == 401
    assert answer.json["code"] == "wrong-credentials"
    assert "Bearer" in answer.headers["WWW-Authenticate"]


@pytest.mark.usefixtures("account")
def test_after_a_few_wrong_passwords_even_the_right_one_has_to_wait(app, migrated):
    client = app.test_client()
    for _ in range(5):
        assert client.post("/api/v1/sessions", json=credentials(password="guess")).status_code == 401

    locked = client.post("/api/v1/sessions", json=credentials())
    assert locked.status_code == 429
    assert 0 < int(locked.headers["Retry-After"]) <= 15

    migrated.query("UPDATE portal.sign_in_failure SET open_at = now() - interval '1 second'")
    assert client.post("/api/v1/sessions", json=credentials()).status_code == 201
    assert migrated.query("SELECT count(*) FROM portal.sign_in_failure") == [(0,)]


@pytest.mark.usefixtures("account")
def test_guessing_at_a_login_that_does_not_exist_is_slowed_down_as_well(app):
    client = app.test_client()
    answers = [client.post("/api/v1/sessions", json=credentials(login="nobody")).status_code for _ in range(6)]

    assert answers == [401] * 5 + [429]


@pytest.mark.parametrize(
    "aging",
    [
        "UPDATE portal.session SET expires_at = now() - interval '1 second'",
        "UPDATE portal.session SET seen_at = now() - interval '3 hours'",
        "UPDATE portal.account SET disabled_at = now()",
    ],
)
def test_a_session_ends(sign_in, migrated, aging):
    person = sign_in()
    assert person.get("/api/v1/me").status_code == 200

    migrated.query(aging)

    assert person.get("/api/v1/me").status_code == 401


def test_a_session_in_use_is_noted_so_that_it_does_not_end(sign_in, migrated):
    person = sign_in()
    migrated.query("UPDATE portal.session SET seen_at = now() - interval '1 hour'")

    person.get("/api/v1/me")

    assert migrated.query("SELECT seen_at > now() - interval '1 minute' FROM portal.session") == [(True,)]


def test_signing_out_ends_the_session(sign_in):
    person = sign_in()

    assert person.client.delete("/api/v1/sessions", headers=person.headers).status_code == 204
    assert person.get("/api/v1/me").status_code == 401


def test_a_change_by_cookie_needs_the_token_of_our_own_pages(sign_in, offices):
    person = sign_in()

    for headers in ({}, {"X-CSRF-Token": "guess"}, {"X-CSRF-Token": "中文".encode().decode("latin-1")}):
        answer = person.client.post(f"{CASE}/acts/accept-case", json={}, headers=headers)
        assert answer.status_code == 403
        assert answer.json["rule"] == "csrf"
    assert offices.times("routing.act") == 0


class TestTokens:
    def issue(self, person, *scopes, days=30):
        answer = person.post("/api/v1/tokens", {"name": "台账导出", "scopes": list(scopes), "days": days})
        assert answer.status_code == 201, answer.text
        return answer.json

    def test_a_token_is_shown_once_and_kept_as_a_digest(self, sign_in, migrated):
        person = sign_in()
        made = self.issue(person, "read")

        assert made["token"].startswith("lianxi_")
        assert made["token"] not in str(migrated.query("SELECT * FROM portal.api_token"))
        listed = person.get("/api/v1/tokens").json["rows"]
        assert [row["id"] for row in listed] == [made["id"]]
        assert "token" not in listed[0]

    def test_two_requests_under_one_key_at_the_same_instant_make_one_token(self, sign_in, app):
        person = sign_in()
        wanted, others = {"name": "台账导出", "scopes": ["read"], "days": 30}, 6
        together = threading.Barrier(others)
        cookie = person.client.get_cookie(SESSION_COOKIE).value

        def ask(_number):
            client = app.test_client()
            client.set_cookie(SESSION_COOKIE, cookie)
            together.wait()
            headers = {"X-CSRF-Token": person.csrf, "Idempotency-Key": "one-token-0123456789"}
            return client.post("/api/v1/tokens", json=wanted, headers=headers)

        with ThreadPoolExecutor(others) as pool:
            answers = list(pool.map(ask, range(others)))

        assert [answer.status_code for answer in answers] == [201] * others, answers[0].text
        [made] = {answer.json["token"] for answer in answers}
        [row] = person.get("/api/v1/tokens").json["rows"]
        assert {answer.json["id"] for answer in answers} == {row["id"]}
        me = app.test_client().get("/api/v1/me", headers={"Authorization": f"Bearer {made}"})
        assert me.status_code == 200

    def test_a_token_acts_without_cookie_and_without_csrf(self, app, sign_in):
        made = self.issue(sign_in(), "read", "act")

        answer = app.test_client().post(
            f"{CASE}/acts/accept-case", json={}, headers={"Authorization": f"Bearer {made['token']}"}
        )

        assert answer.status_code == 200

    def test_a_token_does_no_more_than_its_scopes(self, app, sign_in):
        bearer = {"Authorization": f"Bearer {self.issue(sign_in(), 'read')['token']}"}
        client = app.test_client()

        assert client.get(CASE, headers=bearer).status_code == 200
        refused = client.post(f"{CASE}/acts/accept-case", json={}, headers=bearer)
        assert (refused.status_code, refused.json["rule"]) == (403, "scope")

    def test_a_token_cannot_make_a_stronger_one(self, app, sign_in):
        bearer = {"Authorization": f"Bearer {self.issue(sign_in(), 'read')['token']}"}

        answer = app.test_client().post("/api/v1/tokens", json={"name": "x", "scopes": ["act"]}, headers=bearer)

        assert answer.status_code == 422

    @pytest.mark.parametrize(
        "ending",
        [
            "UPDATE portal.api_token SET expires_at = now() - interval '1 second'",
            "UPDATE portal.api_token SET revoked_at = now()",
            "UPDATE portal.account SET disabled_at = now()",
        ],
    )
    def test_a_token_ends(self, app, sign_in, migrated, ending):
        bearer = {"Authorization": f"Bearer {self.issue(sign_in(), 'read')['token']}"}
        migrated.query(ending)

        answer = app.test_client().get(CASE, headers=bearer)

        assert answer.status_code == 401
        assert "令牌" in answer.json["detail"]

    def test_a_token_is_revoked_by_its_owner_only(self, sign_in):
        mine, other = sign_in(), sign_in("dispatcher", "ma.jun")
        made = self.issue(mine, "read")

        assert other.client.delete(f"/api/v1/tokens/{made['id']}", headers=other.headers).status_code == 404
        assert mine.client.delete(f"/api/v1/tokens/{made['id']}", headers=mine.headers).status_code == 204
        assert mine.get("/api/v1/tokens").json["rows"] == []

    @pytest.mark.parametrize("days", [0, 367])
    def test_a_token_does_not_live_for_ever(self, sign_in, days):
        answer = sign_in().post("/api/v1/tokens", {"name": "x", "scopes": ["read"], "days": days})

        assert answer.status_code == 422

    @pytest.mark.parametrize(
        "header", ["Bearer", "Bearer x", "Basic d2FuZzpsaQ==", "bearer lianxi_x", "Bearer " + "x" * 5000]
    )
    def test_a_false_token_is_told_apart_from_none(self, app, header):
        answer = app.test_client().get(CASE, headers={"Authorization": header})

        assert answer.status_code == 401


class TestAccounts:
    @pytest.mark.usefixtures("account")
    def test_a_login_exists_once(self, ports):
        with pytest.raises(Conflict):
            access.add_account("Wang.Li", PASSWORD, "R", ("630104", ""), ports)

    def test_an_account_belongs_to_the_node_it_is_made_at(self, ports):
        with pytest.raises(Invalid):
            access.add_account("ma.jun", PASSWORD, "R", ("630102", ""), ports)

    def test_a_new_password_ends_the_sessions_of_the_old_one(self, sign_in, ports, app):
        person = sign_in()

        access.change_password("wang.li", "another-horse-7", ports)

        assert person.get("/api/v1/me").status_code == 401
        again = app.test_client().post("/api/v1/sessions", json=credentials(password="another-horse-7"))
        assert again.status_code == 201

    def test_a_closed_account_is_out_at_once_and_cannot_come_back(self, sign_in, ports, app):
        person = sign_in()

        access.disable_account("wang.li", ports)

        assert person.get("/api/v1/me").status_code == 401
        assert app.test_client().post("/api/v1/sessions", json=credentials()).status_code == 401
        assert access.list_accounts(ports)[0]["state"] == "disabled"

    @pytest.mark.usefixtures("account")
    def test_a_token_made_for_an_account_speaks_for_it(self, ports, app):
        person = access.person_called("wang.li", ports)

        made = access.issue_token(person, "脚本", [Scope.READ], 1, ports)

        me = app.test_client().get("/api/v1/me", headers={"Authorization": f"Bearer {made['token']}"})
        assert (me.json["login"], me.json["scopes"]) == ("wang.li", ["read"])

    @pytest.mark.usefixtures("account")
    def test_nothing_is_made_for_an_account_that_is_closed_or_unknown(self, ports):
        access.disable_account("wang.li", ports)

        for login in ("wang.li", "nobody"):
            with pytest.raises(Unknown):
                access.person_called(login, ports)

    @pytest.mark.usefixtures("account")
    def test_a_token_made_by_command_does_not_live_for_ever_either(self, ports):
        with pytest.raises(Invalid):
            access.issue_token(access.person_called("wang.li", ports), "脚本", [Scope.READ], 400, ports)
