"""City, district and street with all their processes: up together, unharmed by a kill, found again."""

import pytest
import requests

from lianxi.ops.local.programs import PROGRAMS
from lianxi.ops.local.stack import Stack

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]
STREET = "630104001"


def pids(stack):
    return {(node.code, name): node.program(name).pid for node in stack.nodes for name in PROGRAMS}


def test_every_process_of_every_node_is_ready(three_nodes):
    ready = {(node.code, name): node.program(name).ready for node in three_nodes.nodes for name in PROGRAMS}

    assert ready == dict.fromkeys(ready, True)
    assert len(ready) == 9


def test_every_portal_answers_on_its_own_port(three_nodes):
    for node in three_nodes.nodes:
        assert requests.get(f"{node.portal_url}/healthz", timeout=5).json()["alive"]


def test_going_up_again_changes_nothing(three_nodes):
    before = pids(three_nodes)

    three_nodes.up()

    assert pids(three_nodes) == before


def test_another_command_finds_the_nodes_by_their_directory(three_nodes):
    found = Stack.found_in(three_nodes.directory)

    assert pids(found) == pids(three_nodes)
    assert found.node(STREET).amqp_uri == three_nodes.node(STREET).amqp_uri


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_killed_process_comes_back(three_nodes, name):
    program = three_nodes.node(STREET).program(name)

    program.kill()
    assert program.pid is None
    program.start()
    program.wait()

    assert program.ready
