"""Overrules and changes of the directory on a real database, as the commands of the people in charge see them."""

import json
from datetime import date, timedelta

import pytest
from click.testing import CliRunner

from lianxi.casework.messages import commands as c
from lianxi.casework.messages.facts import Claim, PetitionClass
from lianxi.ops import sort
from lianxi.ops import units as units_command
from services.routing.handlers import cases, units
from services.routing.storage.unit_changes import Amendments
from tests.support.builders import OFFICE, TOWNSHIP, an_actor

pytestmark = pytest.mark.database
MARCH = date(2026, 3, 2)


def number(counter):
    return f"63010400120260302W{counter:05d}"


@pytest.fixture
def as_street(street, monkeypatch):
    """The commands find the street of this test, as they would in its environment."""
    for name, value in street.environment.items():
        monkeypatch.setenv(name, value)
    return street


def unsettled(street, counter):
    contact = street.contact(
        number(counter),
        subject="反映情况",
        text="学校和医院",
        category=(),
        petition_class=None,
        division=TOWNSHIP,
    )
    with street.parts.open_work() as work:
        cases.open_cases(work, [contact], street.parts.here)
    with street.parts.open_work() as work:
        proposal = work.overrules.proposal(number(counter))
    assert proposal["settled"] is False
    return proposal


def registered(street, counter, category):
    street.do(
        c.RegisterCase(
            case_no=number(counter),
            actor=an_actor("R"),
            purpose="求决",
            petition_class=PetitionClass.RELIEF,
            category=category,
            place=TOWNSHIP,
            claims=(Claim(number=1),),
            same_matter_checked=True,
        )
    )


def test_overrules_are_kept_and_become_proposals_of_lianxi_sort_learn(as_street):
    street = as_street
    for counter in (1, 2):
        proposal = unsettled(street, counter)
        registered(street, counter, ("城乡建设",))

    result = CliRunner().invoke(sort.command, ["learn", "--json"])

    told = json.loads(result.stdout)
    assert told["overrules"] == 2
    assert told["lessons"][0]["decided"] == "城乡建设"
    assert told["lessons"][0]["proposed"] == "/".join(proposal["category"])
    assert "共 2 处改判" in CliRunner().invoke(sort.command, ["learn"]).stdout


def test_a_change_of_the_directory_is_set_shown_listed_and_used_by_a_running_node(as_street):
    street = as_street
    book = street.parts.rulebook
    today = street.parts.here.clock.today()
    run = CliRunner().invoke
    set_name = [
        "set",
        OFFICE,
        "--from",
        today.isoformat(),
        "--name",
        "西关大街办事处",
        "--reason",
        "更名",
        "--by",
        "li",
    ]

    assert run(units_command.command, [*set_name, "--json"]).exit_code == 0
    later = ["set", OFFICE, "--from", (today + timedelta(days=1)).isoformat(), "--hours", "全天", "--reason", "值守"]
    assert run(units_command.command, [*later, "--by", "li"]).exit_code == 0

    shown = json.loads(run(units_command.command, ["show", "--json"]).stdout)
    history = json.loads(run(units_command.command, ["history", OFFICE, "--json"]).stdout)
    assert [row["name"] for row in shown["rows"]] == ["西关大街办事处"]
    assert [row["facts"] for row in history["rows"]] == [{"name": "西关大街办事处"}, {"hours": "全天"}]
    assert "西关大街办事处" in run(units_command.command, ["show"]).stdout
    assert "更名" in run(units_command.command, ["history", OFFICE]).stdout
    book._next_look = 0.0
    assert book.current().directory.name(OFFICE) == "西关大街办事处"
    assert book.seed.directory.name(OFFICE) != "西关大街办事处"


@pytest.mark.usefixtures("as_street")
def test_a_change_that_cannot_be_meant_is_refused_in_words():
    arguments = ["set", OFFICE, "--from", "2026-03-02", "--competence", "城镇", "--reason", "x", "--by", "li"]

    result = CliRunner().invoke(units_command.command, arguments)

    assert result.exit_code == 2
    assert "分类目录中没有" in result.stderr


def test_without_its_database_a_node_keeps_the_organs_it_knew(street):
    engine = Amendments(street.parts.open_work()._engine)
    assert engine.newest() == 0
    street.database.query("ALTER TABLE routing.unit_change RENAME TO unit_change_away")

    assert engine.newest() == 0
    assert engine.rows() == ()


def test_the_directory_of_another_day_can_be_read(street):
    with street.parts.open_work() as work:
        told = units.list_units(street.parts.rulebook.seed.directory, work.unit_changes, TOWNSHIP, MARCH)

    assert told["on"] == "2026-03-02"
    assert [row["code"] for row in told["rows"]] == [OFFICE]
    assert told["rows"][0]["hours"]
