"""A process whose service died ends and says so by its status, so that a supervisor starts it again."""

import pytest

from tests.integration.bus.conftest import HERE, Process
from tests.support.waiting import eventually


@pytest.mark.parametrize("services", ["dying", "dying,stuck"])
def test_a_process_ends_with_an_error_when_a_service_died(broker_vhost, tmp_path, services):
    process = Process([str(HERE / "dying_process.py"), broker_vhost.uri, services], {}, tmp_path / "log")

    process.start()
    eventually(lambda: not process.alive)

    assert process.stop() == 1, process.log
    assert "service died" in process.log


def test_a_process_ends_with_an_error_when_a_service_cannot_be_built(broker_vhost, tmp_path):
    environment = {"LIANXI_NODE": "630104", "LIANXI_AMQP_URI": broker_vhost.uri}
    process = Process(["-m", "lianxi.runtime.run", "--services", "intake"], environment, tmp_path / "log")

    process.start()
    eventually(lambda: not process.alive)

    assert process.stop() == 1, process.log
