"""How well and how fast repeats (重复信访) are found: judged pairs of real messages, and a million cases in the books.

The pairs stand in `repeats_judged.csv` by id, with a verdict that somebody reached by reading both; the texts are in
the shared messages, which are not part of the project, so these rows are left out where that file is not. The million
is synthetic: every person has five cases, and those whose repeats are looked for have texts, so that a search costs
what it costs in life: two look-ups by index, opening sealed texts, comparing them, and keeping what is proposed.
"""

import csv
import io
import json
import random
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from lianxi.casework.messages.notices import ContactRegistered
from lianxi.ops.local.cluster import Cluster
from lianxi.runtime.clock import SystemClock
from lianxi.runtime.crypto import KeyRing
from services.routing.domain.fingerprints import BANDS, bands
from services.routing.domain.records import CaseText
from services.routing.domain.repeats import LEAST_OF_A_PERSON, Known, assess
from services.routing.domain.wording import Wording
from services.routing.handlers import repeats
from services.routing.settings import Settings
from services.routing.storage.likeness import found_in
from services.routing.storage.persons import person_id
from services.routing.wiring import Parts, build
from tests.bench.figures import Figure, Row, percentile
from tests.bench.ground import ROOT, Bench, NotFinished
from tests.support.nodes import NodeDatabase, copy_of_template

JUDGED = Path(__file__).with_name("repeats_judged.csv")
MESSAGES = ROOT.parent / "shared" / "data" / "messages.csv"
CITY = "630100"
CASES, OF_ONE_PERSON, SEARCHES = 1_000_000, 5, 300
WITH_TEXT = 400
"""Persons whose cases have texts and whose repeats are looked for."""
PORTION = 50_000
LETTERS = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行"
)
_PLACES = re.compile(r"西地省|[A-Z]\d*[市区县]")
_PERCENT = 100.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two messages, whether they are of one author, whether they are of one matter, and how alike they are."""

    one_author: bool
    same_matter: bool
    likeness: float
    shares_a_band: bool

    @property
    def proposed(self) -> bool:
        """Whether the pair would be shown to a clerk: by the author, or by the fingerprint of the text."""
        kind = "account" if self.one_author else None
        known = Known(
            case_no="", state="S10", holder=CITY, received_on=SystemClock().today(), kind=kind, likeness=self.likeness
        )
        return (self.one_author or self.shares_a_band) and assess(known, (), "") is not None


def measure_repeats(bench: Bench) -> list[Row]:
    """Precision and recall on the judged pairs; milliseconds of a search among a million cases."""
    return [*_quality(bench), _speed(bench)]


def _quality(bench: Bench) -> list[Row]:
    messages = bench.messages if bench.messages and bench.messages.name == MESSAGES.name else MESSAGES
    if not messages.exists():
        bench.say(f"repeats: {messages.name} is not here, the judged pairs are left out")
        return []
    pairs = _pairs(messages)
    own = [pair for pair in pairs if pair.one_author]
    others = [pair for pair in pairs if not pair.one_author]
    crossed = _crossed(own)
    rows = [
        *_rows(own, "repeats", "of one author", f"of {len(own)} pairs; {crossed}"),
        *_rows(others, "repeats-copies", "of two authors, by the fingerprint alone", f"of {len(others)} pairs"),
    ]
    for row in rows:
        bench.say(f"{row.what}: {row.ours.text} % ({row.note})")
    return rows


def _pairs(messages: Path) -> list[Pair]:
    with messages.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["message_id"]: row for row in csv.DictReader(file)}
    wording = Wording(
        found_in, {place for row in rows.values() for place in _PLACES.findall(row["subject"] + row["text"])}
    )
    said = {number: wording.read(row["subject"], row["text"]) for number, row in rows.items()}
    key = b"any key finds the same pairs"
    marks = {number: set(bands(f"{row['subject']}\n{row['text']}", key)) for number, row in rows.items()}
    with JUDGED.open(encoding="utf-8", newline="") as file:
        return [
            Pair(
                one_author=rows[pair["first"]]["author"] == rows[pair["second"]]["author"],
                same_matter=pair["same_matter"] == "yes",
                likeness=wording.likeness(said[pair["first"]], said[pair["second"]]),
                shares_a_band=not marks[pair["first"]].isdisjoint(marks[pair["second"]]),
            )
            for pair in csv.DictReader(file)
        ]


def _rows(pairs: Sequence[Pair], key: str, whose: str, note: str) -> Iterator[Row]:
    precision, recall = quality([(pair.proposed, pair.same_matter) for pair in pairs])
    for name, value in (("precision", precision), ("recall", recall)):
        what = f"repeats proposed for judged pairs {whose}: {name}"
        yield Row(key=f"{key}-{name}", what=what, unit="%", ours=Figure.of([_PERCENT * value]), note=note)


def quality(found: Iterable[tuple[bool, bool]]) -> tuple[float, float]:
    """Return precision and recall of (proposed, same matter)."""
    told = list(found)
    right = sum(proposed and same for proposed, same in told)
    return right / max(1, sum(proposed for proposed, _ in told)), right / max(1, sum(same for _, same in told))


def _crossed(pairs: Sequence[Pair]) -> str:
    """Say what the limit reaches when it is chosen on one half of the pairs and measured on the other."""
    halves = pairs[::2], pairs[1::2]
    found = []
    for chosen, measured in (halves, halves[::-1]):
        limit = max((pair.likeness for pair in chosen), key=lambda limit: _balance(chosen, limit))
        found += [(pair.likeness >= limit, pair.same_matter) for pair in measured]
    precision, recall = quality(found)
    shown = f"{_PERCENT * precision:.0f} % and {_PERCENT * recall:.0f} %"
    return f"limit {LEAST_OF_A_PERSON}; chosen on one half and measured on the other, precision and recall are {shown}"


def _balance(pairs: Sequence[Pair], limit: float) -> float:
    precision, recall = quality([(pair.likeness >= limit, pair.same_matter) for pair in pairs])
    return 2 * precision * recall / max(precision + recall, 1e-9)


class _Undone(Exception):  # noqa: N818  reads as what happened
    """Takes a search back, so that the next one finds the same books."""


def _speed(bench: Bench) -> Row:
    cluster = Cluster(bench.state / "repeats")
    cluster.start()
    try:
        database = copy_of_template(cluster, CITY, ("routing",))
        parts = _node(database, bench.state / "repeats")
        cases = bench.size(CASES, least=10_000)
        began = time.perf_counter()
        _fill(database, cases)
        texts = _write_texts(parts)
        bench.say(f"repeats: {cases} cases in {time.perf_counter() - began:.0f} s")
        took = [_search(parts, person, texts) for person in _drawn(bench.size(SEARCHES, least=50))]
        parts.close()
    finally:
        cluster.remove()
    p50, p95, most = percentile(took, 0.5), percentile(took, 0.95), max(took)
    bench.say(f"repeats: p50 {p50:.1f} ms, p95 {p95:.1f} ms, longest {most:.1f} ms")
    return Row(
        key="repeats-search",
        what=f"search for repeats of a new contact, {cases:,} cases in the books, p95",
        unit="ms",
        ours=Figure.of([p95]),
        target=100.0,
        at_most=True,
        note=f"{len(took)} searches, half of them p50 {p50:.1f} ms, the longest {most:.1f} ms",
    )


def _node(database: NodeDatabase, folder: Path) -> Parts:
    ring = folder / "keys.yaml"
    KeyRing.generate().write(ring)
    environment = {"LIANXI_KEYRING_FILE": str(ring), "LIANXI_AMQP_URI": "amqp://nobody-is-called"}
    return build(Settings.from_environment({**database.environment(folder), **environment}))


def _number(case: int) -> str:
    return f"{CITY}000{SystemClock().today():%Y%m%d}W{case:07d}"


def _person(case: int) -> int:
    return case // OF_ONE_PERSON


def _fill(database: NodeDatabase, cases: int) -> None:
    """Copy the cases in; the index of fingerprints is built once at the end, as after a restore."""
    chance = random.Random(7)
    today = SystemClock().today()
    snapshot = json.dumps({"category": ["城乡建设"], "place": CITY, "petition_class": "C"}, ensure_ascii=False)
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'case_fingerprint_bands'")
        (index,) = cursor.fetchone() or ("",)
        cursor.execute("DROP INDEX routing.case_fingerprint_bands")
        for first in range(0, cases, PORTION):
            numbers = range(first, min(first + PORTION, cases))
            days = {case: today - timedelta(days=case % 900) for case in numbers}
            _copy(
                cursor,
                "case_file (case_no, state, holder, unit, epoch, seq, head_digest, in_transfer, petitioner_key,"
                " received_on, since, snapshot)",
                (
                    (_number(n), "S10", CITY, "", 1, 1, "", "f", "", days[n], f"{days[n]} 09:00+08", snapshot)
                    for n in numbers
                ),
            )
            _copy(
                cursor,
                "case_person (person, case_no, kind, received_on)",
                (
                    (person_id(f"{kind}{_person(n)}"), _number(n), kind, days[n])
                    for n in numbers
                    for kind in ("phone", "person")
                ),
            )
            _copy(
                cursor,
                "case_fingerprint (case_no, bands)",
                (
                    (_number(n), "{" + ",".join(str(chance.getrandbits(63)) for _ in range(BANDS)) + "}")
                    for n in numbers
                ),
            )
        cursor.execute("SET maintenance_work_mem = '256MB'")
        cursor.execute(index)
        for table in ("case_file", "case_person", "case_fingerprint"):
            cursor.execute(f"ANALYZE routing.{table}")


def _copy(cursor: Any, table: str, rows: Iterable[Sequence[object]]) -> None:
    lines = "".join("\t".join(map(str, row)) + "\n" for row in rows)
    cursor.copy_expert(f"COPY routing.{table} FROM STDIN", io.StringIO(lines))


def _write_texts(parts: Parts) -> dict[int, str]:
    """Give the cases of some persons texts, each near enough to the others of its person; return one per person."""
    chance = random.Random(11)
    texts = {}
    with parts.open_work() as work:
        for person in range(WITH_TEXT):
            texts[person] = "".join(chance.choices(LETTERS, k=chance.choice((150, 300, 1500))))
            for case in range(person * OF_ONE_PERSON, (person + 1) * OF_ONE_PERSON):
                text = CaseText(
                    case_no=_number(case),
                    subject=f"路面破损{person}",
                    text=_again(texts[person], chance),
                    petitioner_key="",
                    petitioner_sealed="",
                )
                work.texts.add(text)
                work.repeats.remember_text(text)
    return texts


def _again(text: str, chance: random.Random) -> str:
    """Return a text as somebody writes it a second time."""
    at = chance.randrange(len(text) // 2)
    return text[at:] + text[:at] + "".join(chance.choices(LETTERS, k=20))


def _drawn(searches: int) -> list[int]:
    return [number % WITH_TEXT for number in range(searches)]


def _search(parts: Parts, person: int, texts: dict[int, str]) -> float:
    """Return the milliseconds of one search, with everything it reads and writes."""
    now = parts.here.clock.now()
    contact = ContactRegistered(
        contact_no=_number(9_999_999),
        node=CITY,
        channel="web",
        received_at=now,
        entered_at=now,
        subject_sealed="",
        text_sealed="",
        persons=1,
        representatives=0,
        anonymous=False,
        petitioner_key=f"nobody{person}",
        petitioner_sealed="",
        person_keys=tuple(f"{kind}:{kind}{person}" for kind in ("phone", "person")),
    )
    petition = CaseText(
        case_no=contact.contact_no,
        subject=f"路面破损{person}",
        text=texts[person],
        petitioner_key="",
        petitioner_sealed="",
    )
    found = parts.here.sorter.sort(subject="", text="", declared="", address="", node=CITY)
    with suppress(_Undone), parts.open_work() as work:
        began = time.perf_counter()
        proposed = repeats.look_for(work, parts.here, contact, petition, found)
        took = (time.perf_counter() - began) * 1000
        if len(proposed) < OF_ONE_PERSON:  # those of others whose words are alike come on top
            raise NotFinished(f"{len(proposed)} of {OF_ONE_PERSON} repeats were found")
        raise _Undone
    return took
