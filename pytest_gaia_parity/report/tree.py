"""JSON as a tree that keeps the form of its text: key order, duplicate keys, the digits of numbers."""

from __future__ import annotations

import json
import re
from json.encoder import encode_basestring as quoted
from typing import Any, Final

__all__ = ["Number", "Pairs", "neutral_key", "parse_json", "quoted", "scalar_text"]


class Pairs(tuple[tuple[str, Any], ...]):
    """A JSON object as it stands in the text: order and duplicate keys kept."""

    __slots__ = ()


class Number(tuple[str]):
    """A number in the form it has in the text: 1.0 is not 1.00, nothing is rounded, and it never equals a string."""

    __slots__ = ()


def _number(text: str) -> Number:
    return Number((text,))


_DECODER = json.JSONDecoder(object_pairs_hook=Pairs, parse_int=_number, parse_float=_number, parse_constant=_number)


def parse_json(text: str) -> Any:
    """Read JSON without losing anything of its form.

    :raises ValueError: it is no JSON.
    """
    return _DECODER.decode(text)


_WORDS: Final = {None: "null", True: "true", False: "false"}


def scalar_text(value: Any) -> str:
    """Write what has no members as it stands in the text."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Number):
        return value[0]
    if isinstance(value, Pairs):
        return "{}"
    return "[]" if isinstance(value, list) else _WORDS[value]


#: ids, times, digests, tokens, numbers: whatever tends to be made anew
_GENERATED = re.compile(r"(?=[^\s]*\d)[0-9A-Za-z._:+/=-]{8,}|\d+(?:\.\d+)?")


def neutral_key(value: Any) -> Any:
    """A hashable key that two elements share when they differ in generated values alone.

    >>> neutral_key("2026-01-01T00:00:00Z") == neutral_key("2026-02-02T10:00:01Z")
    True
    >>> neutral_key("walnut") == neutral_key("oak")
    False
    """
    if isinstance(value, Number):
        return "#"
    if isinstance(value, Pairs):
        return ("{", *((key, neutral_key(item)) for key, item in value))
    if isinstance(value, list):
        return ("[", *(neutral_key(item) for item in value))
    if isinstance(value, str):
        return _GENERATED.sub("#", value)
    return value
