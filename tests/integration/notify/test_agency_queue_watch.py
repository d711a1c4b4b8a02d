"""How the queue of an agency is looked at on a real broker: how much waits, who reads, or that it is not there."""

import pika
import pytest

from lianxi.bus.inspection import Fit, QueueSeen, standing_of
from tests.support.waiting import eventually

pytestmark = pytest.mark.broker
QUEUE, NOT_THERE = "agency.police", "agency.nobody"


@pytest.mark.usefixtures("queue")
def test_a_queue_is_seen_with_its_events_and_its_readers_beside_one_that_is_missing(broker_vhost):
    connection = pika.BlockingConnection(pika.URLParameters(broker_vhost.uri))
    try:
        channel = connection.channel()
        channel.basic_publish("", QUEUE, b"{}")

        def seen():
            return standing_of(broker_vhost.uri, [NOT_THERE, QUEUE])

        eventually(lambda: seen() == {NOT_THERE: QueueSeen(Fit.MISSING), QUEUE: QueueSeen(Fit.AS_DECLARED, 1, 0)})
        channel.basic_qos(prefetch_count=1)
        channel.basic_consume(QUEUE, lambda *_: None)
        eventually(lambda: seen()[QUEUE].consumers == 1)
    finally:
        connection.close()


def test_a_broker_that_is_away_tells_nothing():
    assert standing_of("amqp://nobody:nothing@127.0.0.1:1/", [QUEUE]) is None
