"""The administrator that `lianxi node provision` works with may do what `lianxi agency` asks, as it comes to a node."""

import pytest

from lianxi.ops import agency_node, agency_queue
from lianxi.ops.local.management import Management
from lianxi.ops.local.management import name as in_path
from lianxi.ops.local.provisioning import new_password
from lianxi.runtime.clock import new_id

pytestmark = pytest.mark.broker


@pytest.fixture
def administrator(broker_vhost):
    """An administrator of the broker without any rights in the node's vhost, as in containers: name and password."""
    name, password = f"admin-{new_id()[-8:]}", new_password()
    broker_vhost.management.put(f"users/{name}", {"password": password, "tags": "administrator"})
    yield name, password
    broker_vhost.management.delete(f"users/{name}")


def test_an_administrator_without_rights_in_the_vhost_makes_and_removes_what_an_agency_needs(
    administrator, broker_vhost, monkeypatch
):
    name, password = administrator
    monkeypatch.setenv("LIANXI_NODE", "630104")
    monkeypatch.setenv("LIANXI_AMQP_URI", broker_vhost.uri)
    monkeypatch.setenv("LIANXI_MANAGEMENT_URL", broker_vhost.management.url)
    monkeypatch.setenv("LIANXI_MANAGEMENT_USER", name)
    monkeypatch.setenv("LIANXI_MANAGEMENT_PASSWORD", password)

    broker = agency_node.broker_of({"node": None, "state": None})
    agency_queue.make(broker.api, broker.vhost, "water", 8)
    agency_queue.set_user(broker.api, broker.vhost, "water")
    kind = agency_queue.kind_of(broker.api, broker.vhost, "water")
    letters = list(agency_queue.dead_letters(broker.api, broker.vhost))
    agency_queue.remove(broker.api, broker.vhost, "water")

    assert isinstance(broker.api, Management)
    assert (broker.vhost, kind, letters) == (broker_vhost.name, "quorum", [])
    assert agency_queue.kind_of(broker.api, broker.vhost, "water") == ""
    assert broker_vhost.management.get(f"permissions/{in_path(broker_vhost.name)}/{name}")["configure"] == ".*"
