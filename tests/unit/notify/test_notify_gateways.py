"""A gateway as its file describes it: mistakes by their place, answers and receipts by their meaning."""

import base64
import hashlib
import hmac
from datetime import timedelta

import pytest

from lianxi.casework.errors import Forbidden, Invalid, Unknown
from services.notify.domain.deliveries import Fate
from services.notify.domain.gateways import picked, read_gateways, receipts_in
from services.notify.domain.rules import RulesRefused
from tests.unit.notify.post_room import NOW

SECRET = base64.b64encode(b"only for tests, thirty-two bytes").decode()
RECEIPTS = {
    "kind": "standard-webhooks",
    "secret_file": "s",
    "number": "id",
    "arrived": {"field": "s", "is": "1"},
    "lost": {"field": "s", "is": 2},
}
SOUND = {"url": "https://sms.example/", "body": {"to": "${to}", "list": ["${text}", 7]}, "receipts": RECEIPTS}


def made(**changed):
    return read_gateways({"gateways": {"one": {**SOUND, **changed}}}, lambda _name: SECRET)


def mistakes(data):
    with pytest.raises(RulesRefused) as refused:
        read_gateways(data, lambda _name: SECRET)
    return refused.value.mistakes


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"url": "sms.example"}, "gateways.one.url: must be an address"),
        ({"encoding": "xml"}, "gateways.one.encoding: must be json or form"),
        ({"when_unsure": "maybe"}, "gateways.one.when_unsure: must be ask, wait or pass-on"),
        ({"colour": "red"}, "gateways.one.colour: unknown"),
        ({"receipts": {**RECEIPTS, "kind": "none"}}, "gateways.one.receipts.kind: must be token"),
        ({"receipts": {"kind": "hmac"}}, "gateways.one.receipts: secret_file and number are needed"),
    ],
)
def test_a_mistake_is_named_with_its_place(changed, said):
    found = mistakes({"gateways": {"one": {**SOUND, **changed}}})

    assert any(mistake.startswith(said) for mistake in found), found


@pytest.mark.parametrize("data", [None, {}, {"gateways": []}])
def test_a_file_without_gateways_is_refused(data):
    assert mistakes(data) == ("gateways: there is none",)


def test_what_is_sent_keeps_its_form_whatever_a_text_holds():
    (gateway,) = made()

    assert gateway.filled({"to": "1", "text": '"}, "to": "2'}) == {"to": "1", "list": ['"}, "to": "2', 7]}


@pytest.mark.parametrize(
    ("path", "found"), [("a.b", "1"), ("a.c.0", "x"), ("a.c.9", ""), ("a", ""), ("z.z", ""), ("a.d", "true")]
)
def test_a_field_is_found_by_its_path(path, found):
    assert picked({"a": {"b": 1, "c": ["x"], "d": True}}, path) == found


def test_without_a_field_that_says_so_any_success_means_taken_and_receipts_name_our_id():
    (gateway,) = made()
    result = gateway.meaning(204, {}, "", "d1", NOW)

    assert (result.fate, result.receipt) == (Fate.TAKEN, "d1")


def callback(body, *, at=NOW, secret=SECRET):
    stamp = str(int(at.timestamp()))
    signed = hmac.new(base64.b64decode(secret), f"m1.{stamp}.{body}".encode(), hashlib.sha256).digest()
    return {
        "webhook-id": "m1",
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def test_a_signed_receipt_is_read():
    body = '{"id": "x", "s": "1"}'
    (said,) = receipts_in(made(), "one", callback(body), body, NOW)

    assert (said.number, said.arrived) == ("x", True)
    lost = '{"id": "x", "s": 2}'
    assert [each.arrived for each in receipts_in(made(), "one", callback(lost), lost, NOW)] == [False]
    moving = '{"id": "x", "s": "on its way"}'
    assert receipts_in(made(), "one", callback(moving), moving, NOW) == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        callback("another body"),
        callback("{}", at=NOW - timedelta(minutes=6)),
        callback("{}", secret=base64.b64encode(b"somebody else's").decode()),
        {**callback("{}"), "webhook-timestamp": "soon"},
    ],
)
def test_a_receipt_that_is_forged_or_stale_is_refused(headers):
    with pytest.raises(Forbidden):
        receipts_in(made(), "one", headers, "{}", NOW)


@pytest.mark.parametrize("body", ["not json", "{}", "[" * 5000])
def test_a_genuine_callback_that_cannot_be_read_is_refused(body):
    with pytest.raises(Invalid):
        receipts_in(made(), "one", callback(body), body, NOW)


def test_a_gateway_nobody_described_or_that_sends_no_receipts_is_not_known():
    with pytest.raises(Unknown):
        receipts_in(made(), "two", {}, "{}", NOW)
    with pytest.raises(Unknown):
        receipts_in(made(receipts=None), "one", {}, "{}", NOW)


def test_a_token_and_a_form_will_do_where_a_gateway_has_no_better():
    gateways = made(receipts={**RECEIPTS, "kind": "token"})
    headers = {"authorization": f"Bearer {SECRET}", "content-type": "application/x-www-form-urlencoded"}

    assert [said.number for said in receipts_in(gateways, "one", headers, "id=x&s=1", NOW)] == ["x"]
    with pytest.raises(Forbidden):
        receipts_in(gateways, "one", {**headers, "authorization": "Bearer x"}, "id=x&s=1", NOW)


def test_a_secret_is_not_shown():
    assert SECRET not in repr(made(headers={"Authorization": "Bearer ${secret}"}, secret_file="s"))
