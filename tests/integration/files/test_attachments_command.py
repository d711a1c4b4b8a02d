"""`lianxi attachments` at a node: what a case has, what is missing and from where, and trying again now."""

import json

import pytest
from click.testing import CliRunner

from lianxi.ops.attachments import command
from tests.support.files import PDF, hand_in

pytestmark = pytest.mark.database


def lianxi(node, *words):
    done = CliRunner().invoke(command, [*words, "--json"], env=node.environment, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.output.splitlines()]


def test_what_has_not_come_yet_is_listed_with_where_it_comes_from_and_fetched_on_demand(district, street, line):
    number, query_code = district.register()
    hand_in(district.ask, "/track/attachments", PDF + b"%command\n", "收据.pdf", query_code=query_code)
    district.settle()
    street.hear(district.told(number), "630104")
    line.cut()
    street.round()

    waiting = lianxi(street, "missing")
    assert [(row["case_no"], row["name"], row["source"]) for row in waiting] == [(number, "收据.pdf", "630104")]
    assert waiting[0]["tries"] == 1
    line.heal()
    assert lianxi(street, "fetch", number) == [{"hastened": 1}]
    street.settle()

    assert lianxi(street, "missing") == []
    assert [(row["name"], row["state"]) for row in lianxi(street, "list", number)] == [("收据.pdf", "here")]
    assert lianxi(street, "reseal") == [{"resealed": 0, "lost": 0}]


def test_a_list_for_people_is_one_line_per_file(district):
    number, query_code = district.register()
    hand_in(district.ask, "/track/attachments", PDF + b"%list\n", "病历.pdf", query_code=query_code)

    done = CliRunner().invoke(command, ["list", number], env=district.environment)

    assert done.exit_code == 0
    assert done.output.split()[:2] == [number, "checking"]
    assert "病历.pdf" in done.output
