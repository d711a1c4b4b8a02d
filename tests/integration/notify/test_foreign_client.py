"""A program that is not ours reads what an agency is told: Node's amqplib, and the SDK of CloudEvents to understand it.

What a webhook brings is read with the libraries of CloudEvents and Standard Webhooks in `test_agencies.py`.
"""

import json
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest
from cloudevents.v1.conversion import from_json
from cloudevents.v1.http import CloudEvent, from_http

from tests.support.builders import NUMBER, OFFICE, Road
from tests.support.waiting import eventually

pytestmark = [pytest.mark.database, pytest.mark.broker]
FOREIGN = Path(__file__).parent / "foreign"
GRANT = {"name": "police", "units": [OFFICE], "fields": ["accepted_on", "unit"], "amqp": True}


@pytest.mark.usefixtures("relay")
@pytest.mark.parametrize("mode", ["structured", "binary"])
def test_amqplib_reads_every_event_in_order_and_cloudevents_understands_it(office, queue, broker_vhost, mode):
    office.call("add_agency", grant={**GRANT, "mode": mode}, by="root")
    office.receive(*Road().at_the_township().accepted().events)

    messages = read_by_node(queue, 3)
    events = [understood(message, mode) for message in messages]

    assert [int(event["agencycursor"]) for event in events] == [1, 2, 3]
    assert [(message["messageId"], message["type"]) for message in messages] == [
        (event["id"], event["type"]) for event in events
    ]
    assert {(message["deliveryMode"], event["subject"]) for message, event in zip(messages, events, strict=True)} == {
        (2, NUMBER)
    }
    assert events[2].data["unit"] == OFFICE
    place = f"queues/{quote(broker_vhost.name, safe='')}/agency.police"
    eventually(lambda: broker_vhost.management.get(place)["messages"] == 0)


def read_by_node(address, number):
    """Read so many messages of the agency's queue with Node."""
    assert shutil.which("node"), "Node.js is missing: deploy/setup.sh installs it"
    assert (FOREIGN / "node_modules" / "amqplib").is_dir(), "amqplib is missing: deploy/setup.sh installs it"
    command = ["node", "consume.mjs", address, "agency.police", str(number)]
    done = subprocess.run(command, cwd=FOREIGN, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def understood(message, mode):
    """The event as the SDK reads it; it has no binding for AMQP, so binary mode is read by its binding for HTTP."""
    if mode == "structured":
        assert message["contentType"].startswith("application/cloudevents+json")
        return from_json(CloudEvent, message["body"])
    attributes = {
        f"ce-{name.removeprefix('cloudEvents_')}": value
        for name, value in message["headers"].items()
        if name.startswith("cloudEvents_")
    }
    return from_http({**attributes, "content-type": message["contentType"]}, message["body"].encode())
