"""Files before a real clamd, Debian's: what it says is understood, and what it finds is taken out of reach.

Its signatures are two of our own, so nothing is fetched. What a scanner may do wrong is in `test_files_scanned.py`.
"""

import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from services.portal.blobs import Clamd
from tests.support.files import PDF, hand_in
from tests.support.scanners import EICAR_LIKE, RealClamd

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def clamd():
    with tempfile.TemporaryDirectory(prefix="clamd-") as folder:  # a socket's path must be short
        scanner = RealClamd(Path(folder))
        scanner.start()
        yield scanner
        scanner.stop()


@pytest.fixture(scope="module")
def scanned(file_node, clamd):
    return file_node("630104", LIANXI_CLAMD=clamd.socket)


def packed(content):
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("材料.txt", content)
    return archive.getvalue()


@pytest.mark.parametrize("way", ["socket", "address"])
@pytest.mark.parametrize(
    ("content", "outcome", "finding"),
    [
        (PDF + b"%clean\n", "clean", ""),
        (b"", "clean", ""),
        (PDF + EICAR_LIKE, "infected", "Lianxi.Test.UNOFFICIAL"),
        (packed(b"inside: " + EICAR_LIKE), "infected", "Lianxi.Test.UNOFFICIAL"),
        (RealClamd.HARMLESS, "infected", "Lianxi.Hash.UNOFFICIAL"),
        (RealClamd.HARMLESS + b".", "clean", ""),
        (bytes(RealClamd.LARGEST - 1000) + EICAR_LIKE, "infected", "Lianxi.Test.UNOFFICIAL"),
        (bytes(RealClamd.LARGEST + 1000), "later", "scanner-limit"),
        (bytes(20 * RealClamd.LARGEST), "later", "scanner-limit"),
    ],
    ids=["clean", "empty", "signature", "packed", "hash", "another hash", "large", "too large", "far too large"],
)
def test_what_a_real_clamd_says_of_a_file_is_understood(clamd, way, content, outcome, finding):
    pieces = [content[at : at + 300_000] for at in range(0, len(content), 300_000)]

    verdict = Clamd(getattr(clamd, way)).scan(pieces)

    assert verdict.outcome == outcome
    assert verdict.finding in ({finding, "scanner-away"} if outcome == "later" else {finding})


def test_of_two_files_handed_in_the_clean_one_is_opened_and_the_infected_one_is_not(scanned):
    number, query_code = scanned.register()
    contents = {"好.pdf": PDF + b"%for clamd\n", "坏.pdf": PDF + b"%for clamd\n" + EICAR_LIKE}
    ids = {
        name: hand_in(scanned.ask, "/track/attachments", content, name, query_code=query_code)["id"]
        for name, content in contents.items()
    }

    scanned.settle()

    rows = scanned.files(number)
    shown = {name: (rows[name]["state"], rows[name]["scan"], rows[name]["finding"]) for name in contents}
    answers = {
        name: scanned.officer()("GET", f"/cases/{number}/attachments/{found}").status_code
        for name, found in ids.items()
    }
    assert shown == {"好.pdf": ("here", "clean", ""), "坏.pdf": ("quarantined", "infected", "Lianxi.Test.UNOFFICIAL")}
    assert answers == {"好.pdf": 200, "坏.pdf": 409}


def test_a_file_waits_for_a_scanner_that_was_stopped_and_is_scanned_when_it_is_back(scanned, clamd):
    number, query_code = scanned.register()
    hand_in(scanned.ask, "/track/attachments", PDF + b"%while it was away\n", "材料.pdf", query_code=query_code)
    clamd.stop()
    scanned.round()
    away = scanned.files(number)["材料.pdf"]
    clamd.start()
    scanned.hasten()
    scanned.settle()

    assert (away["state"], away["finding"]) == ("checking", "scanner-away")
    assert scanned.files(number)["材料.pdf"]["scan"] == "clean"
