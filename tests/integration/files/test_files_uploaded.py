"""A file comes in by chunks: resumed, repeated, checked; known by its content; opened by who may see the case."""

import secrets

import pytest

from tests.support.files import PDF, Sender, digest, document, hand_in, photo

pytestmark = pytest.mark.database
CHUNK = 512 * 1024


def begin(node, content, code, name="材料.pdf", **more):
    return node.ask("POST", "/track/attachments", json={"name": name, "size": len(content), "query_code": code, **more})


def begun(node, content, code, **more):
    answer = begin(node, content, code, **more)
    assert answer.status_code == 201, answer.text
    return Sender(node.ask, content, answer.json())


def code_of(answer):
    return answer.status_code, answer.json()["code"]


def test_an_upload_goes_on_where_it_broke_off_and_repeats_do_no_harm(node):
    number, query_code = node.register()
    content = PDF + secrets.token_bytes(2 * CHUNK)
    sender = begun(node, content, query_code)

    assert sender.chunk(0).json()["offset"] == CHUNK
    assert sender.chunk(0).json()["offset"] == CHUNK
    ahead = sender.chunk(2 * CHUNK)
    assert (*code_of(ahead), ahead.json()["offset"]) == (409, "upload-offset", CHUNK)
    assert code_of(sender.finish()) == (409, "upload-offset")

    reached = node.ask("GET", sender.path, headers=sender.key).json()
    assert reached == {"offset": CHUNK, "size": len(content), "attachment_id": None}
    sender.send(reached["offset"])
    done, again = sender.finish(), sender.finish()

    assert done.status_code == 200, done.text
    assert done.json()["id"] == again.json()["id"]
    assert done.json()["state"] == "checking"
    node.settle()
    row = node.files(number)["材料.pdf"]
    assert (row["state"], row["scan"], row["sha256"]) == ("here", "not-scanned", digest(content))


def test_only_who_has_its_key_goes_on_with_an_upload(node):
    _, query_code = node.register()
    sender = begun(node, PDF, query_code)
    stranger = {"Upload-Key": "x" * 43}

    for method, path in (("GET", ""), ("PUT", "?offset=0"), ("DELETE", "")):
        answer = node.ask(method, sender.path + path, data=PDF if method == "PUT" else None, headers=stranger)
        assert answer.status_code == 404, answer.text
    assert sender.chunk(0).ok


def test_an_upload_given_up_leaves_nothing(node):
    _, query_code = node.register()
    sender = begun(node, PDF, query_code)
    sender.send()

    assert node.ask("DELETE", sender.path, headers=sender.key).status_code == 204
    assert sender.finish().status_code == 404
    assert not node.ports.files.store.arrival(sender.begun["upload_id"], len(PDF)).offset


def test_an_abandoned_upload_is_cleared_away(node):
    _, query_code = node.register()
    sender = begun(node, PDF, query_code)
    sender.send()
    node.database.query("UPDATE intake.upload SET touched_at = now() - interval '25 hours'")

    node.settle()

    assert node.database.query("SELECT id FROM intake.upload") == []
    assert not node.ports.files.store.arrival(sender.begun["upload_id"], len(PDF)).offset


def test_content_that_is_not_what_was_said_is_refused(node):
    number, query_code = node.register()
    sender = begun(node, PDF, query_code, sha256=digest(PDF))
    sender.send()
    assert sender.finish(digest(b"other")).json()["rule"] == "sha-256"

    sender.content = PDF[:-1] + b"!"
    sender.send()  # the last chunk again, with another byte: only the sum tells
    assert sender.finish(digest(PDF)).json()["rule"] == "sha-256"
    assert node.files(number) == {}


def test_the_name_of_a_file_says_nothing_about_its_type(node):
    number, query_code = node.register()
    begin_at = "/track/attachments"

    hand_in(node.ask, begin_at, photo(), "合同.pdf", query_code=query_code)
    hand_in(node.ask, begin_at, document(), "..\\..\\etc\\照片.jpg", query_code=query_code)
    disguised = begun(node, b"MZ\x90\x00" + bytes(200), query_code, name="照片.jpg")
    disguised.send()

    assert disguised.finish().json()["rule"] == "file-type"
    types = {name: (row["kind"], row["media_type"].rpartition(".")[2]) for name, row in node.files(number).items()}
    assert types == {"合同.pdf": ("photo", "image/jpeg"), "照片.jpg": ("office", "document")}


@pytest.mark.parametrize(("size", "rule"), [(0, "range"), (500 * 1024 * 1024 + 1, "file-size"), (10**10, "range")])
def test_a_file_that_cannot_be_taken_in_is_refused_before_its_first_byte(node, size, rule):
    _, query_code = node.register()

    answer = node.ask("POST", "/track/attachments", json={"name": "x", "size": size, "query_code": query_code})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["rule"] == rule


def test_limits_of_kind_case_and_open_uploads_hold(file_node):
    node = file_node("630104", LIANXI_FILE_MEGABYTES="photo=1", LIANXI_CASE_FILES="3")
    _, query_code = node.register()
    large = begun(node, photo() + bytes(1024 * 1024), query_code)
    large.send()
    assert large.finish().json()["rule"] == "file-size"

    begun(node, PDF, query_code)
    begun(node, PDF, query_code)
    assert begin(node, PDF, query_code).json()["rule"] == "file-size"


def test_the_same_file_is_kept_once_and_stands_once_in_a_case(node):
    number, query_code = node.register()
    other, other_code = node.register()
    content = photo(colour="plum")

    first = hand_in(node.ask, "/track/attachments", content, "一.jpg", query_code=query_code)
    second = hand_in(node.ask, "/track/attachments", content, "二.jpg", query_code=query_code)
    hand_in(node.ask, "/track/attachments", content, "三.jpg", query_code=other_code)

    assert first["id"] == second["id"]
    assert (list(node.files(number)), list(node.files(other))) == (["一.jpg"], ["三.jpg"])
    stored = list((node.folder / "blobs" / "files").rglob(digest(content)[2:]))
    assert len(stored) == 1
    assert content[:200] not in stored[0].read_bytes()


def test_an_officer_opens_a_file_in_parts_and_each_look_is_written_down(node):
    number, query_code = node.register()
    content = photo((900, 700), exif={0x010F: "KAMERA", 0x8825: {1: "N"}})
    row = hand_in(node.ask, "/track/attachments", content, "现场 照片.jpg", query_code=query_code)
    officer, path = node.officer(), f"/cases/{number}/attachments/{row['id']}"
    assert code_of(officer("GET", path)) == (409, "file-checking")
    node.settle()

    whole, part = officer("GET", path), officer("GET", path, headers={"Range": "bytes=100-299"})
    small = officer("GET", f"{path}/thumbnail")

    assert whole.content == content
    assert whole.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%E7%8E%B0")
    assert (part.status_code, part.content) == (206, content[100:300])
    assert part.headers["Content-Range"] == f"bytes 100-299/{len(content)}"
    assert officer("GET", path, headers={"Range": f"bytes={len(content)}-"}).status_code == 416
    assert small.headers["Content-Type"] == "image/jpeg"
    assert b"KAMERA" in content
    assert b"KAMERA" not in small.content
    assert b"Exif" not in small.content
    looked = "SELECT part, role FROM intake.attachment_reading WHERE case_no = %s ORDER BY id"
    looks = node.database.query(looked, number)
    assert looks == [("content", "D"), ("thumbnail", "D")]
    book = "SELECT kind, fields FROM intake.personal_read WHERE number = %s ORDER BY position"
    assert len(node.database.query(book, number)) == 2


def test_the_page_of_a_case_shows_its_files_and_where_they_stand(node):
    number, query_code = node.register()
    hand_in(node.ask, "/track/attachments", PDF + b"%page\n", "<b>合同.pdf", query_code=query_code)
    hand_in(node.ask, "/track/attachments", photo(colour="pink"), "照片.jpg", query_code=query_code)
    officer = node.officer()
    page = f"/../../desk/cases/{number}/files"
    waiting = officer("GET", page).text
    node.settle()
    ready = officer("GET", page).text

    assert waiting.count("等待病毒检查") == 2
    assert ready.count("未经病毒检查") == 2
    assert "&lt;b&gt;合同.pdf" in ready
    assert f"/api/v1/cases/{number}/attachments/" in ready


def test_who_may_not_see_the_case_sees_no_file_of_it(node):
    number, query_code = node.register()
    row = hand_in(node.ask, "/track/attachments", photo(), query_code=query_code)
    node.settle()
    officer, path = node.officer(), f"/cases/{number}/attachments"
    node.calls.hidden.add(number)

    assert node.ask("GET", path).status_code == 401
    assert officer("GET", path).status_code == 404
    assert officer("GET", f"{path}/{row['id']}").status_code == 404
    assert officer("POST", path, json={"name": "x.pdf", "size": 10}).status_code == 404
    assert node.database.query("SELECT 1 FROM intake.attachment_reading WHERE case_no = %s", number) == []


def test_a_petitioner_sees_the_own_files_and_no_office_ones(node):
    number, query_code = node.register()
    hand_in(node.ask, "/track/attachments", PDF, "我的.pdf", query_code=query_code)
    hand_in(node.officer("registrar"), f"/cases/{number}/attachments", photo(), "内部.jpg")

    mine = node.ask("POST", "/track/attachments/list", json={"query_code": query_code}).json()["rows"]

    assert [row["name"] for row in mine] == ["我的.pdf"]
    assert len(node.files(number)) == 2


def test_erasing_a_case_erases_what_no_other_case_needs(node):
    number, query_code = node.register()
    _, other_code = node.register()
    shared, own = photo(colour="teal"), PDF + b"%own\n"
    for content, code in ((shared, query_code), (own, query_code), (shared, other_code)):
        hand_in(node.ask, "/track/attachments", content, query_code=code)
    node.settle()

    with node.intake.open_work() as work:
        assert work.attachments.forget(number) == 2
    node.settle()

    assert node.ports.files.store.holds(digest(shared))
    assert not node.ports.files.store.holds(digest(own))
    known = node.database.query("SELECT sha256 FROM intake.blob WHERE sha256 IN (%s, %s)", digest(shared), digest(own))
    assert known == [(digest(shared),)]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/uploads/x%00y", 404),
        ("PUT", "/uploads/00000000-0000-0000-0000-000000000000?offset=0", 404),
        ("PUT", "/uploads/00000000-0000-0000-0000-000000000000", 422),
        ("PUT", "/uploads/00000000-0000-0000-0000-000000000000?offset=-1", 422),
        ("POST", "/uploads/../finish", 404),
        ("DELETE", "/uploads/' OR 1=1", 404),
    ],
)
def test_addresses_that_lead_nowhere_are_answered_as_such(node, method, path, status):
    assert node.ask(method, path, data=b"x", headers={"Upload-Key": "k"}).status_code == status


@pytest.mark.parametrize("ranged", ["bytes=9-3", "bytes=-0", "bytes=99999999-"])
def test_a_part_that_does_not_exist_is_refused_and_an_odd_wish_is_answered_with_the_whole(node, ranged):
    number, query_code = node.register()
    row = hand_in(node.ask, "/track/attachments", PDF, "份.pdf", query_code=query_code)
    node.settle()
    officer, path = node.officer(), f"/cases/{number}/attachments/{row['id']}"

    assert officer("GET", path, headers={"Range": ranged}).status_code == 416
    assert officer("GET", path, headers={"Range": "bytes=-5"}).content == PDF[-5:]
    for odd in ("lines=1-2", "bytes=0-1,4-5", "bytes=-"):
        assert officer("GET", path, headers={"Range": odd}).content == PDF


def test_a_chunk_of_the_wrong_length_or_at_the_wrong_place_is_refused(node):
    _, query_code = node.register()
    sender = begun(node, PDF + bytes(CHUNK), query_code)

    short = node.ask("PUT", f"{sender.path}?offset=0", data=b"short", headers=sender.key)
    crooked = node.ask("PUT", f"{sender.path}?offset=7", data=bytes(CHUNK), headers=sender.key)
    beyond = node.ask("PUT", f"{sender.path}?offset={2 * CHUNK}", data=b"x", headers=sender.key)
    large = node.ask("PUT", f"{sender.path}?offset=0", data=bytes(3 * CHUNK), headers=sender.key)

    assert [answer.status_code for answer in (short, crooked, beyond, large)] == [422, 422, 422, 413]


def test_a_file_handed_in_again_while_it_is_erased_stays(node):
    number, query_code = node.register()
    content = PDF + b"%again\n"
    hand_in(node.ask, "/track/attachments", content, query_code=query_code)
    node.settle()
    with node.intake.open_work() as work:
        work.attachments.forget(number)

    hand_in(node.ask, "/track/attachments", content, "又.pdf", query_code=query_code)
    node.settle()

    assert node.files(number)["又.pdf"]["state"] == "here"
    assert node.ports.files.store.holds(digest(content))


def test_without_a_store_files_are_refused_for_now(file_node):
    node = file_node("630104", LIANXI_BLOBS="")
    _, query_code = node.register()

    assert code_of(begin(node, PDF, query_code)) == (503, "files-away")
    assert node.round().due == 0
