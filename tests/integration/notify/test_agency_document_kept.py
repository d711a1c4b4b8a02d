"""Every kind of event, as it really reaches an agency by queue and by webhook, is as the published document says."""

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pika
import pytest
import yaml

from lianxi.casework.agency_fields import AGENCY_EVENTS, AGENCY_FIELDS, TEST_EVENT
from lianxi.contracts.registry import type_of
from lianxi.contracts.schemas import load
from lianxi.runtime.crypto import KeyRing
from services.notify.domain.agencies import AgencyCase
from services.notify.handlers import agencies
from services.notify.senders.agencies import WebhookSender
from tests.integration.notify.test_agencies import Outside
from tests.support.agency_schema import faults

pytestmark = pytest.mark.database
ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = yaml.safe_load((ROOT / "docs" / "agency-asyncapi.yaml").read_text(encoding="utf-8"))
UNIT = "630104.housing"
GRANT = {"name": "police", "units": [UNIT], "fields": sorted(AGENCY_FIELDS), "sealed": True}
TYPES = [type_of(cls) for cls in AGENCY_EVENTS.values()]


def hear_of_everything(office):
    """Let an event of every kind come in, as the golden samples have them, each of a case of its own at the unit."""
    told, cases = [], []
    for place, (name, cls) in enumerate(AGENCY_EVENTS.items()):
        sample = json.loads((ROOT / "tests/contract/golden" / f"{name}.v1.json").read_text(encoding="utf-8"))
        event, number = load(cls, sample["data"]), f"63010400020260302W{place:05d}"
        head = replace(event.head, case_no=number, seq=1, digest=f"{place:064d}")
        told.append(replace(event, head=head))
        cases.append(AgencyCase(case_no=number, holder="630104", unit=UNIT, category="民政", registered=True))
    with office.open_work() as work:
        work.agencies.save_cases(cases)
    office.receive(*told)
    office.call("change_agency", name="police", action="test", by="root")


@pytest.mark.broker
@pytest.mark.usefixtures("relay")
@pytest.mark.parametrize("mode", ["structured", "binary"])
def test_what_comes_out_of_the_queue_is_as_published(office, queue, mode):
    office.call("add_agency", grant={**GRANT, "amqp": True, "mode": mode}, by="root")
    hear_of_everything(office)
    with office.open_work() as work:
        agencies.fill_queues(work, office.service._agencies)

    messages = read(queue, len(TYPES) + 1)

    assert [properties.type for properties, _ in messages] == [*TYPES, TEST_EVENT]
    assert {properties.content_type for properties, _ in messages} == {content_type(mode)}
    for properties, body in messages:
        headers = {name: value for name, value in (properties.headers or {}).items() if not name.startswith("x-")}
        in_binary = headers if mode == "binary" else None
        assert faults(DOCUMENT, properties.type, json.loads(body), in_binary) == []


def content_type(mode):
    """What the document says of the messages of a mode."""
    return DOCUMENT["components"]["messageTraits"][mode]["contentType"]


def read(uri, number):
    """Read so many messages of the queue."""
    found = []
    with closing(pika.BlockingConnection(pika.URLParameters(uri))) as connection:
        for _, properties, body in connection.channel().consume("agency.police", auto_ack=True, inactivity_timeout=30):
            assert properties is not None, f"only {len(found)} of {number} events came"
            found.append((properties, body))
            if len(found) == number:
                return found
    raise AssertionError("the queue ended")


def test_what_a_webhook_gets_is_as_published(an_office, receiver, tmp_path):
    ring = tmp_path / "ring.yaml"
    KeyRing.generate().write(ring)
    with closing(WebhookSender(frozenset({"127.0.0.1"}))) as sender:
        outside = Outside(an_office(LIANXI_KEYRING_FILE=str(ring)), sender)
        outside.office.call("add_agency", grant={**GRANT, "webhook": receiver.url()}, by="root")
        hear_of_everything(outside.office)
        while outside.standing()["webhook_cursor"] < outside.standing()["last_cursor"]:
            assert outside.standing()["failures"] == 0
            outside.bring()

    trait = DOCUMENT["components"]["messageTraits"]["structured"]
    wanted = trait["bindings"]["http"]["headers"]
    events = [json.loads(body) for body in receiver.bodies]
    assert [event["type"] for event in events] == [*TYPES, TEST_EVENT]
    assert [fault for event in events for fault in faults(DOCUMENT, event["type"], event)] == []
    for headers, _ in receiver.requests:
        assert headers["Content-Type"] == trait["contentType"]
        assert set(wanted["required"]) <= set(headers)
