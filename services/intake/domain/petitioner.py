"""The petitioner (信访人), and what makes two contacts come from the same one (PR-3).

A person is recognised by the strongest thing known: ID number or credit code, else telephone, else the account in the
system the contact was taken over from, else name and address together. A bare name proves nothing: whoever left only
that, or nothing, is never taken for somebody else.
"""

import json
import re
import unicodedata
from dataclasses import dataclass

from lianxi.casework.radicals import without_radicals

PERSONAL_FIELDS = ("name", "id_number", "credit_code", "phone", "email", "address")
"""The fields that are sealed one by one and travel sealed with custody."""

_DOTS = re.compile(r"[·•・‧∙⋅.]")


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Petitioner:
    """Who files. `account` is an author id of another system with the name of that system, "" otherwise."""

    name: str = ""
    id_number: str = ""
    credit_code: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    account: str = ""

    def __repr__(self) -> str:
        return "Petitioner(…)"  # a log or traceback is no place for a person

    def identity(self) -> str | None:
        """Return the strongest identity as one text to be hashed, None if nothing identifies the person."""
        known = self.identities()
        return ":".join(known[0]) if known else None

    def identities(self) -> tuple[tuple[str, str], ...]:
        """Return everything that identifies the person as kind and value, the strongest first."""
        whole = self.name and self.address
        known = (
            ("id", self.id_number),
            ("credit", self.credit_code),
            ("phone", self.phone),
            ("account", self.account),
            ("person", f"{same_spelling(self.name)}/{same_spelling(self.address)}" if whole else ""),
        )
        return tuple((kind, value) for kind, value in known if value)

    def personal(self) -> dict[str, str]:
        """Return the personal fields that have a value."""
        return {name: getattr(self, name) for name in PERSONAL_FIELDS if getattr(self, name)}


def named_in(content: str, person: Petitioner) -> bool:
    """Whether what was typed (JSON) names a person: by a number, or by name and address together."""
    spelt = same_spelling(_text_of(json.loads(content)))
    plain = "".join(letter for letter in spelt if letter.isalnum())
    numbers = [number for number in (person.id_number, person.credit_code, person.phone) if number]
    if any(number.casefold() in plain for number in numbers):
        return True
    named = person.name and person.address
    return bool(named) and all(same_spelling(value) in spelt for value in (person.name, person.address))


def _text_of(value: object) -> str:
    """Everything that stands in a JSON value, one after the other."""
    if isinstance(value, dict):
        return "\n".join(_text_of(each) for each in value.values())
    return "\n".join(map(_text_of, value)) if isinstance(value, list) else str(value)


def same_spelling(text: str) -> str:
    """Return `text` as it is compared: width, case, spaces, radicals and the kind of dot do not matter."""
    narrowed = "".join(unicodedata.normalize("NFKC", without_radicals(text)).split()).casefold()
    return _DOTS.sub("·", narrowed)
