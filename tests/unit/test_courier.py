"""Where wire and bus meet: every message that stays inside a node has a routing key that some queue is bound to."""

import pytest
import yaml

from lianxi.casework.messages import notices
from lianxi.contracts.registry import declared_in
from lianxi.courier import _KINDS
from tests.support.nodes import ROOT


@pytest.mark.parametrize("message", list(declared_in(notices)), ids=lambda cls: cls.__name__)
def test_a_notice_has_a_kind_that_a_queue_is_bound_to(message):
    queues = yaml.safe_load((ROOT / "deploy" / "xining" / "bus.yaml").read_text(encoding="utf-8"))["queues"]
    bound = {key.partition(".")[0] for queue in queues.values() if queue["from"] == "case" for key in queue["keys"]}

    assert _KINDS[message.MESSAGE.name] in bound
