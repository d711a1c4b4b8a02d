"""One petition, one trace: what its filing sets off is found under one id in the logs of three nodes."""

import json

import pytest
import requests

from lianxi.runtime import tracing
from lianxi.runtime.clock import new_id
from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]
NODES = CITY, DISTRICT, STREET = ("630100", "630104", "630104001")
WANTED = {
    *((STREET, queue) for queue in ("routing.contact", "supervision.case", "notify.case")),
    *((node, queue) for node in (DISTRICT, CITY) for queue in ("inbox.up", "supervision.case")),
}


def lines_of(stack, trace_id):
    """Every line of every log that names the trace."""
    logs = stack.directory.rglob("*.log")
    return [json.loads(line) for log in logs for line in whole_lines(log) if trace_id in line]


def whole_lines(log):
    """The lines of a log that is being written, without one that has not ended yet."""
    return log.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]


def file_at_the_street(stack, traceparent):
    petition = {
        "subject": "路灯不亮",
        "text": "城西区西关大街路灯三个月不亮，夜间行走不便。",
        "petitioner": {"name": "祁连山", "phone": "13997040000", "address": "西宁市城西区西关大街9号"},
        "division": STREET,
    }
    headers = {"traceparent": traceparent, "Idempotency-Key": new_id()}
    return requests.post(f"{stack.node(STREET).portal_url}/api/v1/cases", json=petition, headers=headers, timeout=30)


def test_a_petition_is_found_under_one_trace_in_every_service_and_every_node_above(three_nodes):
    given = tracing.begun()

    assert file_at_the_street(three_nodes, given.header).status_code == 201

    def worked_on():
        return {(line["node"], line["queue"]) for line in lines_of(three_nodes, given.trace_id) if "queue" in line}

    eventually(lambda: worked_on() >= WANTED, within=150)
    lines = lines_of(three_nodes, given.trace_id)
    asked = [line for line in lines if line["event"] == "answered"]
    assert {(line["node"], line.get("service", line["process"])) for line in asked} >= {
        (STREET, "portal"),
        (STREET, "intake"),
    }
    assert all(line["trace_id"] == given.trace_id for line in asked)
    assert len({line["span_id"] for line in asked}) == len(asked)
    assert given.span_id not in {line["span_id"] for line in asked}


def test_a_traceparent_that_is_none_is_replaced_and_nobody_is_refused(three_nodes):
    strange = "00-notatrace-0123456789abcdef-01"

    assert file_at_the_street(three_nodes, strange).status_code == 201

    assert lines_of(three_nodes, "notatrace") == []
    portal = three_nodes.directory.rglob("*portal*.log")
    lines = [json.loads(line) for log in portal for line in whole_lines(log)]
    answered = [line for line in lines if "operation" in line]
    assert answered
    assert all(tracing.continued(f"00-{line['trace_id']}-{line['span_id']}-01") for line in answered)
