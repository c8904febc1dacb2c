"""Values that stand for more than themselves, and values as a difference shows them."""

from __future__ import annotations

from typing import Any

import msgspec

from pytest_gaia_parity.compare.exact import Number

#: characters of a value that are kept in a difference, around where it differs
LONGEST = 2000


class Absent:
    """Stands for no value at all, which JSON's null is not."""


class Opaque(str):
    """A value that means nothing but equal or not equal to another one: the tag of an ETag."""

    __slots__ = ()


class Loose(str):
    """A value that is its platform's own: compared by its form only."""

    __slots__ = ()


def cut_around(baseline: Any, candidate: Any) -> tuple[Any, Any]:
    """Long texts, cut around where they begin to differ."""
    if not isinstance(baseline, str) or not isinstance(candidate, str):
        return baseline, candidate
    if max(len(baseline), len(candidate)) <= LONGEST:
        return baseline, candidate
    at = next((i for i, (a, b) in enumerate(zip(baseline, candidate, strict=False)) if a != b),
              min(len(baseline), len(candidate)))  # fmt: skip
    start = max(0, at - LONGEST // 4)

    def cut(text: str) -> str:
        end = start + LONGEST
        return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")

    return cut(baseline), cut(candidate)


def plain(value: Any) -> Any:
    """A value as the results file holds it."""
    if value is Absent:
        return msgspec.UNSET
    if isinstance(value, Number):
        return msgspec.Raw(value.text.encode())
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def number_of(value: Any) -> float:
    """A number as a float, for what is near enough."""
    return float(value.text) if isinstance(value, Number) else float(value)


def short(value: Any) -> str:
    """A value in a sentence."""
    text = repr(plain(value)) if value is not msgspec.UNSET else "nothing"
    return text if len(text) <= 80 else f"{text[:77]}…"
