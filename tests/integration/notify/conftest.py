"""Notify on a migrated database, with a mail server in the test process."""

import threading
from urllib.parse import quote

import pytest

from lianxi.bus.housekeeping import Retention
from lianxi.bus.relay import Relay
from lianxi.ops import agency_queue
from services.notify import service, wiring
from services.notify.settings import Settings
from tests.integration.notify.mail_server import MailServer
from tests.integration.notify.office import NotifyOffice
from tests.integration.notify.webhook_receiver import WebhookReceiver
from tests.support.builders import TOWNSHIP


@pytest.fixture
def mail_server():
    """A mail server that takes every letter until it is told otherwise."""
    server = MailServer().start()
    yield server
    server.stop()


@pytest.fixture
def receiver():
    """A server of an agency that answers as it is told."""
    made = WebhookReceiver()
    yield made
    made.stop()


@pytest.fixture
def environment(node_database, tmp_path):
    """The settings of the township's notify, without a mail server."""
    database = node_database(TOWNSHIP, services=("notify",))
    return {
        **database.environment(tmp_path),
        "LIANXI_AMQP_URI": "amqp://nobody:nothing@127.0.0.1:1/",
        "LIANXI_SMTP_TIMEOUT": "1",
        "LIANXI_SMTP_HOST": "",
    }, database


@pytest.fixture
def an_office(environment, monkeypatch):
    """Make the notify of the township: `an_office(mail_server)`, or with settings of its own."""
    made = []

    def make(mail_server=None, **settings):
        variables, database = environment
        if mail_server is not None:
            settings = {"LIANXI_SMTP_HOST": "127.0.0.1", "LIANXI_SMTP_PORT": str(mail_server.port), **settings}
        parts = wiring.build(Settings.from_environment({**variables, **settings}))
        monkeypatch.setattr(service, "build", lambda: parts)
        made.append(parts)
        return NotifyOffice(service.Service(), parts, database)

    yield make
    for parts in made:
        parts.close()


@pytest.fixture
def queue(broker_vhost):
    """The queue of the police on a broker of its own vhost: the address their user logs in with."""
    api, vhost = broker_vhost.management, broker_vhost.name
    agency_queue.make(api, vhost, "police", 8)
    password = agency_queue.set_user(api, vhost, "police")
    yield f"amqp://agency.police:{password}@127.0.0.1:{broker_vhost.port}/{quote(vhost, safe='')}"
    agency_queue.remove(api, vhost, "police")


@pytest.fixture
def office(an_office):
    return an_office()


@pytest.fixture
def relay(office, broker_vhost):
    """The relay of the node, running."""
    made = Relay(office.database.url, broker_vhost.uri, ["notify"], Retention())
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    yield made
    made.stop()
    thread.join(10)
