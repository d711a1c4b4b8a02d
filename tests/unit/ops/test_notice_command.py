"""`lianxi notice`: what it asks, what it shows, how it says no."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lianxi.bus.calls import CallRefused, CallTimedOut
from lianxi.ops import asking, notice
from tests.support.builders import NUMBER

DATA = Path(__file__).resolve().parents[3] / "deploy" / "xining" / "notify"
PREVIEW = {
    "rule": "acceptance-notice",
    "case_no": NUMBER,
    "happened": False,
    "applies": None,
    "sealed": False,
    "recipients": [{"role": "P", "unit": ""}],
    "channels": ["sms", "letter"],
    "language": "zh",
    "texts": [{"channel": "sms", "title": "受理", "body": "已受理"}],
}
RULE = {
    "rule": "warned-unit",
    "messages": ["clock-warned"],
    "channels": ["inbox"],
    "to": ["U", "UL"],
    "urgent": False,
    "digest": True,
}
TOLD = {
    "at": "2026-03-02T10:00:00+08:00",
    "rule": "acceptance-notice",
    "role": "P",
    "unit": "",
    "channel": "sms",
    "state": "sent",
    "reason": "",
    "tried": [{"at": "2026-03-02T10:00:01+08:00", "channel": "sms", "provider": "a", "outcome": "sent", "reason": ""}],
}


@pytest.fixture
def run(monkeypatch):
    """Run the command with a node that answers as told; `run.asked` is what it was asked."""
    monkeypatch.setenv("LIANXI_NODE", "630104")
    monkeypatch.setenv("LIANXI_AMQP_URI", "amqp://nobody@127.0.0.1:1/")
    asked = []

    def run(*arguments, answer=None):
        class Calls:
            def __init__(self, *_arguments, **_more):
                pass

            def call(self, service, method, body, **_more):
                asked.append((service, method, body))
                if isinstance(answer, Exception):
                    raise answer
                return answer

            def close(self):
                pass

        monkeypatch.setattr(asking, "Calls", Calls)
        return CliRunner().invoke(notice.command, list(arguments))

    run.asked = asked
    return run


def test_a_preview_says_to_whom_by_which_way_and_in_which_words(run):
    done = run("preview", "--case", NUMBER, "--rule", "acceptance-notice", answer=PREVIEW)

    assert done.exit_code == 0
    assert run.asked == [("notify", "preview", {"case_no": NUMBER, "rule": "acceptance-notice"})]
    for words in ("信访人", "短信 → 信函", "尚未发生", "已受理"):
        assert words in done.output


def test_a_preview_as_json_is_the_answer_itself(run):
    done = run("preview", "--case", NUMBER, "--rule", "acceptance-notice", "--json", answer=PREVIEW)

    assert json.loads(done.output) == PREVIEW


def test_rules_are_listed_one_a_line(run):
    assert run("rules", answer={"rows": [RULE]}).output == "warned-unit  clock-warned  U、UL：站内消息  可汇总\n"


def test_what_was_told_is_shown_with_every_attempt(run):
    done = run("show", "--case", NUMBER, answer={"rows": [TOLD]})

    assert "acceptance-notice  信访人  短信  已发出" in done.output
    assert "短信 a  sent" in done.output
    assert "没有关于此事项的通知" in run("show", "--case", NUMBER, answer={"rows": []}).output


@pytest.mark.parametrize(
    ("error", "said"),
    [(CallRefused({"detail": "没有该通知规则。"}), "没有该通知规则"), (CallTimedOut("notify", "preview"), "没有应答")],
)
def test_a_refusal_and_silence_are_told_in_one_line(run, error, said):
    done = run("preview", "--case", NUMBER, "--rule", "x", answer=error)

    assert (done.exit_code, said in done.output) == (1, True)


def test_the_offices_own_files_have_no_mistakes(run):
    assert "没有错误" in run("check", str(DATA)).output


def test_every_mistake_of_a_directory_is_named(run, tmp_path):
    (tmp_path / "rules.yaml").write_text("rules: {a: {event: nothing}}", encoding="utf-8")
    done = run("check", str(tmp_path))

    assert done.exit_code == 1
    assert "rules.a.event: no message is called nothing" in done.output
    assert "mail.retry_after" in done.output


def test_a_file_of_gateways_is_checked_too(run, tmp_path):
    (tmp_path / "sms.yaml").write_text("gateways: {a: {url: nowhere}}", encoding="utf-8")

    assert "gateways.a.url" in run("check", str(DATA), "--sms", str(tmp_path / "sms.yaml")).output
