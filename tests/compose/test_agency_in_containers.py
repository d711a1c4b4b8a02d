"""An operator registers an agency in containers: the one-off container for it reaches broker, portal and notify."""

import json

import pytest
import requests

from tests.compose.containers import PORTALS, compose

DISTRICT = "630104"
pytestmark = [pytest.mark.usefixtures("containers"), pytest.mark.timeout(900)]


def lianxi(*arguments):
    """Run a command of the district's operator."""
    return compose("run", "--rm", "--no-TTY", "district-lianxi", *arguments)


def test_an_agency_is_registered_gets_its_test_event_and_is_removed():
    grant = ("--unit", f"{DISTRICT}.police", "--field", "unit", "--amqp", "--json")
    added = json.loads(lianxi("agency", "add", "police", *grant))
    lianxi("agency", "test", "police")
    service, port = PORTALS[DISTRICT]
    headers = {"Authorization": f"Bearer {added['secrets']['token']}"}
    answer = requests.get(f"http://127.0.0.1:{port}/api/v1/agency/events?after=0", headers=headers, timeout=30)
    lianxi("agency", "remove", "police")

    assert service == "district-portal"
    assert added["secrets"]["amqp"].startswith("amqp://agency.police:")
    assert [event["type"] for event in answer.json()["rows"]] == ["lianxi.agency-test.v1"]
    assert "police" not in lianxi("agency", "show")
