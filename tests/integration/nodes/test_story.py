"""The whole story of the demonstration: three nodes, half a year, every check of it on real brokers and databases."""

import subprocess
import sys

import pytest

MINUTES = 15 * 60


@pytest.mark.nodes
@pytest.mark.timeout(MINUTES)
def test_the_story_of_the_demonstration_holds_from_the_first_petition_to_the_last_book(tmp_path):
    played = subprocess.run(
        [sys.executable, "-m", "lianxi.ops", "demo", "--exit", "--state", str(tmp_path / "demo")],
        capture_output=True,
        text=True,
        check=False,
        timeout=MINUTES,
    )

    assert played.returncode == 0, played.stdout[-4000:] + played.stderr[-2000:]
    assert "项检查全部通过" in played.stdout
