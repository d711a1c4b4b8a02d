"""What notify asks other services, and what its environment tells it."""

from pathlib import Path

import pytest

from lianxi.bus.calls import CallFailed, CallRefused, CallTimedOut
from lianxi.runtime.clock import FixedClock
from lianxi.runtime.settings import SettingMissing
from services.notify.domain.deliveries import Fate
from services.notify.domain.rules import RulesRefused
from services.notify.settings import Settings
from services.notify.wiring import NAMES_KEPT, NAMES_PAUSE, IntakeDirectory, KnownNames
from tests.support.builders import NUMBER, OFFICE, TOWNSHIP
from tests.unit.notify.post_room import NOW

ENVIRONMENT = {
    "LIANXI_NODE": "630104",
    "LIANXI_DATABASE_URL_NOTIFY": "postgresql://notify:secret@db/lianxi",
    "LIANXI_AMQP_URI": "amqp://notify:secret@broker/",
}


class FakeCalls:
    """Answers, or raises, what it was given; the last one for ever."""

    def __init__(self, *answers):
        self._answers = list(answers)
        self.asked = []

    def call(self, service, method, body, *, timeout):
        self.asked.append((service, method, body))
        assert timeout <= 5.0
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def units(name):
    return {"rows": [{"code": OFFICE, "name": name}]}


def test_intake_tells_address_and_query_code():
    calls = FakeCalls({"email": "a@example.org", "query_code": "ABC", "name": "张三", "phone": "1"})
    reached = IntakeDirectory(calls).reach(NUMBER)

    assert (reached.email, reached.query_code) == ("a@example.org", "ABC")
    assert calls.asked == [("intake", "petitioner_reach", {"case_no": NUMBER})]


def test_a_petitioner_without_address_has_none():
    reached = IntakeDirectory(FakeCalls({"phone": "1"})).reach(NUMBER)

    assert (reached.email, reached.query_code) == ("", "")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (CallTimedOut("intake", "petitioner_reach"), "intake-unreachable"),
        (CallFailed({"code": "broken"}), "intake-unreachable"),
        (CallRefused({"code": "unknown"}), "petitioner-unknown"),
    ],
)
def test_what_intake_cannot_tell_is_asked_again_later(error, reason):
    result = IntakeDirectory(FakeCalls(error)).reach(NUMBER)

    assert (result.fate, result.reason) == (Fate.LATER, reason)


def test_names_of_organs_are_asked_once_an_hour():
    clock = FixedClock(NOW)
    calls = FakeCalls(units("办事处"), units("新办事处"))
    names = KnownNames({TOWNSHIP: "西关大街街道"}, calls, clock)

    assert [names.unit(OFFICE), names.unit(OFFICE), names.unit(f"{TOWNSHIP}.other")] == ["办事处", "办事处", ""]
    assert len(calls.asked) == 1
    clock.advance(seconds=NAMES_KEPT.total_seconds())
    assert names.unit(OFFICE) == "新办事处"


def test_while_routing_is_away_old_names_serve_and_nobody_waits_for_it_each_time():
    clock = FixedClock(NOW)
    calls = FakeCalls(units("办事处"), CallTimedOut("routing", "units"))
    names = KnownNames({}, calls, clock)
    names.unit(OFFICE)
    clock.advance(seconds=NAMES_KEPT.total_seconds())

    assert [names.unit(OFFICE), names.unit(OFFICE)] == ["办事处", "办事处"]
    assert len(calls.asked) == 2
    clock.advance(seconds=NAMES_PAUSE.total_seconds())
    names.unit(OFFICE)
    assert len(calls.asked) == 3


def test_an_organ_nobody_named_has_no_name_and_is_not_asked_for():
    calls = FakeCalls(units("办事处"))

    assert KnownNames({}, calls, FixedClock(NOW)).unit("") == ""
    assert calls.asked == []


def test_a_division_outside_the_list_is_its_own_name():
    names = KnownNames({TOWNSHIP: "西关大街街道"}, FakeCalls({}), FixedClock(NOW))

    assert [names.division(TOWNSHIP), names.division("110000")] == ["西关大街街道", "110000"]


def test_the_environment_without_a_mail_server_is_enough():
    settings = Settings.from_environment(ENVIRONMENT)

    assert settings.mail is None
    assert settings.clock_file is None
    assert settings.divisions["630104"] == "城西区"


def test_secrets_are_not_shown():
    settings = Settings.from_environment(
        {**ENVIRONMENT, "LIANXI_SMTP_HOST": "mail", "LIANXI_SMTP_USER": "u", "LIANXI_SMTP_PASSWORD": "top-secret"}
    )

    assert "secret" not in repr(settings)


def test_the_mail_server_is_read_from_the_environment(tmp_path):
    (tmp_path / "password").write_text("pw\n", encoding="utf-8")
    settings = Settings.from_environment(
        {
            **ENVIRONMENT,
            "LIANXI_SMTP_HOST": "mail.example.org",
            "LIANXI_SMTP_PORT": "587",
            "LIANXI_SMTP_FROM": "xinfang@example.org",
            "LIANXI_SMTP_STARTTLS": "yes",
            "LIANXI_SMTP_CA_FILE": "ca.pem",
            "LIANXI_SMTP_USER": "notify",
            "LIANXI_SMTP_PASSWORD_FILE": str(tmp_path / "password"),
            "LIANXI_CLOCK_FILE": "offset",
        }
    )

    mail = settings.mail
    assert (mail.host, mail.port, mail.address, mail.starttls) == ("mail.example.org", 587, "xinfang@example.org", True)
    assert (mail.ca_file, mail.user, mail.password, mail.timeout) == (Path("ca.pem"), "notify", "pw", 10.0)
    assert settings.clock_file == Path("offset")


def test_a_flag_that_is_neither_yes_nor_no_is_refused():
    with pytest.raises(SettingMissing, match="SMTP_STARTTLS must be yes or no"):
        Settings.from_environment({**ENVIRONMENT, "LIANXI_SMTP_HOST": "mail", "LIANXI_SMTP_STARTTLS": "maybe"})


def test_a_deployment_whose_rules_are_wrong_does_not_start(tmp_path):
    data = tmp_path / "xining" / "notify"
    data.mkdir(parents=True)
    (data / "rules.yaml").write_text("rules: {a: {event: nothing}}\n", encoding="utf-8")

    with pytest.raises(RulesRefused, match=r"rules\.yaml: rules\.a\.event: no message is called nothing"):
        Settings.from_environment({**ENVIRONMENT, "LIANXI_DEPLOY_DIR": str(tmp_path)})
