"""A backup is checked part by part, goes only where it belongs, and copies each file once."""

import json
from datetime import UTC, datetime

import click
import pytest

from lianxi.ops.backup import take
from lianxi.ops.backup_manifest import newest_in, problems
from lianxi.ops.restore import restore
from lianxi.runtime.crypto import KeyRing

pytestmark = pytest.mark.database
AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


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
