"""Texts that a service sends in pieces, an event or a line of JSON each: a secret may begin in one and end in another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

#: a text under a name, in JSON without escapes that matter here, or the whole of an event
_PIECE = re.compile(r'"([\w.$-]{1,60})"\s*:\s*"((?:[^"\\]|\\.)*)"|^data: ?(?!\s*[{\[])([^\r\n]+)$', re.MULTILINE)
#: pieces beyond which a stream is left to what stands in single ones
_MOST = 20_000


class _Piece(NamedTuple):
    start: int
    text: str


def is_stream(text: str) -> bool:
    """Whether a text looks like events or lines of JSON."""
    return text.count("\ndata:") > 1 or text.count("}\n{") > 1


def joined(text: str) -> str:
    """What the pieces of each name say together, a line for each name."""
    return "\n".join("".join(piece.text for piece in pieces) for pieces in _pieces(text).values())


def mask_across(text: str, secret: str, mask: str) -> str:
    """Mask a secret that is split over pieces: the first of them gets the mask, the others lose their part."""
    cuts: list[tuple[int, int, str]] = []
    for pieces in _pieces(text).values():
        whole = "".join(piece.text for piece in pieces)
        at = whole.find(secret)
        while at >= 0:
            cuts += _cuts(pieces, at, at + len(secret), mask)
            at = whole.find(secret, at + len(secret))
    for start, end, instead in sorted(cuts, reverse=True):
        text = text[:start] + instead + text[end:]
    return text


def _cuts(pieces: list[_Piece], start: int, end: int, mask: str) -> Iterator[tuple[int, int, str]]:
    at = 0
    for piece in pieces:
        first, last = max(start - at, 0), min(end - at, len(piece.text))
        if first < last:
            yield piece.start + first, piece.start + last, mask
            mask = ""
        at += len(piece.text)


def _pieces(text: str) -> dict[str, list[_Piece]]:
    found: dict[str, list[_Piece]] = {}
    for number, match in enumerate(_PIECE.finditer(text)):
        if number == _MOST:
            break
        group = 2 if match[3] is None else 3
        found.setdefault(match[1] or "", []).append(_Piece(match.start(group), match[group]))
    return found
