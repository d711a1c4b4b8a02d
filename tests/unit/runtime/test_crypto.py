"""The key ring: what is sealed opens only here, only in its place, and only unaltered."""

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxi.runtime.crypto import CannotOpen, KeyRing, RingContent, check_name, new_key, replace_ring

RING = KeyRing.generate()


@given(st.text(), st.text())
def test_what_is_sealed_opens_in_its_place(plain, context):
    assert RING.open(RING.seal(plain, context), context) == plain


def test_what_is_sealed_does_not_open_in_another_place():
    token = RING.seal("somebody", "contact.name:1")

    with pytest.raises(CannotOpen):
        RING.open(token, "contact.name:2")


def test_sealing_twice_gives_two_tokens():
    assert RING.seal("somebody", "x") != RING.seal("somebody", "x")


@given(st.integers(min_value=0, max_value=10_000), st.integers(min_value=1, max_value=127))
def test_an_altered_token_does_not_open(position, change):
    token = RING.seal("somebody", "x")
    index = position % len(token)
    altered = token[:index] + chr((ord(token[index]) ^ change) or 1) + token[index + 1 :]

    with pytest.raises(CannotOpen):
        RING.open(altered, "x")


@pytest.mark.parametrize("token", ["", ":", "k1", "k1:", "k1:!!", "k9:AAAA", "k1:AAAA", "t:AAAA"])
def test_what_was_never_sealed_does_not_open(token):
    with pytest.raises(CannotOpen):
        RING.open(token, "x")


def test_after_a_rotation_old_tokens_still_open_and_new_ones_use_the_new_key():
    rotated = KeyRing(RingContent.simple("k2", {**RING.keys, "k2": b"\x07" * 32}, RING.index, RING.transport))

    assert rotated.open(RING.seal("somebody", "x"), "x") == "somebody"
    assert rotated.seal("somebody", "x").startswith("k2:")


def test_what_travels_opens_on_every_node_of_the_city_and_no_sealed_row_does():
    other = KeyRing.generate(index=RING.index, transport=RING.transport)

    assert other.open_from_transport(RING.seal_for_transport("somebody", "case"), "case") == "somebody"
    with pytest.raises(CannotOpen):
        other.open(RING.seal("somebody", "x"), "x")
    with pytest.raises(CannotOpen):
        other.open_from_transport(RING.seal("somebody", "x"), "x")


def test_equal_values_hash_equal_on_two_nodes_and_unequal_for_two_purposes():
    other = KeyRing.generate(index=RING.index, transport=RING.transport)

    assert RING.keyed_hash("13800000000", "phone") == other.keyed_hash("13800000000", "phone")
    assert RING.keyed_hash("13800000000", "phone") != RING.keyed_hash("13800000000", "id")


def test_a_ring_survives_its_file_which_only_its_owner_reads(tmp_path):
    path = tmp_path / "ring.yaml"

    RING.write(path)

    assert KeyRing.from_file(path) == RING
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_ring_shows_no_key():
    assert repr(RING) == "KeyRing(current='k1', keys=['k1'])"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "current: k1",
        "{current: k1, keys: {k1: AAAA}, index: AAAA, transport: AAAA}",
        "{current: k1, keys: 3}",
    ],
)
def test_a_file_that_is_no_ring_is_refused(tmp_path, text):
    path = tmp_path / "ring.yaml"
    path.write_text(text)

    with pytest.raises(ValueError, match=r"key ring|32 bytes"):
        KeyRing.from_file(path)


@pytest.mark.parametrize(("current", "names"), [("k2", ["k1"]), ("t", ["t"]), ("k:1", ["k:1"])])
def test_a_ring_that_could_not_tell_its_keys_apart_is_refused(current, names):
    with pytest.raises(ValueError, match="key"):
        RingContent.simple(current, dict.fromkeys(names, b"\x01" * 32), b"\x01" * 32, b"\x01" * 32)


def test_a_ring_from_a_file_follows_the_file(tmp_path):
    path = tmp_path / "ring.yaml"
    RING.write(path)
    ring = KeyRing.from_file(path)
    old = ring.seal("somebody", "x")

    replace_ring(path, ring.content.changed("node", "k2", {**ring.keys, "k2": new_key()}))

    assert ring.current == "k2"
    assert ring.open(old, "x") == "somebody"
    assert ring.seal("somebody", "x").startswith("k2:")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_ring_file_that_breaks_or_vanishes_leaves_the_ring_as_it_was(tmp_path):
    path = tmp_path / "ring.yaml"
    RING.write(path)
    ring = KeyRing.from_file(path)
    token = ring.seal("somebody", "x")

    path.write_text("current: [", encoding="utf-8")
    assert ring.open(token, "x") == "somebody"
    path.unlink()
    assert ring.open(token, "x") == "somebody"

    RING.write(path)
    assert ring.open(token, "x") == "somebody"


def test_during_a_change_over_both_transport_keys_open_and_both_index_keys_find(tmp_path):
    path = tmp_path / "ring.yaml"
    RING.write(path)
    old = RING.content
    both = old.changed("transport", "t2", {**old.transport.keys, "t2": new_key()})
    both = both.changed("index", "i2", {**both.index.keys, "i2": new_key()})
    replace_ring(path, both)
    ring = KeyRing.from_file(path)

    assert ring.open_from_transport(RING.seal_for_transport("somebody", "c"), "c") == "somebody"
    assert ring.seal_for_transport("somebody", "c").startswith("t2:")
    assert ring.open_from_transport(ring.seal_for_transport("somebody", "c"), "c") == "somebody"
    assert ring.keyed_hash("1", "id") != RING.keyed_hash("1", "id")
    assert ring.keyed_hashes("1", "id") == (ring.keyed_hash("1", "id"), RING.keyed_hash("1", "id"))


@pytest.mark.parametrize(("kind", "name"), [("node", "t2"), ("node", "K1"), ("transport", "k2"), ("index", "a:b")])
def test_a_key_may_not_be_taken_for_one_of_another_kind(kind, name):
    with pytest.raises(ValueError, match="key"):
        check_name(kind, name)
