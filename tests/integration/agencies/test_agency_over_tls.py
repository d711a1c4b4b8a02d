"""An agency outside comes to a broker as `lianxi node render` configures it: over TLS, with user and password."""

import json
import logging
import os
import ssl
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pika
import pika.exceptions
import pytest

from lianxi.ops import agency_queue
from lianxi.ops.bundle import Bundle
from lianxi.ops.certificates import CHILD, SERVER, Authority
from lianxi.ops.local.broker import ADMIN, Broker
from lianxi.ops.local.processes import free_ports
from lianxi.ops.rendering import permission, user
from lianxi.ops.topology import load
from lianxi.runtime.clock import SystemClock
from tests.support.sharing import STATE

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]
NODE, CHILD_CODE, HOST = "630104", "630104001", "localhost"
CLIENT = Path(__file__).resolve().parents[3] / "clients" / "agency"
EVENT = {"specversion": "1.0", "id": "test-police-1", "type": "lianxi.agency-test.v1", "agencycursor": 1}


class EnoughError(Exception):
    """Ends a client that would try for ever."""


@dataclass
class Door:
    """The broker with its port for TLS, and what the agency police was given."""

    broker: Broker
    port: int
    authority: Authority
    password: str

    def uri(self, host=HOST, password="", name="agency.police"):
        return f"amqps://{name}:{password or self.password}@{host}:{self.port}/{NODE}"

    @property
    def ca(self):
        return str(self.authority.certificate_file)


def an_authority(folder, host):
    authority, now = Authority(folder), SystemClock().now()
    authority.make("西宁市", now)
    for code in (NODE, CHILD_CODE):
        authority.issue(code, SERVER, [host], now)
        authority.issue(code, CHILD, [], now)
    return authority


def rendered_settings(folder, authority, port):
    """What the rendered configuration says about TLS and logins, with the files and the port of this test."""
    Bundle(load(), NODE, "630100.lianxi", "secret-{}".format, authority, agency_host=HOST).write(folder)
    text = (folder / "broker" / "rabbitmq.conf").read_text(encoding="utf-8")
    lines = [line.partition(" = ") for line in text.splitlines() if " = " in line and not line.startswith("#")]
    begins = ("ssl_", "auth_mechanisms", "loopback_users")
    told = {name: value for name, _, value in lines if name.startswith(begins)}
    place = str(folder / "tls")
    return {name: value.replace("/etc/lianxi/tls", place) for name, value in told.items()} | {
        "listeners.ssl.1": f"127.0.0.1:{port}"
    }


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    authority = an_authority(tmp_path_factory.mktemp("ca"), HOST)
    (port,) = free_ports(1)
    settings = rendered_settings(tmp_path_factory.mktemp("node"), authority, port)
    assert settings["ssl_options.fail_if_no_peer_cert"] == "false"
    broker = Broker(STATE / f"agency-tls-{port}", configuration=settings, plugins=["rabbitmq_auth_mechanism_ssl"])
    try:
        broker.start(within=120)
        api, node = broker.management, load().node(NODE)
        api.create_vhost(NODE, ADMIN)
        api.import_definitions(
            {"users": [user(CHILD_CODE, "")], "permissions": [permission(node, CHILD_CODE, "^$", "^$", "^$")]}
        )
        agency_queue.make(api, NODE, "police", 8)
        yield Door(broker, port, authority, agency_queue.set_user(api, NODE, "police"))
    finally:
        broker.remove()


def test_the_agency_reads_its_queue_over_tls_with_the_citys_authority(door, tmp_path):
    with closing(pika.BlockingConnection(pika.URLParameters(door.broker.uri(NODE)))) as connection:
        properties = pika.BasicProperties(content_type="application/cloudevents+json", delivery_mode=2)
        connection.channel().basic_publish("agency", "police", json.dumps(EVENT).encode(), properties)
    done = subprocess.run(
        [sys.executable, "-m", "lianxi_agency", "events", "--idle", "5"],
        capture_output=True, text=True, check=False, cwd=tmp_path, timeout=120,
        env={
            "PATH": os.environ["PATH"], "PYTHONPATH": str(CLIENT),
            "LIANXI_AGENCY_AMQP": door.uri(), "LIANXI_AGENCY_CA": door.ca,
        },
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [EVENT]


@pytest.fixture
def said(monkeypatch, caplog, tmp_path):
    """Let the client try once; return what it says of the broker."""
    monkeypatch.syspath_prepend(str(CLIENT))
    from lianxi_agency import Events, FileCursor, events, trusting  # noqa: PLC0415  (it lies beside the project)

    def enough(_seconds):
        raise EnoughError

    monkeypatch.setattr(events.time, "sleep", enough)

    def tried(uri, authority=""):
        context = trusting(authority) if authority else None
        with caplog.at_level(logging.WARNING), pytest.raises(EnoughError):
            next(iter(Events(uri, "agency.police", FileCursor(tmp_path / "cursor"), idle=1, context=context)))
        return caplog.messages[-1]

    return tried


def test_a_broker_that_cannot_prove_its_name_is_not_believed(door, said, tmp_path):
    stranger = an_authority(tmp_path / "stranger", HOST)
    wrong = {
        "another host": said(door.uri(host="127.0.0.1"), door.ca),
        "another authority": said(door.uri(), str(stranger.certificate_file)),
        "only the system's authorities": said(door.uri()),
    }

    assert {reason: "its certificate is not believed" in text for reason, text in wrong.items()} == dict.fromkeys(
        wrong, True
    )
    assert "127.0.0.1" in wrong["another host"]
    assert not any(door.password in text for text in wrong.values())


@pytest.mark.parametrize(
    ("name", "guess"), [("agency.police", "guess"), (CHILD_CODE, "guess"), ("app-630104", "guess")]
)
def test_over_tls_nobody_comes_in_with_a_guess_least_of_all_a_neighbour_without_certificate(door, said, name, guess):
    assert "it refuses the user or the password" in said(door.uri(name=name, password=guess), door.ca)


def test_a_neighbour_still_comes_in_with_its_certificate_and_one_of_a_stranger_does_not(door, tmp_path):
    stranger = an_authority(tmp_path / "stranger", HOST)

    assert dialled(door, door.authority) == ""
    assert dialled(door, stranger) != ""


def dialled(door, authority):
    """Come as the child with a certificate; return why it failed, "" if it did not."""
    context = ssl.create_default_context(cafile=door.ca)
    folder = authority.directory / "issued" / CHILD_CODE
    context.load_cert_chain(folder / "child.pem", folder / "child.key")
    parameters = pika.ConnectionParameters(
        HOST, door.port, NODE, pika.credentials.ExternalCredentials(),
        ssl_options=pika.SSLOptions(context, HOST), connection_attempts=1,
    )  # fmt: skip
    try:
        pika.BlockingConnection(parameters).close()
    except (pika.exceptions.AMQPError, OSError) as error:
        return type(error).__name__
    return ""


def test_over_tls_too_the_agency_may_read_its_queue_and_nothing_else(door):
    parameters = pika.URLParameters(door.uri())
    parameters.ssl_options = pika.SSLOptions(ssl.create_default_context(cafile=door.ca), HOST)
    with closing(pika.BlockingConnection(parameters)) as connection:
        assert connection.channel().queue_declare("agency.police", passive=True).method.queue == "agency.police"
        with pytest.raises(pika.exceptions.ChannelClosedByBroker) as refusal:
            connection.channel().queue_declare("mine")
    assert refusal.value.reply_code == 403
