"""Settings come from the environment, secrets from files."""

from pathlib import Path

import pytest

from lianxi.runtime.settings import SettingMissing, read, read_int, read_path


def test_a_setting_is_found_with_and_without_its_prefix():
    environment = {"LIANXI_NODE": "630104"}

    assert read("NODE", environment=environment) == read("LIANXI_NODE", environment=environment) == "630104"


def test_a_secret_is_read_from_the_file_its_variable_names(tmp_path):
    file = tmp_path / "uri"
    file.write_text("amqp://somewhere\n")

    assert read("AMQP_URI", secret=True, environment={"LIANXI_AMQP_URI_FILE": str(file)}) == "amqp://somewhere"


def test_what_is_missing_is_named():
    with pytest.raises(SettingMissing, match="LIANXI_AMQP_URI or LIANXI_AMQP_URI_FILE"):
        read("AMQP_URI", secret=True, environment={})
    with pytest.raises(SettingMissing, match="LIANXI_NODE is not set"):
        read("NODE", environment={})


def test_defaults_numbers_and_paths():
    assert read("NODE", "630100", environment={}) == "630100"
    assert read_int("PORT", 8080, environment={}) == 8080
    assert read_path("KEYRING_FILE", environment={"LIANXI_KEYRING_FILE": "ring.yaml"}) == Path("ring.yaml")
    with pytest.raises(SettingMissing, match="LIANXI_PORT must be a whole number, not 'many'"):
        read_int("PORT", environment={"LIANXI_PORT": "many"})
