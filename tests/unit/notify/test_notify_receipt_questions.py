"""How a gateway is asked for receipts: mistakes of its file by their place, pauses that grow, what answers mean."""

from datetime import timedelta

import pytest

from services.notify.domain.gateways import read_gateways
from services.notify.domain.receipt_questions import USUAL_PAUSES, Heard
from services.notify.domain.rules import RulesRefused
from tests.unit.notify.post_room import NOW

STATUS = {"url": "https://sms.example/v1/${number}", "arrived": {"field": "reports.0.state", "is": [1]}}


def made(**changed):
    status = {**STATUS, **changed}
    section = {"url": "https://sms.example/", "body": {"to": "${to}"}, "secret_file": "s", "status": status}
    (gateway,) = read_gateways({"gateways": {"one": section}}, lambda _name: "hidden")
    return gateway.status


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"url": "sms.example/${number}"}, "gateways.one.status.url: must be an address"),
        ({"url": "https://sms.example/"}, "gateways.one.status: url or body must say ${number}"),
        ({"arrived": {}}, "gateways.one.status.arrived: is needed"),
        ({"every": [1]}, "gateways.one.status.every: must be seconds"),
        ({"every": []}, "gateways.one.status.every: must be seconds"),
        ({"hours": 0}, "gateways.one.status.hours: must be more than 0"),
        ({"often": True}, "gateways.one.status.often: unknown"),
    ],
)
def test_a_mistake_is_named_with_its_place(changed, said):
    with pytest.raises(RulesRefused) as refused:
        made(**changed)

    assert any(mistake.startswith(said) for mistake in refused.value.mistakes), refused.value.mistakes


def test_the_number_a_gateway_gave_stays_within_its_place():
    assert made().address_of("../a?b=1") == "https://sms.example/v1/..%2Fa%3Fb%3D1"
    asked = made(url="https://sms.example/q", body={"id": "${number}", "key": "${secret}"})
    assert (asked.method, asked.body_of("7")) == ("POST", {"id": "7", "key": "hidden"})
    assert (made().method, made().body_of("7")) == ("GET", None)


@pytest.mark.parametrize(
    ("status", "text", "heard"),
    [
        (200, '{"reports": [{"state": 1}]}', Heard.ARRIVED),
        (200, '{"reports": [{"state": 0}]}', Heard.UNDER_WAY),
        (200, '{"reports": []}', Heard.UNDER_WAY),
        (404, "", Heard.UNKNOWN),
        (200, "<html>", Heard.NOTHING),
        (200, "[" * 100_000, Heard.NOTHING),
        (302, "", Heard.NOTHING),
        (503, '{"reports": [{"state": 1}]}', Heard.NOTHING),
    ],
)
def test_an_answer_means_what_the_file_says(status, text, heard):
    assert made().meaning(status, text) is heard


def test_the_pauses_grow_to_the_last_and_there_is_an_end():
    patience = made(hours=1).patience

    waits = [(patience.ask_again(asked, NOW) - NOW).total_seconds() for asked in range(6)]
    assert waits == [*USUAL_PAUSES, 3600, 3600]
    assert not patience.is_over(NOW, NOW + timedelta(minutes=59))
    assert patience.is_over(NOW, NOW + timedelta(hours=1))
