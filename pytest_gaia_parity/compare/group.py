"""Differences that share a reason are one finding: the same field missing from 200 elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pytest_gaia_parity.model.comparison import Difference, Kind, Severity
from pytest_gaia_parity.model.path import ANY, parse_path, render_path

if TYPE_CHECKING:
    from collections.abc import Iterable

#: groups that are told; the rest is counted
MOST = 100
#: changed values at one field that are told apart, before they become one group
_FEW = 3

_BY_VALUE = frozenset({Kind.VALUE_CHANGED, Kind.HEADER_CHANGED, Kind.OBSERVATION_CHANGED, Kind.STATUS_CHANGED})


def grouped(differences: Iterable[Difference]) -> list[Difference]:
    """Fold differences of the same field and kind, wherever in the test they stand; errors before notes."""
    found = list(differences)
    fields: dict[Any, set[str]] = {}
    for one in found:
        fields.setdefault(_field(one), set()).add(one.path)
    groups: dict[Any, list[Difference]] = {}
    for one in found:
        field = _field(one)
        is_told_apart = one.kind in _BY_VALUE and len(fields[field]) <= _FEW
        values = (repr(one.baseline), repr(one.candidate)) if is_told_apart else ()
        groups.setdefault((field, values), []).append(one)
    folded = [msgspec.structs.replace(group[0], count=sum(one.count for one in group)) for group in groups.values()]
    folded.sort(key=lambda one: one.severity is Severity.NOTE)
    return folded if len(folded) <= MOST else [*folded[:MOST], _rest(folded[MOST:])]


def _field(one: Difference) -> Any:
    service = one.exchange.split(" ")[1] if one.exchange.count(" ") > 1 else one.exchange
    return service, _pattern(one.path), one.kind, one.severity


def _pattern(path: str) -> str:
    if "[" not in path:
        return path
    return render_path([ANY if isinstance(part, int) else part for part in parse_path(path)])


def _rest(left: list[Difference]) -> Difference:
    first = next((one for one in left if one.severity is Severity.ERROR), left[0])
    count = sum(one.count for one in left)
    return msgspec.structs.replace(
        first, count=count, says=f"and {count} more differences, which are not told one by one"
    )
