"""The secrets of the links with the children are those of the file at the moment a child asks."""

import os

from services.portal.wiring import ChildSecrets


def test_a_child_that_joins_is_known_without_a_restart(tmp_path):
    file = tmp_path / "links.yaml"
    file.write_text('"630100": above\n"630104001": one\n', encoding="utf-8")
    secrets = ChildSecrets(file, "630100")
    assert dict(secrets) == {"630104001": "one"}

    file.write_text('"630100": above\n"630104001": one\n"630104002": two\n', encoding="utf-8")
    os.utime(file, ns=(1, 1))

    assert dict(secrets) == {"630104001": "one", "630104002": "two"}
    assert secrets.get("630100") is None
    assert len(secrets) == 2


def test_without_a_file_no_child_may_ask():
    assert dict(ChildSecrets(None, "630100")) == {}
