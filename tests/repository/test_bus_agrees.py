"""Messages, queues and doors fit together: what is sent has a reader, what is read is declared, what fails is kept."""

import importlib
import re

import pytest
import yaml

from lianxi import courier
from lianxi.bus import topology
from lianxi.bus.doors import BatchDoor, doors_of
from lianxi.bus.retries import Park
from lianxi.casework.messages import notices
from lianxi.casework.messages.catalogue import EVENTS
from lianxi.contracts import envelope
from lianxi.contracts.registry import MESSAGES, declared_in, type_of
from tests.repository.tree import ROOT, SERVICES, text_of

GOLDEN = ROOT / "tests" / "contract" / "golden"
DESCRIBED = yaml.safe_load(text_of(ROOT / "deploy" / "xining" / "bus.yaml"))
DOCUMENT = yaml.safe_load(text_of(ROOT / "docs" / "asyncapi.yaml"))
WITH_DOORS = tuple(service for service in SERVICES if service != "portal")
LOCAL = [type_of(cls) for cls in (*EVENTS.values(), *declared_in(notices))]


def readers():
    """Return the doors that read queues: (service, method, door). A service without doors is named elsewhere."""
    found = []
    for service in WITH_DOORS:
        if (ROOT / "services" / service / "service.py").is_file():
            cls = importlib.import_module(f"services.{service}.service").Service
            found += [(service, name, door) for name, door in doors_of(cls) if isinstance(door, BatchDoor)]
    return found


def golden(wire_type):
    return GOLDEN / f"{wire_type.removeprefix('lianxi.')}.json"


def matches(binding, key):
    """Whether a routing key passes a binding of a topic exchange."""
    pattern = re.escape(binding).replace(r"\*", "[^.]+").replace(r"\.\#", r"(\..+)?").replace(r"\#", ".*")
    return re.fullmatch(pattern, key) is not None


@pytest.mark.parametrize("wire_type", sorted(MESSAGES))
def test_a_message_has_a_golden_sample_and_an_entry_in_the_asyncapi_document(wire_type):
    described = {message["name"] for message in DOCUMENT["components"]["messages"].values()}

    assert golden(wire_type).is_file(), f"no sample of {wire_type}: python tests/contract/golden.py --write"
    assert wire_type in described, f"docs/asyncapi.yaml lacks {wire_type}: make docs"


def test_every_golden_sample_is_of_a_message_that_exists():
    strangers = {path.name for path in GOLDEN.glob("*.json")} - {golden(wire_type).name for wire_type in MESSAGES}

    assert strangers == set()


@pytest.mark.parametrize("wire_type", LOCAL)
def test_a_message_inside_a_node_reaches_a_queue(wire_type):
    message = envelope.decode(golden(wire_type).read_bytes()).message
    time = envelope.decode(golden(wire_type).read_bytes()).time
    sent = courier.outgoing(message, node="630104", service="routing", time=time)

    bound = [
        queue
        for queue, facts in DESCRIBED["queues"].items()
        if facts["from"] == sent.exchange and any(matches(key, sent.routing_key) for key in facts["keys"])
    ]
    assert bound, f"{sent.routing_key} reaches no queue of deploy/xining/bus.yaml: it would be unroutable"


def test_what_a_queue_asks_for_by_name_never_travels_in_company():
    bound = [
        key for facts in DESCRIBED["queues"].values() if facts["from"] == courier.EXCHANGE for key in facts["keys"]
    ]
    by_name = {name for name in EVENTS if f"case.{name}" in bound}

    assert by_name == courier.ALONE, "lianxi/courier.py and deploy/xining/bus.yaml differ"
    assert {key for key in bound if key.startswith("case.")} == {"case.#", *(f"case.{name}" for name in by_name)}
    assert matches("case.#", courier.SEVERAL)


@pytest.mark.parametrize("queue", sorted(DESCRIBED["queues"]))
def test_a_queue_is_read_by_one_door(queue):
    doors = [f"services/{service}/service.py::{name}" for service, name, door in readers() if door.queue == queue]

    assert len(doors) == 1, f"{queue} of deploy/xining/bus.yaml should have one reader, it has {doors or 'none'}"


def test_a_door_reads_a_queue_that_is_declared():
    unknown = [
        (service, name, door.queue) for service, name, door in readers() if door.queue not in DESCRIBED["queues"]
    ]

    assert unknown == []


def test_a_message_that_fails_can_be_parked_by_every_door():
    without = [(service, name) for service, name, door in readers() if not isinstance(door.on_failure.finally_, Park)]

    assert without == []


@pytest.mark.parametrize("queue", sorted(DESCRIBED["queues"]))
def test_what_cannot_be_decoded_has_a_queue_of_its_own(queue):
    declared = {each.name: each for each in topology.load().queues}

    assert declared[queue].arguments["x-dead-letter-routing-key"] == f"dead.{queue}"
    assert f"dead.{queue}" in declared


@pytest.mark.parametrize("service", WITH_DOORS)
def test_a_service_can_park_and_relay(service):
    models = ROOT / "services" / service / "storage" / "tables.py"
    assert models.is_file(), f"services/{service}/storage/tables.py is missing"

    tables = importlib.import_module(f"services.{service}.storage.tables").metadata.tables
    for name in ("outbox", "inbox", "parked", "held", "stream_position", "command_result"):
        assert f"{service}.{name}" in tables, f"services/{service}/storage lacks the bus table {name}"
