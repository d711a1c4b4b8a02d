"""No file is opened before the scanner said that it is clean, whatever the scanner does instead of saying so."""

import socket

import pytest

from services.portal.blobs import Clamd
from services.portal.domain.files import FileMissing
from tests.support.files import PDF, digest, hand_in
from tests.support.scanners import EICAR_LIKE, FakeClamd

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def clamd():
    server = FakeClamd()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def well(clamd):
    clamd.becomes("well")


@pytest.fixture(scope="module")
def scanned(file_node, clamd):
    return file_node("630104", LIANXI_CLAMD=clamd.address)


def given(node, content):
    number, query_code = node.register()
    row = hand_in(node.ask, "/track/attachments", content, "材料.pdf", query_code=query_code)
    return number, row["id"]


def row_of(node, number):
    return node.files(number)["材料.pdf"]


def test_a_clean_file_is_opened_once_it_was_scanned(scanned, clamd):
    number, attachment_id = given(scanned, PDF + b"%clean\n")
    before = clamd.asked

    scanned.settle()

    assert clamd.asked == before + 1
    assert (row_of(scanned, number)["state"], row_of(scanned, number)["scan"]) == ("here", "clean")
    assert scanned.officer()("GET", f"/cases/{number}/attachments/{attachment_id}").content == PDF + b"%clean\n"


def test_an_infected_file_is_taken_out_of_reach_and_stays_known(scanned):
    content = PDF + EICAR_LIKE
    number, attachment_id = given(scanned, content)

    scanned.settle()

    row = row_of(scanned, number)
    assert (row["state"], row["scan"], row["finding"]) == ("quarantined", "infected", "Lianxi.Test")
    refused = scanned.officer()("GET", f"/cases/{number}/attachments/{attachment_id}")
    assert (refused.status_code, refused.json()["code"]) == (409, "file-quarantined")
    with pytest.raises(FileMissing):
        scanned.ports.files.store.read(digest(content))
    _, query_code = scanned.register()
    again = scanned.ask(
        "POST", "/track/attachments", json={"name": "x", "size": len(content), "query_code": query_code}
    ).json()
    key, path = {"Upload-Key": again["key"]}, f"/uploads/{again['upload_id']}"
    scanned.ask("PUT", f"{path}?offset=0", data=content, headers=key)
    refused = scanned.ask("POST", f"{path}/finish", json={"sha256": digest(content)}, headers=key)
    assert refused.json()["code"] == "file-quarantined"


@pytest.mark.parametrize(
    ("mood", "largest", "finding"),
    [
        ("closes", 1000, "scanner-unclear"),
        ("garbage", 1000, "scanner-unclear"),
        ("half", 1000, "scanner-unclear"),
        ("error", 1000, "scanner-error"),
        ("well", 10, "scanner-limit"),
    ],
)
def test_a_scanner_that_cannot_say_keeps_the_file_waiting(scanned, clamd, mood, largest, finding):
    number, attachment_id = given(scanned, PDF + f"%{mood}{largest}\n".encode())
    clamd.becomes(mood, largest=largest)

    scanned.round()

    row = row_of(scanned, number)
    assert (row["state"], row["finding"] in {finding, "scanner-away"}) == ("checking", True)
    refused = scanned.officer()("GET", f"/cases/{number}/attachments/{attachment_id}")
    assert (refused.status_code, refused.json()["code"]) == (409, "file-checking")

    clamd.becomes("well")
    scanned.hasten()
    scanned.settle()
    assert row_of(scanned, number)["scan"] == "clean"


def test_a_scanner_that_is_away_or_slow_is_no_verdict(clamd):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = f"127.0.0.1:{taken.getsockname()[1]}"
    assert Clamd(closed).scan([PDF]).finding == "scanner-away"
    assert Clamd("/nowhere/clamd.ctl").scan([PDF]).finding == "scanner-away"

    clamd.becomes("silent")
    verdict = Clamd(clamd.address, seconds=0.2).scan([PDF])
    assert (verdict.outcome, verdict.finding) == ("later", "scanner-slow")


def test_a_large_file_goes_to_the_scanner_in_pieces(clamd):
    pieces = [bytes(200_000)] * 20 + [EICAR_LIKE]

    assert Clamd(clamd.address).scan(pieces).outcome == "infected"
    assert Clamd(clamd.address).scan(pieces[:-1]).outcome == "clean"
