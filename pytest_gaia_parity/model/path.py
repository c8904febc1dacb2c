"""The path language: names a place in what was observed, `body.items[*].id`.

A path is a tuple of segments: a key (str), an array index (int), `ANY` (`*` or `[*]`, any one key or index) or
`DEEP` (`**`, any number of segments). A key that holds one of ``.[]*"`` or nothing at all is written `["a.b"]`.
A pattern matches the place it names and everything below it.
"""

from __future__ import annotations

import enum
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pytest_gaia_parity.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence


class Wild(enum.Enum):
    """The two wildcards of a pattern."""

    ANY = "*"
    DEEP = "**"


ANY: Final = Wild.ANY
DEEP: Final = Wild.DEEP

Segment = str | int | Wild
Path = tuple[Segment, ...]

_PLAIN_KEY = re.compile(r'[^.\[\]*"]+')
_TOKEN = re.compile(
    r"""(?P<index>\[(?:\d+|\*)\])|\[(?P<quoted>"(?:[^"\\]|\\.)*")\]|(?P<deep>\*\*)|(?P<any>\*)|(?P<key>[^.\[\]*"]+)"""
)


@lru_cache(maxsize=4096)
def parse_path(text: str) -> Path:
    """Read a path or pattern.

    >>> parse_path('body.items[*].id') == ("body", "items", ANY, "id")
    True

    :raises ConfigError: *text* is not a path.
    """
    segments: list[Segment] = []
    at = 0
    while at < len(text):
        if text[at] == "." and at > 0 and at + 1 < len(text) and text[at + 1] not in ".[":
            at += 1
        elif segments and text[at] != "[":
            raise _not_a_path(text, at)
        match = _TOKEN.match(text, at)
        if match is None:
            raise _not_a_path(text, at)
        try:
            segments.append(_segment(match))
        except ValueError:  # an escape that JSON does not know
            raise _not_a_path(text, at) from None
        at = match.end()
    if not segments:
        raise _not_a_path(text, 0)
    return tuple(segments)


def _segment(match: re.Match[str]) -> Segment:
    if index := match["index"]:
        return ANY if index == "[*]" else int(index[1:-1])
    if quoted := match["quoted"]:
        return str(json.loads(quoted))
    if match["deep"]:
        return DEEP
    return ANY if match["any"] else match["key"]


def _not_a_path(text: str, at: int) -> ConfigError:
    return ConfigError(
        f"'{text}' is not a path: position {at + 1} is not understood",
        hint='write places as status, headers.content-type, body.items[0].id, body.items[*].id, body.**.id, body["a.b"]',
    )


def render_path(path: Sequence[Segment]) -> str:
    """Write a path in the form that `parse_path` reads.

    >>> render_path(("body", "items", 0, "a.b"))
    'body.items[0]["a.b"]'
    """
    text = ""
    for segment in path:
        if isinstance(segment, int):
            text += f"[{segment}]"
        elif isinstance(segment, Wild):
            text += f".{segment.value}" if text else segment.value
        elif _PLAIN_KEY.fullmatch(segment):
            text += f".{segment}" if text else segment
        else:
            text += f"[{json.dumps(segment, ensure_ascii=False)}]"
    return text


def matches(pattern: Path, path: Sequence[Segment]) -> bool:
    """Whether *path* is the place that *pattern* names, or lies below it."""
    if not pattern:
        return True
    if pattern[0] is DEEP:
        return any(matches(pattern[1:], path[skip:]) for skip in range(len(path) + 1))
    if not path:
        return False
    return (pattern[0] is ANY or pattern[0] == path[0]) and matches(pattern[1:], path[1:])
