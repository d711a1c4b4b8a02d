"""The connections of the second runner: however one ends, nothing of it stays open."""

from pathlib import Path

import pytest

from lianxi.bus.threads import Connected
from tests.support.waiting import eventually

TRIES = 3


def opened():
    return len(list(Path("/proc/self/fd").iterdir()))


def no_such_queue(connection):
    connection.channel().queue_declare("nobody-made-it", passive=True)


def no_sense(_connection):
    raise ValueError


@pytest.mark.parametrize("set_up", [no_such_queue, no_sense])
def test_a_connection_that_cannot_be_set_up_leaves_no_socket_behind(broker_vhost, set_up):
    before, ended = opened(), []
    connected = Connected(broker_vhost.uri, "test", set_up, lambda: ended.append(opened()))

    connected.start()
    eventually(lambda: len(ended) >= TRIES)
    connected.stop()

    assert opened() == before
    assert max(ended) == ended[0]
