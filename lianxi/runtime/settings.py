"""How a process learns where it runs: from environment variables named `LIANXI_…`, secrets from files.

A secret does not belong into a variable, because environments are copied, printed and inherited: on a node the
variable `LIANXI_…_FILE` names a file that holds it. Each service reads its settings once, in its own `settings.py`,
into a frozen dataclass; nothing else in a service looks at the environment.
"""

import os
from collections.abc import Mapping
from pathlib import Path

PREFIX = "LIANXI_"


class SettingMissing(Exception):  # noqa: N818  reads as what happened
    """A setting without a default was not given, or what was given cannot be read."""


def read(
    name: str,
    default: str | None = None,
    *,
    secret: bool = False,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Return the setting `name`, with or without the prefix `LIANXI_`.

    A secret is read from the file that `<name>_FILE` names; the plain variable still works for it, so that a
    developer can set one by hand.
    """
    variables = os.environ if environment is None else environment
    full = _variable(name)
    file_name = variables.get(f"{full}_FILE")
    if secret and file_name:
        return Path(file_name).read_text(encoding="utf-8").strip()
    value = variables.get(full, default)
    if value is None:
        hint = f"{full} or {full}_FILE" if secret else full
        raise SettingMissing(f"{hint} is not set: give it in the environment")
    return value


def read_int(name: str, default: int | None = None, *, environment: Mapping[str, str] | None = None) -> int:
    """Return the setting as a whole number."""
    text = read(name, None if default is None else str(default), environment=environment)
    try:
        return int(text)
    except ValueError:
        raise SettingMissing(f"{_variable(name)} must be a whole number, not {text!r}") from None


def read_path(name: str, default: Path | None = None, *, environment: Mapping[str, str] | None = None) -> Path:
    """Return the setting as a path."""
    return Path(read(name, None if default is None else str(default), environment=environment))


def _variable(name: str) -> str:
    """Return the variable of a setting, as whoever has to mend it knows it."""
    return name if name.startswith(PREFIX) else PREFIX + name
