"""One file says which queue listens where; what makes a queue safe is the same for all."""

import pytest

from lianxi.bus.testing import matches
from lianxi.bus.topology import as_definitions, child_queue, load


def listeners(exchange, routing_key):
    return {
        queue.name
        for queue in load().queues
        if queue.source == exchange and any(matches(key, routing_key) for key in queue.keys)
    }


@pytest.mark.parametrize(
    ("exchange", "routing_key", "queues"),
    [
        ("case", "case.case-transferred", {"supervision.case", "notify.case"}),
        ("case", "contact.contact-registered", {"routing.contact", "notify.case"}),
        ("case", "supervision.clock-breached", {"notify.case"}),
        ("case", "dossier.dossier-received", {"intake.dossier"}),
        ("case", "case.case-delivered", {"supervision.case", "notify.case", "intake.custody"}),
        ("case", "materials.materials-kept", {"routing.materials", "notify.case"}),
        ("case", "notice.notice-chosen", {"routing.materials", "notify.case"}),
        ("case", "notice.notice-choice-arrived", {"notify.case"}),
        ("up", "630104001.case.transferred", {"inbox.up"}),
        ("down", "630104.offer", {"inbox.down"}),
        ("link.out.up", "630104.case.transferred", {"up.out"}),
    ],
)
def test_events_reach_who_needs_them(exchange, routing_key, queues):
    assert listeners(exchange, routing_key) == queues


def test_every_queue_a_service_reads_has_one_active_consumer_and_dead_letters():
    names = {queue.name for queue in load().queues}
    for queue in load().queues:
        if "x-dead-letter-exchange" in queue.arguments:
            assert queue.arguments["x-single-active-consumer"] is True
            assert queue.arguments["x-dead-letter-routing-key"] == f"dead.{queue.name}"
            assert f"dead.{queue.name}" in names


def test_what_a_shovel_delivers_is_never_lost_for_want_of_a_queue():
    exchanges = {exchange.name: exchange for exchange in load().exchanges}

    assert exchanges["up"].arguments == exchanges["down"].arguments == {"alternate-exchange": "unrouted"}


def test_a_parent_has_a_queue_for_each_child():
    topology = load().with_children(["630104", "630105"])

    assert child_queue("630104") in topology.queues
    assert child_queue("630105").keys == ("630105.#",)
    assert child_queue("630105").source == "link.out.down"


def test_definitions_hold_every_object_of_the_vhost():
    rendered = as_definitions("630104")

    assert {queue["name"] for queue in rendered["queues"]} == {queue.name for queue in load().queues}
    assert all(item["vhost"] == "630104" for items in rendered.values() for item in items)
    assert {"source": "case", "destination": "routing.contact", "routing_key": "contact.#"}.items() <= next(
        binding for binding in rendered["bindings"] if binding["destination"] == "routing.contact"
    ).items()
