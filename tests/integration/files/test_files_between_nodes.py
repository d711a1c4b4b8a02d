"""Files between two nodes: fetched and brought by the child, resumed after a cut, checked, never to a stranger."""

import secrets
import time

import pytest
import requests

from services.portal.blobs import sign_request
from services.portal.blobs.peers import PeerAway
from tests.support.files import PDF, digest, hand_in, photo
from tests.support.waiting import eventually

pytestmark = pytest.mark.database
CHUNK = 512 * 1024


def given(node, *contents):
    """Hand files in with a new petition; return its number."""
    number, query_code = node.register()
    for place, content in enumerate(contents):
        hand_in(node.ask, "/track/attachments", content, f"{place}.dat", query_code=query_code)
    node.settle()
    return number


def passed_on(source, target, number):
    target.hear(source.told(number)[-1:], source.code)


def states(node, number):
    return {name: row["state"] for name, row in node.files(number).items()}


def test_a_file_known_from_above_is_missing_until_it_is_fetched(district, street):
    content = photo(colour="gold")
    number = given(district, content)

    passed_on(district, street, number)
    assert states(street, number) == {"0.dat": "wanted"}
    street.settle()

    assert states(street, number) == {"0.dat": "here"}
    assert b"".join(street.ports.files.store.read(digest(content)).pieces()) == content
    assert street.files(number)["0.dat"]["thumbnail"] is True


class CutParent:
    """The way to the node above, cut after some chunks of every attempt; what stands in buffers by then is lost."""

    def __init__(self, parent, line, after):
        self._parent, self._line, self._after = parent, line, after
        self.offsets = []

    def wanted(self):
        return []

    def fetch(self, chore, offset):
        self.offsets.append(offset)
        for number, piece in enumerate(self._parent.fetch(chore, offset), start=1):
            yield piece
            if number == self._after:
                self._line.reset()
                self._line.cut()
                raise PeerAway("reset")


def test_a_fetch_cut_in_the_middle_goes_on_where_it_broke_off(district, street, line):
    content = PDF + secrets.token_bytes(6 * CHUNK)
    number = given(district, content)
    passed_on(district, street, number)
    cut = CutParent(street.ports.files.parent, line, after=3)

    street.round(parent=cut)
    assert states(street, number) == {"0.dat": "wanted"}
    assert street.database.query("SELECT tries FROM intake.blob WHERE sha256 = %s", digest(content)) == [(1,)]
    line.heal()
    street.hasten()
    street.round(parent=cut)
    assert cut.offsets == [0, 3 * CHUNK]
    line.heal()
    street.hasten()
    street.settle()

    assert states(street, number) == {"0.dat": "here"}
    assert b"".join(street.ports.files.store.read(digest(content)).pieces()) == content


def test_while_the_line_is_cut_the_next_attempt_moves_away(district, street, line):
    number = given(district, PDF + b"%waiting\n")
    passed_on(district, street, number)
    line.cut()

    street.round()
    street.round()  # not due again yet

    waits = "SELECT tries, finding, next_at > clock_timestamp() FROM intake.blob WHERE sha256 = %s"
    row = street.files(number)["0.dat"]
    assert street.database.query(waits, row["sha256"]) == [(1, "node-above-away", True)]
    line.heal()
    street.hasten()
    street.settle()
    assert states(street, number) == {"0.dat": "here"}


def test_what_the_child_keeps_is_brought_up_and_what_broke_off_goes_on(district, street):
    content = PDF + secrets.token_bytes(3 * CHUNK)
    number = given(street, content)
    passed_on(street, district, number)
    # the first two chunks came in an earlier attempt
    for at in (0, CHUNK):
        district.ports.files.store.write_chunk(f"from-node-{digest(content)}", at // CHUNK, content[at : at + CHUNK])

    district.settle()
    assert states(district, number) == {"0.dat": "wanted"}
    street.round()
    district.settle()

    assert states(district, number) == {"0.dat": "here"}
    assert b"".join(district.ports.files.store.read(digest(content)).pieces()) == content


def test_content_that_was_exchanged_on_the_way_is_thrown_away(district, street):
    content = PDF + b"%true\n"
    number = given(street, content)
    passed_on(street, district, number)
    forged = content[:-2] + b"?\n"
    district.ports.files.store.write_chunk(f"from-node-{digest(content)}", 0, forged)

    street.round()
    assert states(district, number) == {"0.dat": "wanted"}
    street.round()
    district.settle()

    assert states(district, number) == {"0.dat": "here"}


def test_a_file_that_only_passes_through_is_sent_for_and_let_go_of_after_a_week(district, street):
    missing = digest(b"of another district")
    chore = {"sha256": missing, "source": "630100", "size": 19}

    with pytest.raises(Exception, match="file-not-here"):
        list(street.ports.files.parent.fetch(chore, 0))

    known = "SELECT state, source, from_below FROM intake.blob WHERE sha256 = %s"
    assert district.database.query(known, missing) == [("wanted", "630100", False)]
    district.database.query("UPDATE intake.blob SET changed_at = now() - interval '8 days' WHERE sha256 = %s", missing)
    eventually(lambda: (district.round(), district.database.query(known, missing) == [])[1])


def test_a_file_in_quarantine_is_not_passed_on(district, street):
    number = given(district, PDF + b"%bad\n")
    passed_on(district, street, number)
    sha256 = district.files(number)["0.dat"]["sha256"]
    district.database.query("UPDATE intake.blob SET state = 'quarantined' WHERE sha256 = %s", sha256)

    street.settle()

    assert states(street, number) == {"0.dat": "quarantined"}
    assert street.files(number)["0.dat"]["finding"] == "quarantined-above"


def signed(node, method, path, *, code="630104001", guessed=None, moment=None, body=b""):
    secret = guessed or node.ports.files.link_secrets["630104001"]
    moment, target = moment or str(int(time.time())), f"/api/v1{path}"
    signature = sign_request(secret, method, target, moment, body)
    headers = {"Lianxi-Node": code, "Lianxi-Time": moment, "Lianxi-Signature": signature}
    return requests.request(method, node.url + target, headers=headers, data=body, timeout=30)


def test_only_a_child_that_signs_is_answered(district):
    path, hour_ago = "/link/files", str(int(time.time()) - 3600)

    assert signed(district, "GET", path).status_code == 200
    for forged in (
        signed(district, "GET", path, guessed="something"),
        signed(district, "GET", path, code="630105"),
        signed(district, "GET", path, moment=hour_ago),
        signed(district, "GET", path, moment="soon"),
        requests.get(f"{district.url}/api/v1{path}", timeout=30),
    ):
        assert (forged.status_code, forged.json()["code"]) == (401, "link-signature")


def test_a_child_can_bring_only_what_is_wanted_from_it(district, street):
    unasked = digest(PDF)
    from_above = digest(b"wanted from the city")
    chore = {"sha256": from_above, "source": "630100", "size": 4}
    with pytest.raises(Exception, match="file-not-here"):
        list(street.ports.files.parent.fetch(chore, 0))

    assert signed(district, "PUT", f"/link/files/{unasked}?offset=0", body=PDF).status_code == 404
    refused = signed(district, "PUT", f"/link/files/{from_above}?offset=0", body=b"evil")
    assert (refused.status_code, refused.json()["code"]) == (409, "file-not-wanted")
    assert signed(district, "GET", "/link/files/../x").status_code == 404
    assert signed(district, "GET", f"/link/files/{'g' * 64}?size=1").status_code == 422
