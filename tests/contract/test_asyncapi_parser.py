"""Both published documents of messages are read by the parser of AsyncAPI's makers, which finds no fault in them."""

import json
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOREIGN = ROOT / "tests" / "integration" / "notify" / "foreign"
PUBLISHED = (ROOT / "docs" / "asyncapi.yaml", ROOT / "docs" / "agency-asyncapi.yaml")
NEWER_VERSION = "asyncapi-latest-version"
"""That there is a newer AsyncAPI is news and no fault: the documents are written in 3.0.0."""


def parsed(*documents):
    """Return what the parser says of each document."""
    assert shutil.which("node"), "Node.js is missing: deploy/setup.sh installs it"
    assert (FOREIGN / "node_modules" / "@asyncapi").is_dir(), "@asyncapi/parser is missing: deploy/setup.sh installs it"
    command = ["node", "asyncapi.mjs", *map(str, documents)]
    done = subprocess.run(command, cwd=FOREIGN, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_parser_finds_nothing_wrong_with_what_is_published_and_names_what_is_wrong_elsewhere(tmp_path):
    spoilt = tmp_path / "spoilt.yaml"
    text = PUBLISHED[0].read_text(encoding="utf-8")
    spoilt.write_text(text.replace("#/components/messages/", "#/components/nowhere/", 1), encoding="utf-8")

    *published, other = parsed(*PUBLISHED, spoilt)

    for document in published:
        assert document["read"]
        assert [fault for fault in document["found"] if fault["code"] != NEWER_VERSION] == []
    assert other["found"][0]["severity"] == 0
