"""The store of files, in a directory and behind S3: the same behaviour, and nothing in clear in either."""

import secrets

import boto3
import pytest
from moto.server import ThreadedMotoServer

from lianxi.runtime.crypto import KeyRing, RingContent, new_key
from services.portal.blobs import BlobStore, open_store
from services.portal.domain.files import FileDamaged, FileMissing, FilesAway, WrongContent
from tests.support.files import digest

CHUNK = 512 * 1024
ACCOUNT = {"access_key_id": "lianxi", "secret_access_key": "not-a-secret", "region": "us-east-1"}


@pytest.fixture(scope="module")
def s3():
    """An S3-compatible server on loopback, with an empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="lianxi",
        aws_secret_access_key="not-a-secret",
    )
    client.create_bucket(Bucket="files")
    yield address
    client.close()
    server.stop()


@pytest.fixture(scope="module")
def ring():
    return KeyRing.generate()


@pytest.fixture(params=["directory", "s3"])
def store(request, tmp_path, ring):
    if request.param == "directory":
        return BlobStore(open_store(str(tmp_path / "blobs"), {}), ring)
    address = request.getfixturevalue("s3")
    return BlobStore(open_store(f"s3://files/{secrets.token_hex(4)}", {"endpoint": address, **ACCOUNT}), ring)


def sent(store, upload_id, content):
    for at in range(0, len(content), CHUNK):
        store.write_chunk(upload_id, at // CHUNK, content[at : at + CHUNK])
    return store.incoming(upload_id, len(content))


@pytest.mark.parametrize("size", [1, 65_536, CHUNK, 6 * 1024 * 1024 + 7])
def test_what_was_put_in_comes_out_whole_and_in_parts(store, size):
    content = secrets.token_bytes(size)

    store.keep(digest(content), sent(store, "u-1", content))
    kept = store.read(digest(content))

    assert b"".join(kept.pieces()) == content
    first, length = size // 3, size // 2
    assert b"".join(kept.pieces(first, length)) == content[first : first + length]
    assert kept.size == size


def test_how_far_a_file_has_come_is_counted_to_the_first_gap(store):
    content = bytes(3 * CHUNK + 5)
    for number in (0, 1, 3):
        store.write_chunk("u-2", number, content[number * CHUNK : (number + 1) * CHUNK])
    assert store.arrival("u-2", len(content)).offset == 2 * CHUNK

    store.write_chunk("u-2", 2, content[:CHUNK])
    assert store.arrival("u-2", len(content)).whole

    store.drop_incoming("u-2")
    store.drop_incoming("u-2")
    assert store.arrival("u-2", len(content)).offset == 0


def test_content_that_does_not_fit_its_name_is_never_kept(store):
    with pytest.raises(WrongContent):
        store.keep("0" * 64, sent(store, "u-3", b"something else"))

    assert not store.holds("0" * 64)


def test_quarantine_and_erasure_take_a_file_out_of_reach(store):
    for content in (b"bad", b"unwanted"):
        store.keep(digest(content), sent(store, digest(content)[:8], content))
    store.keep_thumbnail(digest(b"unwanted"), b"small")

    store.quarantine(digest(b"bad"))
    store.erase(digest(b"unwanted"))
    store.erase(digest(b"never here"))

    for content in (b"bad", b"unwanted"):
        with pytest.raises(FileMissing):
            store.read(digest(content))
    with pytest.raises(FileMissing):
        store.read_thumbnail(digest(b"unwanted"))


def test_a_store_that_is_away_says_so(ring):
    away = BlobStore(open_store("s3://files/x", {"endpoint": "http://127.0.0.1:9", **ACCOUNT}), ring)

    with pytest.raises(FilesAway):
        away.read("0" * 64)
    with pytest.raises(FilesAway):
        away.write_chunk("u", 0, b"x")


def test_after_a_rotation_every_file_gets_a_new_header_and_the_old_key_can_go(store, ring):
    old = ring.content
    both = KeyRing(RingContent.simple("k2", {**old.keys, "k2": new_key()}, b"i" * 32, b"t" * 32))
    fresh = KeyRing(RingContent.simple("k2", {"k2": both.content.keys["k2"]}, b"i" * 32, b"t" * 32))
    contents = [secrets.token_bytes(size) for size in (10, 70_000, 6 * 1024 * 1024)]
    for content in contents:
        store.keep(digest(content), sent(store, "u-9", content))
    store.keep_thumbnail(digest(contents[0]), b"small")

    assert BlobStore(store._store, both).reseal("k2") == (4, 0)
    assert BlobStore(store._store, both).reseal("k2") == (0, 0)

    later = BlobStore(store._store, fresh)
    assert [b"".join(later.read(digest(content)).pieces()) for content in contents] == contents
    assert b"".join(later.read_thumbnail(digest(contents[0])).pieces()) == b"small"


class TestOnDisk:
    """What somebody with the disk, but without the keys, finds and can do."""

    CONTENT = b"630102198001010019 " * 20_000

    @pytest.fixture
    def folder(self, tmp_path):
        return tmp_path / "blobs"

    @pytest.fixture
    def kept(self, folder, ring):
        store = BlobStore(open_store(str(folder), {}), ring)
        store.keep(digest(self.CONTENT), sent(store, "u", self.CONTENT))
        store.drop_incoming("u")
        store.write_chunk("v", 0, self.CONTENT[:CHUNK])
        return store

    def path(self, folder):
        return next((folder / "files").rglob(digest(self.CONTENT)[2:]))

    @pytest.mark.usefixtures("kept")
    def test_nothing_is_in_clear(self, folder):
        files = [path for path in folder.rglob("*") if path.is_file()]

        assert len(files) == 2
        assert not any(b"630102198001010019" in path.read_bytes() for path in files)

    @pytest.mark.parametrize("at", [0, 40, 2000, -1])
    def test_a_changed_byte_is_noticed(self, folder, kept, at):
        raw = bytearray(self.path(folder).read_bytes())
        raw[at] ^= 1
        self.path(folder).write_bytes(raw)

        with pytest.raises(FileDamaged):
            b"".join(kept.read(digest(self.CONTENT)).pieces())

    @pytest.mark.parametrize("left", [3, 500, 100_000])
    def test_a_file_cut_short_is_noticed(self, folder, kept, left):
        self.path(folder).write_bytes(self.path(folder).read_bytes()[:left])

        with pytest.raises((FileDamaged, FilesAway)):
            b"".join(kept.read(digest(self.CONTENT)).pieces())

    def test_a_file_put_in_the_place_of_another_does_not_open(self, folder, kept):
        other = folder / "files" / "00" / ("0" * 62)
        other.parent.mkdir(parents=True)
        other.write_bytes(self.path(folder).read_bytes())

        with pytest.raises(FileDamaged):
            kept.read("0" * 64)

    @pytest.mark.usefixtures("kept")
    def test_another_nodes_keys_open_nothing(self, folder):
        stranger = BlobStore(open_store(str(folder), {}), KeyRing.generate())

        assert not stranger.holds(digest(self.CONTENT))
        with pytest.raises(FileDamaged):
            stranger.read(digest(self.CONTENT))
