"""A wish that fails to be carried out although custody has settled shows in the metrics until it is."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from lianxi.runtime.metrics import exposition
from services.routing import service

CASE = "63010200020261123W00012"


@pytest.fixture
def routing(monkeypatch):
    work = SimpleNamespace(link_book=SimpleNamespace(recovering=lambda: False))
    parts = SimpleNamespace(here=SimpleNamespace(clock=None), end=None, open_work=lambda: nullcontext(work))
    monkeypatch.setattr(service, "build", lambda: parts)
    return service.RoutingService()


def shown():
    return [line for line in exposition().decode().splitlines() if line.startswith("routing_wishes_unsettled")]


def test_what_fails_is_counted_and_what_then_succeeds_is_not(routing, monkeypatch):
    monkeypatch.setattr(service.wishes, "settle_all", lambda *_: {CASE: "KeyError"})
    routing.settle_wishes()
    assert shown() == ["routing_wishes_unsettled 1.0"]

    monkeypatch.setattr(service.wishes, "settle_all", lambda *_: {})
    routing.settle_wishes()
    assert shown() == ["routing_wishes_unsettled 0.0"]
