"""`lianxi_agency.verify` believes what a node signed, with a shared key or a key pair, and nothing else."""

import json
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from lianxi.runtime.clock import SystemClock
from services.notify.domain.agencies import Scheme
from services.notify.senders.signatures import make_key, signed

CLIENT = Path(__file__).resolve().parents[3] / "clients" / "agency"
EVENT = {"type": "lianxi.case-accepted.v1", "subject": "63010400020260302W00012", "data": {"unit": "城西区公安局"}}
BODY = json.dumps(EVENT, ensure_ascii=False)


@pytest.fixture
def client(monkeypatch):
    monkeypatch.syspath_prepend(str(CLIENT))
    import lianxi_agency  # noqa: PLC0415  (the package lies beside the project, not in it)

    return lianxi_agency


@pytest.fixture(params=list(Scheme))
def keys(request):
    """A key of each scheme: what the node signs with, what the agency verifies with."""
    return make_key(request.param)


def sent(*keys, ago=0):
    return signed(keys, "e-1", SystemClock().now() - timedelta(seconds=ago), BODY)


@pytest.mark.parametrize("body", [BODY, BODY.encode()])
def test_what_the_node_signed_is_believed(client, keys, body):
    assert client.verify([keys[1]], sent(keys[0]), body) == EVENT


def test_the_names_of_headers_may_be_written_as_a_server_likes(client, keys):
    headers = {name.title(): value for name, value in sent(keys[0]).items()}

    assert client.verify([keys[1]], headers, BODY) == EVENT


def test_in_the_day_after_a_change_either_key_is_enough(client, keys):
    old, new = keys, make_key(Scheme.KEY_PAIR)

    for known in ([old[1]], [new[1]], [new[1], old[1]]):
        assert client.verify(known, sent(new[0], old[0]), BODY) == EVENT


@pytest.mark.parametrize(
    "forged",
    [
        lambda headers: (headers, BODY.replace("63010400020260302W00012", "63010400020260302W00013")),
        lambda headers: ({**headers, "webhook-id": "e-2"}, BODY),
        lambda headers: ({**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}, BODY),
        lambda headers: ({**headers, "webhook-timestamp": "soon"}, BODY),
        lambda headers: ({**headers, "webhook-signature": ""}, BODY),
        lambda headers: ({**headers, "webhook-signature": "v1a,AAAA v1,AAAA v1a"}, BODY),
        lambda _headers: ({}, BODY),
    ],
)
def test_what_was_changed_on_the_way_is_not(client, keys, forged):
    headers, body = forged(sent(keys[0]))

    with pytest.raises(client.NotGenuine):
        client.verify([keys[1]], headers, body)


def test_nor_is_what_another_signed_or_what_is_old(client, keys):
    other = make_key(Scheme.KEY_PAIR if keys[1].startswith("whpk_") else Scheme.SHARED)

    with pytest.raises(client.NotGenuine):
        client.verify([keys[1]], sent(other[0]), BODY)
    with pytest.raises(client.NotGenuine):
        client.verify([keys[1]], sent(keys[0], ago=600), BODY)


def test_a_shared_signature_is_worth_nothing_to_who_knows_the_public_half(client):
    """Nobody can pass the public key, which is no secret, off as a shared one."""
    private, public = make_key(Scheme.KEY_PAIR)
    as_shared = "whsec_" + public.removeprefix("whpk_")

    with pytest.raises(client.NotGenuine):
        client.verify([public], sent(as_shared), BODY)
    assert client.verify([public], sent(private), BODY) == EVENT


def test_without_the_package_a_public_key_needs_it_is_named(client, monkeypatch):
    private, public = make_key(Scheme.KEY_PAIR)
    headers = sent(private)
    for name in ("cryptography.exceptions", "cryptography.hazmat.primitives.asymmetric.ed25519"):
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(RuntimeError, match=r"lianxi-agency\[ed25519\]"):
        client.verify([public], headers, BODY)
