"""The places of the city, and the check that a code somebody gave names one of them (X-1 to X-3).

The list is replaceable data (CF-44). A place where a problem lies must be on it; an address may lie outside the city,
where the list knows nothing, so there only the form of the code is checked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import DivisionCode

_CITY_DIGITS = 4


@dataclass(frozen=True)
class Divisions:
    """The division codes of one city, in their canonical form, and what the divisions are called."""

    codes: frozenset[str]
    names: Mapping[str, str] = field(default_factory=dict)

    def name(self, code: str) -> str:
        """Return what a division is called, its code if the list does not say."""
        return self.names.get(code, code)

    def place(self, text: str, field: str) -> str:
        """Return the code of a place of this city."""
        code = str(DivisionCode.parse(text, field))
        if code not in self.codes:
            raise Invalid(field, "X-3", "本市区划目录中没有这个代码，请从目录中选择所在区县或乡镇街道。")
        return code

    def address(self, text: str, field: str) -> str:
        """Return the code of a place where somebody lives, which may lie outside the city."""
        code = str(DivisionCode.parse(text, field))
        if any(known[:_CITY_DIGITS] == code[:_CITY_DIGITS] for known in self.codes):
            return self.place(code, field)
        return code
