"""Values as plain text: control characters visible, long values shortened around what differs."""

from __future__ import annotations

import json
import unicodedata
from typing import Any, Final
from urllib.parse import quote

import msgspec

#: what stands for a side that has no value
ABSENT: Final = "(absent)"
ARROW: Final = "→"
#: characters shown before and after the part that differs
_CONTEXT = 16


def visible(text: str) -> str:
    r"""Show what a terminal would obey instead of printing: controls, bidirectional overrides, invisible characters.

    >>> visible("a\x1b[31mb\u202ec\nd")
    'a\\x1b[31mb\\u202ec\\nd'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _is_harmless(char) else _escape(char) for char in text)


def _is_harmless(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def log_line(text: str) -> str:
    """Make a line safe for the log of a CI system, which obeys `::error::` at its start and `##[…]` anywhere.

    >>> log_line("  ::error::x"), log_line("##[error]x")
    ('  : :error::x', '# #[error]x')
    """
    text = visible(text)
    start = len(text) - len(text.lstrip())
    if text.startswith("::", start):
        text = f"{text[:start]}: {text[start + 1 :]}"
    return text.replace("##[", "# #[").replace("##vso[", "# #vso[")


def fragment(**state: str) -> str:
    """The part of the page's address that opens it in a state: `c` a comparison, `q` a filter.

    >>> fragment(c="t.py::test_a")
    '#c=t.py%3A%3Atest_a'
    """
    return "#" + "&".join(f"{key}={quote(value, safe='', errors='backslashreplace')}" for key, value in state.items())


def value_text(value: Any) -> str:
    """Render a value as one line of JSON: quotes tell a text from a number.

    >>> value_text("1"), value_text(1), value_text(msgspec.UNSET)
    ('"1"', '1', '(absent)')
    """
    if value is msgspec.UNSET:
        return ABSENT
    try:
        return visible(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")))
    except (TypeError, ValueError):
        return visible(repr(value))


def pair_text(baseline: Any, candidate: Any, *, width: int = 120) -> str:
    """Render both values so that their difference is in what is shown.

    >>> pair_text("bearer", "Bearer")
    '"bearer" → "Bearer"'
    """
    first, second = value_text(baseline), value_text(candidate)
    half = max(24, (width - 3) // 2)
    if max(len(first), len(second)) > half:
        first, second = _shortened(first, second, half)
    return f"{first} {ARROW} {second}"


def _shortened(first: str, second: str, room: int) -> tuple[str, str]:
    alike = next(
        (at for at, (one, other) in enumerate(zip(first, second, strict=False)) if one != other),
        min(len(first), len(second)),
    )
    start = max(0, alike - _CONTEXT)
    return _window(first, start, room), _window(second, start, room)


def _window(text: str, start: int, room: int) -> str:
    if len(text) <= room:
        return text
    start = min(start, max(0, len(text) - room))
    end = start + room
    left = len(text) - end
    return f"{'…' if start else ''}{text[start:end]}{f'… ({left} more)' if left > 0 else ''}"
