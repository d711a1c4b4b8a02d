"""A backup is checked part by part, goes only where it belongs, and copies each file once."""

import json
from datetime import UTC, datetime

import boto3
import click
import pytest
from moto.server import ThreadedMotoServer

from lianxi.ops.backup import take
from lianxi.ops.backup_manifest import newest_in, problems, read_manifest
from lianxi.ops.restore import restore
from lianxi.runtime.crypto import KeyRing

pytestmark = pytest.mark.database
AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
BUCKET = {"files/ab/cdef": b"sealed", "files/12/large": b"sealed" * 1_500_000, "incoming/x/000000": b"half"}


@pytest.fixture
def node(node_database, tmp_path):
    """The settings of a node with a database, a key ring and a file."""
    ring, blobs = tmp_path / "keys.yaml", tmp_path / "blobs"
    KeyRing.generate().write(ring)
    (blobs / "ab").mkdir(parents=True)
    (blobs / "ab" / "cdef").write_bytes(b"sealed")
    database = node_database("630104")
    settings = {"LIANXI_NODE": "630104", "LIANXI_KEYRING_FILE": str(ring), "LIANXI_BLOBS": str(blobs)}
    return {**database.environment(tmp_path), **settings, "LIANXI_AMQP_URI": "amqp://localhost"}


def test_a_backup_is_whole_until_somebody_changes_a_part_of_it(node, tmp_path):
    made = take(node, tmp_path / "backups", AT)
    assert list(problems(made)) == []
    assert newest_in(tmp_path / "backups") == made
    assert "keys.yaml" not in {path.name for path in (tmp_path / "backups").rglob("*")}

    with (made / "intake.dump").open("ab") as dump:
        dump.write(b"x")
    (tmp_path / "backups" / "files" / "ab" / "cdef").unlink()

    assert sorted(problem.partition("：")[0] for problem in problems(made)) == ["ab/cdef", "intake.dump"]
    with pytest.raises(click.ClickException, match="已损坏"):
        restore(node, made, replace=True)


def test_a_backup_goes_back_to_its_own_node_only(node, tmp_path):
    made = take(node, tmp_path / "backups", AT)

    with pytest.raises(click.ClickException, match="不能恢复到节点"):
        restore({**node, "LIANXI_NODE": "630105"}, made, replace=True)


def test_a_backup_needs_the_keys_it_was_made_with(node, tmp_path):
    made = take(node, tmp_path / "backups", AT)
    manifest = json.loads((made / "manifest.json").read_text(encoding="utf-8"))
    (made / "manifest.json").write_text(json.dumps(manifest | {"keys": ["k1", "k7"]}), encoding="utf-8")

    with pytest.raises(click.ClickException, match="k7"):
        restore(node, made, replace=True)


def test_an_empty_node_is_filled_and_its_files_are_back(node, tmp_path):
    made = take(node, tmp_path / "backups", AT)
    (tmp_path / "blobs" / "ab" / "cdef").unlink()

    restore(node, made, replace=False)

    assert (tmp_path / "blobs" / "ab" / "cdef").read_bytes() == b"sealed"


@pytest.fixture
def in_a_bucket(node):
    """The same node with its files in a bucket of a store that speaks S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {
        "LIANXI_BLOBS": "s3://cases/630104",
        "LIANXI_BLOBS_ENDPOINT": f"http://{host}:{port}",
        "LIANXI_BLOBS_REGION": "us-east-1",
        "LIANXI_BLOBS_ACCESS_KEY": "lianxi",
        "LIANXI_BLOBS_SECRET_KEY": "not-a-secret",
    }
    client = boto3.client(
        "s3",
        endpoint_url=settings["LIANXI_BLOBS_ENDPOINT"],
        region_name="us-east-1",
        aws_access_key_id="lianxi",
        aws_secret_access_key="not-a-secret",
    )
    client.create_bucket(Bucket="cases")
    for name, content in BUCKET.items():
        client.put_object(Bucket="cases", Key=f"630104/{name}", Body=content)
    yield {**node, **settings}, client
    client.close()
    server.stop()


def kept_in(client):
    listed = client.list_objects_v2(Bucket="cases").get("Contents", [])
    return {row["Key"]: client.get_object(Bucket="cases", Key=row["Key"])["Body"].read() for row in listed}


def test_files_in_a_bucket_are_in_the_backup_and_go_back_into_the_bucket(in_a_bucket, tmp_path):
    node, client = in_a_bucket
    made = take(node, tmp_path / "backups", AT)
    assert list(problems(made)) == []
    assert {row["name"] for row in read_manifest(made)["files"]} == {"files/ab/cdef", "files/12/large"}
    client.delete_object(Bucket="cases", Key="630104/files/12/large")
    client.put_object(Bucket="cases", Key="630104/files/ab/cdef", Body=b"half")

    restore(node, made, replace=False)

    assert kept_in(client) == {f"630104/{name}": content for name, content in BUCKET.items()}


def test_a_bucket_that_is_away_is_a_sentence_and_leaves_no_backup_that_looks_whole(in_a_bucket, tmp_path):
    node, _ = in_a_bucket

    with pytest.raises(click.ClickException, match="文件库不可用") as told:
        take({**node, "LIANXI_BLOBS": "s3://no-such-bucket/x"}, tmp_path / "backups", AT)

    assert "127.0.0.1" not in str(told.value)
    with pytest.raises(click.ClickException, match="没有完整的备份"):
        newest_in(tmp_path / "backups")
