"""Copies of values with some fields changed."""

from dataclasses import dataclass, replace

import pytest

from lianxi.casework import values


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A value with slots, as messages have."""

    name: str
    number: int = 0


def test_a_changed_copy_is_what_the_standard_library_makes():
    place = Place(name="a", number=1)

    assert values.replace(place, number=2) == replace(place, number=2)
    assert place == Place(name="a", number=1)


def test_a_field_that_does_not_exist_is_refused():
    with pytest.raises(TypeError):
        values.replace(Place(name="a"), colour="red")
