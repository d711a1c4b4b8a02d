"""The name and version under which a message class is known on the wire."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """Name in kebab case, major and minor version. A new optional field is a new minor, anything else a new major."""

    name: str
    major: int = 1
    minor: int = 0
