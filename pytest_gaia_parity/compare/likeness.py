"""By what elements of arrays are known: their value, their skeleton without what is generated, their name."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_gaia_parity.compare.facts import same, type_of
from pytest_gaia_parity.compare.forms import IDENTIFYING, TIMES, epoch_unit, form_of
from pytest_gaia_parity.compare.tokens import pieces_of

if TYPE_CHECKING:
    from collections.abc import Hashable

_written = msgspec.json.Encoder(order="sorted").encode
#: characters below which a text is no generated value
_SHORTEST = 8
#: the least number that may be a moment
_MOMENT = 1_000_000_000
#: what words do not have: digits, or letters that turn from small to capital within a word twice
_MIXED = re.compile(r"\d|[a-z][A-Z]+[a-z]+[A-Z]")
#: keys by which the elements of an array are told apart, in this order
_KEYS = ("id", "_id", "uuid", "key", "name", "slug", "code", "sku", "path", "url", "email", "title", "label", "type")


class Numbers:
    """Gives equal elements the same number, so that long arrays are compared as lists of numbers.

    An object that stands in several arrays, as what bodies have in common does, is looked at once. The arrays must live
    as long as this does.
    """

    def __init__(self) -> None:
        self._of_object: dict[int, int] = {}
        self._of_value: dict[Hashable, int] = {}
        self._items: list[Any] = []
        self._skeletons: dict[int, Hashable] = {}

    def of(self, array: list[Any]) -> list[int]:
        """The number of each element."""
        known = self._of_object
        return [found if (found := known.get(id(item))) is not None else self._new(item) for item in array]

    def skeleton(self, number: int) -> Hashable:
        """The skeleton of the element with a number."""
        if number not in self._skeletons:
            self._skeletons[number] = skeleton(self._items[number])
        return self._skeletons[number]

    def name(self, number: int) -> Hashable:
        """The name of the element with a number."""
        return name_of(self._items[number])

    def _new(self, item: Any) -> int:
        number = self._of_value.setdefault(frozen(item), len(self._items))
        if number == len(self._items):
            self._items.append(item)
        self._of_object[id(item)] = number
        return number


def skeleton(value: Any) -> Hashable:
    """What an element is but for its generated values: these count by their form."""
    if isinstance(value, str):
        return ("str", value) if len(value) < _SHORTEST else _skeleton_of_text(value)
    if isinstance(value, dict):
        return frozenset([(name, skeleton(item)) for name, item in value.items()])
    if isinstance(value, list):
        return tuple([skeleton(item) for item in value])
    if type(value) is int and value >= _MOMENT and epoch_unit(value):
        return "epoch"
    return type(value).__name__, value


@lru_cache(maxsize=65536)
def _skeleton_of_text(text: str) -> Hashable:
    if _MIXED.search(text) is None:
        return "str", text
    form = form_of(text)
    if form.kind in IDENTIFYING or form.kind in TIMES:
        return form.kind
    if form.kind != "text" or len(text) > 500:
        return "str", text
    return tuple(_piece(piece) for piece in pieces_of(text))


def _piece(piece: str) -> Hashable:
    form = form_of(piece)
    return form.kind if form.kind in IDENTIFYING or form.kind in TIMES else ("str", piece)


def shape(value: Any) -> Hashable:
    """Keys and types."""
    if isinstance(value, dict):
        return frozenset((name, shape(item)) for name, item in value.items())
    return type_of(value)


def frozen(value: Any) -> Hashable:
    """A value that can be counted: as it is written, which is quick; piece by piece where it cannot be written."""
    try:
        return _written(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return _frozen_by_piece(value)


def _frozen_by_piece(value: Any) -> Hashable:
    if isinstance(value, dict):
        return frozenset((name, _frozen_by_piece(item)) for name, item in value.items())
    return tuple(map(_frozen_by_piece, value)) if isinstance(value, list) else (type(value).__name__, value)


def key_of(value: Any) -> Hashable:
    """By what an element of an ordered array is known."""
    return name_of(value) or skeleton(value)


def name_of(value: Any) -> Hashable:
    """The first name-like entry of an element that is not generated."""
    if not isinstance(value, dict):
        return None
    return next((name for key in _KEYS if (name := _entry(value, key)) is not None), None)


def named(array: list[Any]) -> list[Hashable] | None:
    """The names of all elements by one key, None where they have none or share them."""
    if not array or not all(isinstance(item, dict) for item in array):
        return None
    for key in _KEYS:
        names = [_entry(item, key) for item in array]
        if None not in names and len(set(names)) == len(names):
            return names
    return None


def _entry(value: dict[str, Any], key: str) -> Hashable:
    """An entry as a name, None where it is generated or no name."""
    item = value.get(key)
    if isinstance(item, str) and form_of(item).kind not in IDENTIFYING:
        return key, item
    if isinstance(item, int) and not isinstance(item, bool) and key != "type":
        return key, item
    return None


def distance(first: Any, other: Any) -> float:
    """How much of two elements differs, from 0 to 1."""
    if isinstance(first, dict) and isinstance(other, dict):
        names = {*first, *other}
        return sum(skeleton(first.get(name)) != skeleton(other.get(name)) for name in names) / max(1, len(names))
    return 0.0 if same(first, other) else 1.0
