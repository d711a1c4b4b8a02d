"""`lianxi verify` on a real database: every kind of damage is named, at its place, and nothing else is."""

import json

import pytest
from sqlalchemy import create_engine

from lianxi.casework import chain
from lianxi.casework.case.evolve import replay
from lianxi.casework.messages import commands as c
from lianxi.contracts import registry
from lianxi.contracts.schemas import dump, load
from lianxi.ops.verify import node_findings
from lianxi.ops.verify.tally import Tally
from services.routing.handlers import cases
from services.routing.storage.erasure import erase_texts
from tests.support.builders import OFFICE, RT6, TOWNSHIP, an_actor

pytestmark = pytest.mark.database


def number(counter):
    return f"63010400120260302W{counter:05d}"


def handled(street, *counters):
    """Open cases with a text, accept and classify them, and let supervision read what happened."""
    with street.parts.open_work() as work:
        cases.open_cases(work, [street.contact(number(n), text=f"请修第{n}段路") for n in counters], street.parts.here)
    for n in counters:
        street.do(c.AcceptCase(case_no=number(n), actor=an_actor("U", unit=OFFICE), paper={"note": f"原文{n}"}))
        street.do(c.ClassifyCase(case_no=number(n), actor=an_actor("U", unit=OFFICE), claims=RT6))
    street.supervised()


def verified(street, tally=None):
    """Return what is named, as case, place and kind."""
    engines = [create_engine(street.database.service_url(service)) for service in ("routing", "supervision")]
    try:
        found = list(node_findings(*engines, street.keys, TOWNSHIP, tally or Tally()))
    finally:
        for engine in engines:
            engine.dispose()
    return {(one.case_no, one.seq, one.damage) for one in found}


_EVENT = "UPDATE routing.case_event SET {change} WHERE case_no = '{{0}}' AND seq = 2"
_SWAP = "UPDATE routing.case_event SET seq ="
SWAPPED = (
    f"{_SWAP} CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE case_no = '{{0}}' AND seq IN (2, 3);"
    f" {_SWAP} -seq WHERE case_no = '{{0}}' AND seq < 0"
)
ONE_MORE = (
    "INSERT INTO routing.document SELECT case_no, number || '之二', kind, digest, paper FROM routing.document"
    " WHERE case_no = '{0}'"
)
EXCHANGED = (
    "UPDATE routing.case_text t SET text = o.text FROM routing.case_text o"
    " WHERE t.case_no = '{0}' AND o.case_no = (SELECT min(case_no) FROM routing.case_text)"
)
DAMAGES = {
    "an edited event": (
        "UPDATE routing.case_event SET body = replace(body, 'WEB', 'FAX') WHERE case_no = '{0}' AND seq = 1",
        (1, "edited"),
    ),
    "a deleted event": ("DELETE FROM routing.case_event WHERE case_no = '{0}' AND seq = 3", (3, "missing")),
    "a history cut short": ("DELETE FROM routing.case_event WHERE case_no = '{0}' AND seq >= 5", (5, "truncated")),
    "two events swapped": (SWAPPED, (2, "swapped")),
    "a changed digest column": (_EVENT.format(change="digest = repeat('0', 64)"), (2, "edited")),
    "a changed node column": (_EVENT.format(change="node = '630105'"), (2, "edited")),
    "a changed epoch column": (_EVENT.format(change="epoch = 7"), (2, "edited")),
    "a changed time column": (_EVENT.format(change="at = at - interval '1 day'"), (2, "edited")),
    "a changed major version": (_EVENT.format(change="major = 7"), (2, "edited")),
    "a changed version": (
        _EVENT.format(change='body = replace(body, \'"version":"1.\', \'"version":"2.\')'),
        (2, "edited"),
    ),
    "something added to an event": (
        _EVENT.format(change='body = left(body, -1) || \',"note":"x"}}\''),
        (2, "edited"),
    ),
    "a changed state": ("UPDATE routing.case_file SET state = 'S61' WHERE case_no = '{0}'", (0, "edited")),
    "another petitioner": ("UPDATE routing.case_file SET petitioner_key = 'x' WHERE case_no = '{0}'", (0, "edited")),
    "another day of receipt": (
        "UPDATE routing.case_file SET received_on = received_on + 9 WHERE case_no = '{0}'",
        (0, "edited"),
    ),
    "a changed snapshot": (
        "UPDATE routing.case_file SET snapshot = jsonb_set(snapshot, '{{unit}}', '\"x\"') WHERE case_no = '{0}'",
        (0, "edited"),
    ),
    "a changed ledger": ("UPDATE supervision.ledger SET holder = '630105' WHERE case_no = '{0}'", (0, "edited")),
    "a lost file": ("DELETE FROM routing.case_file WHERE case_no = '{0}'", (0, "missing")),
    "a lost history": ("DELETE FROM routing.case_event WHERE case_no = '{0}'", (0, "missing")),
    "a lost document": ("DELETE FROM routing.document WHERE case_no = '{0}' AND kind = '受'", (5, "missing")),
    "a document from nowhere": (ONE_MORE, (0, "edited")),
    "a lost petition": ("DELETE FROM routing.case_text WHERE case_no = '{0}'", (1, "missing")),
    "the petition of another case": (EXCHANGED, (1, "edited")),
}


def test_every_damage_is_named_at_its_place_and_nothing_else_is(street):
    sound, *struck = range(1, len(DAMAGES) + 2)
    handled(street, sound, *struck)
    tally = Tally()
    assert verified(street, tally) == set()
    assert tally.as_data() == {"cases": len(DAMAGES) + 1, "events": 6 * tally.cases, "papers": 4 * tally.cases}

    for counter, (statement, _) in zip(struck, DAMAGES.values(), strict=True):
        for part in statement.format(number(counter)).split(";"):
            street.database.query(part)

    found = verified(street)
    expected = {(damage, *DAMAGES[damage][1]) for damage in DAMAGES}
    names = {number(counter): damage for counter, damage in zip(struck, DAMAGES, strict=True)}
    named = {(names.get(case_no, "a sound case"), seq, kind) for case_no, seq, kind in found}
    assert expected - named == set()
    assert {damage for damage, _, _ in named} == set(DAMAGES)


def test_a_history_sealed_anew_from_the_edit_to_its_end_is_named_by_the_ledger(street):
    handled(street, 1, 2)
    edited = sealed_anew(street, number(1), lambda event: event | {"channel": "FAX"})
    assert edited == 6

    assert verified(street) == {(number(1), edited, "rewritten")}


def sealed_anew(street, case_no, edit):
    """Forge a history as its own node could: edit the first event, seal all anew, and make the case file agree."""
    events, previous = [], chain.GENESIS
    for seq, name, body in street.database.query(
        f"SELECT seq, name, body FROM routing.case_event WHERE case_no = '{case_no}' ORDER BY seq"
    ):
        written = json.loads(body)
        data = edit(written["data"]) if seq == 1 else written["data"]
        sealed = chain.seal(chain.recorded_fields(name, data), previous)
        data["head"] |= {"previous": previous, "digest": sealed}
        previous = sealed
        events.append(load(registry.MESSAGES[written["type"]], data))
        text = json.dumps(written | {"data": data}, ensure_ascii=False)
        street.database.query(
            f"UPDATE routing.case_event SET digest = '{sealed}', body = '{text}'"
            f" WHERE case_no = '{case_no}' AND seq = {seq}"
        )
    snapshot = json.dumps(dump(replay(case_no, events)), ensure_ascii=False)
    street.database.query(
        f"UPDATE routing.case_file SET head_digest = '{previous}', snapshot = '{snapshot}' WHERE case_no = '{case_no}'"
    )
    return len(events)


def test_an_end_sealed_anew_that_says_what_no_event_can_is_named_and_the_other_cases_go_on(street):
    handled(street, 1, 2)
    case_no, where = number(1), f"WHERE case_no = '{number(1)}' AND seq = 6"
    [(name, body)] = street.database.query(f"SELECT name, body FROM routing.case_event {where}")
    written = json.loads(body)
    data = written["data"]
    data["head"] |= {"at": "someday"}
    sealed = chain.seal(chain.recorded_fields(name, data), data["head"]["previous"])
    data["head"] |= {"digest": sealed}
    text = json.dumps(written | {"data": data}, ensure_ascii=False)
    street.database.query(f"UPDATE routing.case_event SET digest = '{sealed}', body = '{text}' {where}")
    street.database.query(f"UPDATE routing.case_file SET head_digest = '{sealed}' WHERE case_no = '{case_no}'")
    street.database.query(f"UPDATE routing.case_file SET state = 'S61' WHERE case_no = '{number(2)}'")

    assert verified(street) == {(case_no, 6, "rewritten"), (case_no, 6, "edited"), (number(2), 0, "edited")}


def test_a_document_whose_text_was_exchanged_is_named(street):
    handled(street, 1, 2)
    ((paper_number,),) = street.database.query(
        f"SELECT number FROM routing.document WHERE case_no = '{number(1)}' AND kind = '受'"
    )
    changed = street.keys.seal('{"note": "改过"}', f"{number(1)}/{paper_number}")
    street.database.query(
        f"UPDATE routing.document SET paper = '{changed}' WHERE case_no = '{number(1)}' AND number = '{paper_number}'"
    )

    assert verified(street) == {(number(1), 5, "edited")}


def test_a_petition_that_was_blanked_is_damage_while_the_case_is_open_and_erasure_once_it_has_ended(street):
    handled(street, 1)
    with street.parts.open_work() as work:
        erase_texts(work.connection, street.keys, [number(1)])

    assert verified(street) == {(number(1), 1, "edited")}

    street.do(c.WithdrawCase(case_no=number(1), actor=an_actor("P"), free_will_recorded=True))
    assert verified(street) == set()


def test_what_only_the_ledger_still_knows_is_named(street):
    handled(street, 1, 2)
    for table in ("case_event", "case_file"):
        street.database.query(f"DELETE FROM routing.{table} WHERE case_no = '{number(1)}'")
    street.database.query(f"DELETE FROM routing.case_event WHERE case_no = '{number(2)}' AND seq > 2")
    street.database.query(
        "UPDATE routing.case_file f SET seq = 2, head_digest = e.digest FROM routing.case_event e"
        f" WHERE e.case_no = f.case_no AND e.seq = 2 AND f.case_no = '{number(2)}'"
    )

    found = verified(street)
    assert (number(1), 0, "missing") in found
    assert (number(2), 3, "truncated") in found
