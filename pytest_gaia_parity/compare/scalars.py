"""Numbers, true, false and null."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.compare.facts import is_own, learn_number, same, type_of
from pytest_gaia_parity.compare.values import number_of
from pytest_gaia_parity.model.comparison import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.compare.walk import Walk
    from pytest_gaia_parity.model.path import Path


def compare(walk: Walk, samples: Sequence[Any], value: Any, path: Path, *, varies: bool) -> None:
    """Hold a number, true, false or null to what the samples have in common.

    :param varies: other samples are of another type.
    """
    first = samples[0]
    key = path[-1] if path else ""
    if isinstance(value, bool) or value is None:
        if not varies and all(same(first, sample) for sample in samples) and not walk.is_free(samples):
            walk.report(path, Kind.VALUE_CHANGED, first, value, walk.constant(samples))
        return
    if _is_close(walk, samples, value):
        return
    if isinstance(value, int):
        walk.name(samples, value, path)
    if not varies and all(same(first, sample) for sample in samples) and not walk.is_free(samples):
        if is_own(first, value, key=key, started=walk.started, alone=walk.is_alone):
            return
        if walk.holds_back(first, value, path):
            return
        kind = Kind.VALUE_CHANGED if type_of(first) == type_of(value) else Kind.TYPE_CHANGED
        walk.report(path, kind, first, value, walk.constant(samples))
        return
    fact = learn_number(samples, value)
    problem = fact.problem or walk.distance(samples, value)
    if problem:
        is_type = type_of(value) not in {type_of(sample) for sample in samples}
        kind = Kind.TYPE_CHANGED if is_type else Kind.FORMAT_CHANGED
        walk.report(path, kind, first, value, f"{fact.says} in {walk.of(len(samples))}", says=problem)


def _is_close(walk: Walk, samples: Sequence[Any], value: Any) -> bool:
    tolerance = walk.rules.tolerance
    if not tolerance:
        return False
    mine = number_of(value)
    return any(abs(mine - number_of(one)) <= tolerance * max(abs(mine), abs(number_of(one))) for one in samples)
