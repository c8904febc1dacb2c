"""The end of a text that was cut off: what stands there may be the beginning of a secret, which no search for the whole finds."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from pytest_gaia_parity.redact.names import is_secret_name
from pytest_gaia_parity.redact.spellings import SHORTEST, variants

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_gaia_parity.redact.spellings import Needle

#: a name and a value without its end, in JSON, forms, headers, XML
_OPEN = re.compile(r"([\w.$-]{2,80})(?:\\*[\"'])?\s*(?:[=:>]|%3[Dd])\s*(?:\\*[\"'])?[^\"'\s<>&;,{}\[\]\\]+\\*\Z")
_OPEN_SCHEME = re.compile(r"\b(?:bearer|basic)\s+\S*\Z", re.IGNORECASE)
#: the beginning of an escape
_HALF_ESCAPE = re.compile(r"(?:%[0-9A-Fa-f]?|\\+(?:u[0-9a-fA-F]{0,3}|x[0-9a-fA-F]?)?|&\#?\w{0,8})\Z")
#: characters that one of a secret may take up, written as `&#x1f600;` or `\\\\ud83d\\\\ude00`
_LONGEST_ESCAPE = 18
#: what JSON and HTML write in a way of their own
_SPECIAL = "\"'&<>\\/"
#: characters before the end in which a name's value may begin
_NAMED = 4096


def whole_part(text: str, needles: Iterable[Needle]) -> str:
    """A text that was cut off, without the beginning of a secret at its end.

    >>> whole_part('{"user": "ada", "password": "hunt', ())
    '{"user": "ada", "'
    """
    end = len(text)
    for found in (_OPEN.search(text, max(0, end - _NAMED)), _OPEN_SCHEME.search(text, max(0, end - _NAMED))):
        if found and (found.re is _OPEN_SCHEME or is_secret_name(found[1])):
            end = min(end, found.start())
    return text[: min([end, *(_begins(text, needle) for needle in needles)])]


def _begins(text: str, needle: Needle) -> int:
    """Where the beginning of a secret stands at the end of a text; the text's length where there is none."""
    for spelling in needle.spellings:
        window = max(0, len(text) - len(spelling.text) + 1)
        place = _overlap(text[window:], spelling.text)
        if place is not None:
            return window + place
    window = max(0, len(text) - len(needle.value) * _LONGEST_ESCAPE)
    tail = _HALF_ESCAPE.sub("", text[window:])
    if not _begins_escaped(tail, needle.value):
        return len(text)
    # it begins where it can still be read from
    return window + bisect_left(range(len(tail)), True, key=lambda at: not _begins_escaped(tail[at:], needle.value)) - 1


def _begins_escaped(tail: str, secret: str) -> bool:
    return any(_overlap(one[-len(secret) + 1 :], secret) is not None for one in variants(tail, special=_SPECIAL))


def _overlap(tail: str, secret: str) -> int | None:
    """Where in *tail* a beginning of *secret* starts that goes on to the end."""
    place = tail.find(secret[:SHORTEST])
    while place >= 0:
        if secret.startswith(tail[place:]):
            return place
        place = tail.find(secret[:SHORTEST], place + 1)
    return None
