"""Letters from the queue to the signature, digests and the list of documents, on a real database."""

import base64
import io
import zipfile
from datetime import timedelta

import pytest

from services.notify.handlers import gather
from tests.support.builders import NUMBER, OFFICE, TOWNSHIP, Road
from tests.unit.notify.post_room import an_alert

pytestmark = pytest.mark.database

CLERK = {"person": "clerk", "role": "R", "unit": "", "node": TOWNSHIP}
TODAY = "2026-03-02"


class Book:
    """Intake's address book."""

    def __init__(self, name="马<秀>兰", address="西宁市城西区西关大街12号"):
        self.known = (name, address)
        self.opened = []

    def open(self, case_no, actor):
        self.opened.append((case_no, actor.person))
        return self.known


@pytest.fixture
def room(an_office):
    """A township with a letter in its print room, for a petitioner who has nothing but a postal address."""
    office = an_office()
    office.expect_people(name="马秀兰")
    office.receive(*Road().handling().events)
    office.people.known[NUMBER] = next(iter(office.people.known.values()))
    office.book = Book()
    office.service._press = type(office.service._press)(office.book, office.service._press.formats, office.wall)
    office.send()
    return office


def letters(office, state="queued"):
    return [row for row in office.call("letters", state=state)["rows"] if row["rule"] == "acceptance-notice"]


def printed(office, **more):
    (row,) = letters(office)
    return row["id"], office.call("print_letters", ids=[row["id"]], actor=CLERK, **more)


def test_a_letter_is_printed_posted_and_signed_for(room):
    identity, done = printed(room)

    assert done["printed"] == [identity]
    assert "马&lt;秀&gt;兰" in done["content"]
    assert "西关大街12号" in done["content"]
    assert "受理" in done["content"]
    assert "自动发送" not in done["content"]
    assert done["content"].count("<article>") == 1
    assert room.book.opened == [(NUMBER, "clerk")]
    assert room.call("post_letter", id=identity, on=TODAY, tracking_no="XA1", actor=CLERK)["state"] == "posted"
    assert letters(room, "posted")[0]["tracking_no"] == "XA1"
    assert room.call("letter_arrived", id=identity, on=TODAY, actor=CLERK)["state"] == "delivered"


def test_a_letter_is_a_document_an_office_program_opens(room):
    _, done = printed(room, format="docx")

    with zipfile.ZipFile(io.BytesIO(base64.b64decode(done["content"]))) as archive:
        assert archive.testzip() is None
        text = archive.read("word/document.xml").decode()
    assert "马&lt;秀&gt;兰" in text


def test_what_the_post_brings_back_can_be_printed_again(room):
    identity, _ = printed(room)
    room.call("post_letter", id=identity, on=TODAY, tracking_no="XA1", actor=CLERK)
    assert room.call("letter_returned", id=identity, on=TODAY, note="查无此人", actor=CLERK)["state"] == "returned"

    assert room.call("print_letters", ids=[identity], actor=CLERK)["printed"] == [identity]


def test_a_letter_without_an_address_is_named_and_leaves_the_queue(room):
    room.book.known = ("马秀兰", "")
    identity, done = printed(room)

    assert (done["printed"], done["without_address"], letters(room)) == ([], [identity], [])


def test_a_letter_that_was_never_printed_cannot_be_posted_nor_one_tomorrow(room):
    (row,) = letters(room)

    assert room.refuse("post_letter", id=row["id"], on=TODAY, actor=CLERK)["rule"] == "letter-state"
    room.call("print_letters", ids=[row["id"]], actor=CLERK)
    assert room.refuse("post_letter", id=row["id"], on="2999-01-01", actor=CLERK)["rule"] == "future"


def test_documents_to_serve_are_listed_and_the_case_says_when_they_are(an_office):
    office = an_office()
    road = Road().handling().submitted().signed()
    office.receive(*road.events)

    rows = office.call("services", case_no=NUMBER)["rows"]
    assert {row["kind"]: row["state"] for row in rows} == {"受": "unserved", "意": "unserved"}
    first = office.call("unserved", limit=1)
    second = office.call("unserved", limit=1, after=first["next"])
    assert [row["number"] for page in (first, second) for row in page["rows"]] == [row["number"] for row in rows]
    assert second["next"] is None

    office.receive(*road.served().events[-1:])
    (opinion,) = (row for row in office.call("services", case_no=NUMBER)["rows"] if row["kind"] == "意")
    assert (opinion["state"], opinion["served_on"]) == ("served", road.today.isoformat())
    begun = {"case_no": NUMBER, "number": opinion["number"], "method": "post", "on": TODAY, "actor": CLERK}
    assert office.refuse("begin_service", **begun)["code"] == "already-served"


def test_what_is_too_much_for_an_officer_comes_as_one_message_that_can_be_opened(an_office):
    office = an_office()
    most = office.desk.rules.manners.digest.after
    numbers = [f"{NUMBER[:-5]}{number:05d}" for number in range(most + 4)]
    office.expect_mail(len(numbers))
    alerts = [an_alert(case_no=number, raised_at=office.desk.clock.now()) for number in numbers]
    office.receive(*alerts)
    mine = {"node": TOWNSHIP, "role": "U", "unit": OFFICE, "limit": 200}
    assert len(office.call("inbox", **mine)["rows"]) == most

    with office.open_work() as work:
        office.database.query("UPDATE notify.delivery SET gather_at = gather_at - interval '2 days' WHERE true")
        assert gather(work, office.desk, office.wall.now() + timedelta(days=1)) >= 1

    first = office.call("inbox", **mine)["rows"][0]
    assert (first["kind"], first["title"]) == ("digest", "预警汇总：4条")
    officer = {**CLERK, "role": "U", "unit": OFFICE}
    opened = office.call("digest", id=first["id"], actor=officer)["rows"]
    assert [row["case_no"] for row in opened] == numbers[most:]
    assert office.refuse("digest", id=first["id"], actor={**officer, "role": "RV"})["status"] == 403
