"""Explains how two trees that held still on the baseline differ; the only home of deepdiff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from deepdiff import DeepDiff

from pytest_gaia_parity.model.comparison import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_gaia_parity.model.path import Segment

_KINDS = {
    "type_changes": Kind.TYPE_CHANGED,
    "values_changed": Kind.VALUE_CHANGED,
    "dictionary_item_added": Kind.ADDED,
    "dictionary_item_removed": Kind.REMOVED,
    "iterable_item_added": Kind.ADDED,
    "iterable_item_removed": Kind.REMOVED,
}


class Change(NamedTuple):
    """One place where two trees differ; a side without the place has no value."""

    path: tuple[Segment, ...]
    kind: Kind
    baseline: Any
    candidate: Any


class Absent:
    """Stands for no value at all, which JSON's null is not."""


def explain(baseline: Any, candidate: Any) -> Iterator[Change]:
    """Yield the places where two unequal trees differ, in the order of their paths."""
    # below a third of common keys deepdiff would report the parent as a whole
    found = DeepDiff(baseline, candidate, view="tree", threshold_to_diff_deeper=0, verbose_level=2)
    changes = [_change(item, kind) for name, kind in _KINDS.items() for item in found.get(name, ())]
    yield from sorted(changes, key=lambda change: [(isinstance(part, str), part) for part in change.path])


def _change(item: Any, kind: Kind) -> Change:
    return Change(
        tuple(item.path(output_format="list")),
        kind,
        Absent if kind is Kind.ADDED else item.t1,
        Absent if kind is Kind.REMOVED else item.t2,
    )
