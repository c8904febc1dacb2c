"""Reads JSON exactly, and what several texts have in common once: equal parts become one and the same object."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

#: bytes up to which an array or object is one part; larger ones are taken apart
_PART: Final = 4096
_LISTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECTS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_SPACE: Final = b" \t\r\n"
_KEY: Final = re.compile(rb'[ \t\r\n]*(,?)[ \t\r\n]*("(?:[^"\\]|\\.)*")[ \t\r\n]*:[ \t\r\n]*', re.DOTALL)


class Number(NamedTuple):
    """A JSON number that is no float of Python's: its text, so that nothing of it is lost."""

    text: str


class Pairs(dict[str, Any]):
    """A JSON object that had a key more than once."""


def read_json(text: str) -> Any:
    """Read JSON exactly: big integers, decimals as written, repeated keys kept.

    :raises ValueError: it is not JSON; NaN and Infinity are not.
    """
    return _EXACT.decode(text)


def _decimal(text: str) -> Any:
    value = float(text)
    return value if repr(value) == text or Decimal(repr(value)) == Decimal(text) else Number(text)


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    repeated: dict[str, Any] = Pairs()
    for name, value in pairs:
        repeated.setdefault(name, []).append(value)
    return Pairs({f"{name} (repeated)" if len(values) > 1 else name: values if len(values) > 1 else values[0]
                  for name, values in repeated.items()})  # fmt: skip


_EXACT: Final = json.JSONDecoder(parse_float=_decimal, parse_constant=_no_constant, object_pairs_hook=_object)


class Reader:
    """Reads the bodies of one exchange, of which most are equal in most parts.

    A large text is cut at the elements of its arrays and objects, which costs a tenth of reading it; only
    parts that no text before it had are read. Trees share what they have in common, and are not to be changed.
    """

    def __init__(self) -> None:
        self._texts: dict[str, Any] = {}
        self._parts: dict[bytes, Any] = {}

    def read(self, text: str) -> Any:
        """Read JSON exactly.

        :raises ValueError: it is not JSON.
        """
        if text in self._texts:
            return self._texts[text]
        tree = self._read_new(text)
        self._texts[text] = tree
        return tree

    def _read_new(self, text: str) -> Any:
        if len(text) > _PART and self._texts:
            try:
                self._learn()
                return self._of(text.encode())
            except (msgspec.MsgspecError, ValueError, RecursionError):
                pass  # to be read as a whole, which says what is wrong
        return read_json(text)

    def _learn(self) -> None:
        """Take apart what was read as a whole; not before a second text shows what for."""
        for text, tree in self._texts.items():
            if len(text) > _PART and not self._parts:
                self._keep(text.encode(), tree)

    def _keep(self, data: bytes, tree: Any) -> None:
        if isinstance(tree, list):
            self._keep_all(_LISTS.decode(data), tree)
        elif isinstance(tree, dict) and not isinstance(tree, Pairs):
            self._keep_all(_OBJECTS.decode(data).values(), tree.values())

    def _keep_all(self, parts: Iterable[msgspec.Raw], trees: Iterable[Any]) -> None:
        for data, tree in zip(map(bytes, parts), trees, strict=True):
            if len(data) > _PART:
                self._keep(data, tree)
            else:
                self._parts[data] = tree

    def _of(self, data: bytes) -> Any:
        """The tree of a text or of a part of it."""
        data = data.strip(_SPACE)
        if data[:1] == b"[":
            return self._all(_LISTS.decode(data))
        if data[:1] == b"{":
            parts = _OBJECTS.decode(data)
            if not _has_each_once(data, parts):
                return read_json(data.decode())
            return dict(zip(parts, self._all(parts.values()), strict=True))
        return read_json(data.decode())

    def _all(self, raws: Iterable[msgspec.Raw]) -> list[Any]:
        known = self._parts
        parts = list(map(bytes, raws))
        new = [part for part in dict.fromkeys(parts) if part not in known]
        large = {part: self._of(part) for part in new if len(part) > _PART}
        small = [part for part in new if part not in large]
        known.update(zip(small, read_json(f"[{b','.join(small).decode()}]"), strict=True))
        if large:
            return [large[part] if part in large else known[part] for part in parts]
        return [known[part] for part in parts]


def _has_each_once(data: bytes, parts: dict[str, msgspec.Raw]) -> bool:
    """Whether an object holds these parts and no other: a key that comes twice is lost in *parts*."""
    text = memoryview(data)
    at = 1
    for number, (name, raw) in enumerate(parts.items()):
        part = bytes(raw)
        found = _KEY.match(data, at)
        if found is None or (number > 0) != bool(found[1]) or json.loads(found[2]) != name:
            return False
        at = found.end()
        if text[at : at + len(part)] != part:
            return False
        at += len(part)
    return data[at:].strip(_SPACE) == b"}"
