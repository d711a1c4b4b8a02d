"""Mail through a real SMTP server that takes, refuses, breaks, falls silent or is away: none lost, none sent twice."""

from email.utils import parseaddr

import pytest

from lianxi.runtime.metrics import REGISTRY
from services.notify.domain.letters import Letter, MailAccount
from services.notify.senders import SmtpServer
from tests.integration.notify.mail_server import MailServer, Refusing
from tests.unit.notify.post_room import NOW

pytestmark = pytest.mark.database

PAUSE = 60
LONG = 86_400


def test_a_letter_arrives_in_chinese_with_the_deliverys_id(an_office, mail_server):
    office = an_office(mail_server, LIANXI_SMTP_FROM="xinfang@example.org")
    (number,) = office.expect_mail()
    office.send()

    (letter,) = mail_server.letters
    ((identity,),) = office.database.query("SELECT id FROM notify.delivery")
    assert letter["Message-ID"] == f"<{identity}@630104001.lianxi>"
    assert letter["Subject"] == "信访事项登记回执"
    assert letter["To"] == "someone@example.org"
    assert parseaddr(str(letter["From"])) == ("西关大街街道信访部门", "xinfang@example.org")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"] == "Mon, 02 Mar 2026 10:00:00 +0800"
    body = letter.get_content()
    assert f"信访事项编号：{number}" in body
    assert "查询码：ABCDE-FGHJK" in body
    assert office.states() == [("sent", 1, "")]


def test_many_letters_go_through_one_connection(an_office, mail_server):
    office = an_office(mail_server)
    office.expect_mail(45)

    assert office.send() == 45
    assert len(set(mail_server.ids)) == 45
    assert {state for state, _, _ in office.states()} == {"sent"}


@pytest.mark.parametrize("where", ["RCPT", "DATA"])
def test_a_passing_refusal_is_tried_again_and_arrives_once(an_office, mail_server, where):
    office = an_office(mail_server)
    office.expect_mail()
    mail_server.replies[where] = "451 greylisted, come back"
    office.send()
    assert office.states() == [("failed", 1, "smtp-451")]

    assert office.send(after=PAUSE - 1) == 0
    mail_server.replies.clear()
    office.send(after=1)

    assert len(mail_server.letters) == 1
    assert office.states() == [("sent", 2, "")]


@pytest.mark.parametrize("where", ["RCPT", "DATA"])
def test_a_lasting_refusal_is_given_up_and_listed(an_office, mail_server, where):
    office = an_office(mail_server)
    (number,) = office.expect_mail()
    mail_server.replies[where] = "550 <someone@example.org> does not live here"
    office.send()

    (row,) = office.call("dead_letters")["rows"]
    assert (row["case_no"], row["state"], row["reason"], row["attempts"]) == (number, "dead", "smtp-550", 1)
    assert office.send(after=LONG) == 0


def test_one_refused_address_does_not_touch_the_letters_around_it(an_office, mail_server):
    office = an_office(mail_server)
    office.expect_mail(3)
    mail_server.replies["p00002@example.org"] = "550 no"
    office.send()

    assert [state for state, _, _ in office.states()] == ["sent", "dead", "sent"]
    assert sorted(letter["To"] for letter in mail_server.letters) == ["p00001@example.org", "p00003@example.org"]


def test_a_connection_that_breaks_in_the_middle_of_a_letter_loses_and_doubles_nothing(an_office, mail_server):
    office = an_office(mail_server)
    office.expect_mail(3)
    mail_server.behave("hang up in DATA")
    office.send()
    assert [state for state, _, _ in office.states()] == ["failed", "sent", "sent"]

    office.send(after=PAUSE)

    assert len(set(mail_server.ids)) == len(mail_server.letters) == 3
    assert {state for state, _, _ in office.states()} == {"sent"}


def test_a_server_that_wants_no_letter_now_gets_it_later(an_office, mail_server):
    office = an_office(mail_server)
    office.expect_mail(2)
    mail_server.behave("refuse DATA")
    office.send()

    assert office.states() == [("failed", 1, "smtp-451"), ("sent", 1, "")]


def test_a_server_that_hangs_up_with_its_refusal_is_called_again_for_the_next_letter(an_office, mail_server):
    office = an_office(mail_server)
    office.expect_mail(2)
    mail_server.behave("refuse and hang up")
    office.send()

    assert office.states() == [("dead", 1, "smtp-550"), ("sent", 1, "")]


def test_a_letter_that_was_taken_without_a_word_comes_again_under_the_same_id(an_office, mail_server):
    office = an_office(mail_server)
    office.expect_mail()
    mail_server.behave("hang up after DATA")
    office.send()
    assert office.states()[0][0] == "failed"
    office.send(after=PAUSE)

    assert office.states() == [("sent", 2, "")]
    assert len(mail_server.letters) == 2
    assert len(set(mail_server.ids)) == 1


def test_a_server_that_falls_silent_is_given_up_after_its_time(an_office, mail_server):
    office = an_office(mail_server)
    office.expect_mail()
    mail_server.behave("be silent")
    office.send()

    assert office.states() == [("failed", 1, "smtp-broken (SMTPServerDisconnected)")]
    office.send(after=PAUSE)
    assert office.states() == [("sent", 2, "")]
    assert len(set(mail_server.ids)) == 1


@pytest.mark.parametrize("reply", ["421 closing", "451 overloaded", "550 sender unknown here"])
def test_what_the_server_says_before_it_knows_the_recipient_is_not_the_letters_fault(an_office, mail_server, reply):
    office = an_office(mail_server)
    office.expect_mail(3)
    mail_server.replies["MAIL"] = reply
    office.send()

    assert office.states() == [("waiting", 0, f"smtp-{reply[:3]}")] * 3
    mail_server.replies.clear()
    office.send(after=LONG)
    assert len(mail_server.letters) == 3


def test_a_server_that_closes_at_the_recipient_is_going_away(an_office, mail_server):
    office = an_office(mail_server)
    office.expect_mail()
    mail_server.replies["RCPT"] = "421 shutting down"
    office.send()

    assert office.states() == [("waiting", 0, "smtp-421")]


@pytest.mark.parametrize("line", ["554 no service for you", "421 too many connections", "not smtp at all"])
def test_a_server_that_refuses_the_connection_makes_all_wait(an_office, line):
    refusing = Refusing(line)
    office = an_office(refusing)
    office.expect_mail(2)
    office.send()
    refusing.stop()

    assert {(state, attempts) for state, attempts, _ in office.states()} == {("waiting", 0)}
    assert all(reason.startswith("smtp-") for _, _, reason in office.states())


def test_a_server_that_is_away_for_a_while_gets_every_letter_once_when_it_is_back(an_office, mail_server):
    office = an_office(mail_server)
    office.expect_mail(5)
    mail_server.stop()
    for _ in range(4):
        office.send(after=LONG)
    assert office.states() == [("waiting", 0, "smtp-unreachable (ConnectionRefusedError)")] * 5

    back = MailServer(mail_server.port).start()
    office.send(after=LONG)
    back.stop()

    assert len(set(back.ids)) == len(back.letters) == 5
    assert office.states() == [("sent", 1, "")] * 5


def test_a_letter_that_fails_to_the_end_is_dead_and_can_be_sent_again(an_office, mail_server):
    office = an_office(mail_server)
    office.expect_mail()
    mail_server.replies["RCPT"] = "450 busy"
    while office.states()[0][0] != "dead":
        office.send(after=LONG)
    assert office.states() == [("dead", 1 + len(office.desk.rules.manners.patience.retry_after), "smtp-450")]

    mail_server.replies.clear()
    (row,) = office.call("dead_letters")["rows"]
    actor = {"person": "d", "role": "D", "unit": "", "node": "630104001"}
    office.call("send_again", id=row["id"], actor=actor)
    office.send()

    assert office.states() == [("sent", 1, "")]
    assert office.call("dead_letters")["rows"] == []


def test_without_a_server_letters_wait_visibly_and_leave_when_there_is_one(an_office, mail_server):
    office = an_office()
    (number,) = office.expect_mail()
    assert office.send() == 0
    (row,) = office.call("deliveries", case_no=number)["rows"]
    assert (row["state"], row["reason"]) == ("waiting", "no-mail-server")

    configured = an_office(mail_server)
    configured.people.known |= office.people.known
    configured.send()

    assert configured.states() == [("sent", 1, "")]


@pytest.mark.parametrize(
    "address",
    [
        "nobody",
        "a@b@c",
        "a b@example.org",
        "x@example.org\r\nBcc: y@example.org",
        "李@example.org",
        "a" * 250 + "@b.cn",
    ],
)
def test_an_address_that_cannot_be_one_never_reaches_the_server(an_office, mail_server, address):
    office = an_office(mail_server)
    office.expect_mail(email=address)
    office.send()

    assert office.states() == [("dead", 1, "bad-address")]
    assert mail_server.attempts == 0


def test_the_metrics_say_what_waits_and_what_was_given_up(an_office, mail_server):
    office = an_office(mail_server)
    office.expect_mail(3)
    mail_server.replies["p00001@example.org"] = "550 no"
    mail_server.replies["p00002@example.org"] = "450 later"
    before = REGISTRY.get_sample_value("notify_deliveries_total", {"channel": "mail", "outcome": "sent"}) or 0.0
    office.send()
    office.service.measure()

    assert REGISTRY.get_sample_value("notify_deliveries_total", {"channel": "mail", "outcome": "sent"}) == before + 1
    assert REGISTRY.get_sample_value("notify_waiting") == 1.0
    assert REGISTRY.get_sample_value("notify_dead") == 1.0
    assert REGISTRY.get_sample_value("notify_mail_server_configured") == 1.0


def test_the_refusal_of_a_server_is_kept_as_a_code_only(an_office, mail_server, caplog):
    office = an_office(mail_server)
    office.expect_mail()
    mail_server.replies["RCPT"] = "550 <someone@example.org> unknown"
    office.send()

    kept = office.database.query("SELECT to_jsonb(d)::text FROM notify.delivery d")
    assert "someone" not in str(kept)
    assert "ABCDE" not in str(kept)
    assert "someone" not in caplog.text


def test_leaving_a_session_whose_server_has_gone_raises_nothing(mail_server):
    account = MailAccount(host="127.0.0.1", port=mail_server.port, address="a@example.org", timeout=1.0)
    letter = Letter(id="x", sender="某部门", to="b@example.org", title="题", body="文", at=NOW)

    with SmtpServer(account, "630104").session() as session:
        session.send(letter)
        mail_server.stop()

    assert len(mail_server.letters) == 1
