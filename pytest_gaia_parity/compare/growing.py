"""Arrays of varying length: every element has the shape that elements have, and what holds of the whole is kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.compare import sorting, streams
from pytest_gaia_parity.compare.forms import IDENTIFYING, form_of
from pytest_gaia_parity.compare.likeness import frozen, name_of, skeleton
from pytest_gaia_parity.compare.values import Absent
from pytest_gaia_parity.model.comparison import Kind

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from pytest_gaia_parity.compare.walk import Walk
    from pytest_gaia_parity.model.path import Path

#: elements of which a varying array's shape is learnt
POOL = 60


def compare(walk: Walk, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
    """Every element has the shape that elements have; an order by some key is kept."""
    pool = [item for sample in samples for item in sample]
    if not pool:
        return
    inner = replace(walk, is_pooled=True, found=walk.found)
    if not value and all(samples):
        walk.report(
            path, Kind.REMOVED, samples[0], value, f"never empty in {walk.of(len(samples))}", says="it is empty"
        )
        return
    _kept(walk, samples, value, path)
    known = set(map(frozen, pool))
    learnt = pool if len(pool) <= POOL else [*pool[: POOL // 2], *pool[-POOL // 2 :]]
    for number, item in enumerate(value):
        if frozen(item) not in known:
            inner.compare(learnt, item, (*path, number))
    if not walk.is_pooled:
        sorting.compare(walk, samples, value, path)
        _doubled(walk, samples, value, path)
        streams.compare(walk, samples, value, path)


def _kept(walk: Walk, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
    """Elements without generated parts that are in all runs are on the candidate too."""
    if walk.is_pooled or len(samples) < 2:
        return
    counts = [Counter(map(frozen, sample)) for sample in samples]
    mine = set(map(frozen, value)) | set(map(skeleton, value))
    for number, item in enumerate(samples[0]):
        key = frozen(item)
        if all(key in count for count in counts) and key not in mine and _is_fixed(item) and skeleton(item) not in mine:
            fact = f"in {walk.of(len(samples))}"
            like = next((i for i, other in enumerate(value) if name_of(other) is not None
                         and name_of(other) == name_of(item)), None)  # fmt: skip
            if like is None:
                walk.report((*path, number), Kind.REMOVED, item, Absent, fact)


def _is_fixed(item: Any) -> bool:
    """Whether nothing in an element looks made by the environment: no ids, no times, no numbers in names."""
    if isinstance(item, dict):
        return all(_is_fixed(part) for part in item.values())
    if isinstance(item, list):
        return all(map(_is_fixed, item))
    if isinstance(item, str):
        return not any(map(str.isdigit, item))
    return not isinstance(item, int) or isinstance(item, bool) or abs(item) < 10


def _doubled(walk: Walk, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
    """Elements that are never twice the same on the baseline are not on the candidate."""
    if any(max(Counter(map(frozen, sample)).values(), default=0) > 1 for sample in samples):
        return
    if sum(map(len, samples)) < 4 or not all(isinstance(item, dict) or _has_id(item) for item in value):
        return
    seen: set[Hashable] = set()
    for number, item in enumerate(value):
        if frozen(item) in seen:
            walk.report((*path, number), Kind.ADDED, Absent, item, f"no element twice in {walk.of(len(samples))}")
            return
        seen.add(frozen(item))


def _has_id(item: Any) -> bool:
    return isinstance(item, str) and form_of(item).kind in IDENTIFYING
