"""Arrays in any order: each element is paired with its like, what differs is told at its own place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.compare import sorting
from pytest_gaia_parity.compare.likeness import Numbers, distance
from pytest_gaia_parity.compare.values import Absent
from pytest_gaia_parity.model.comparison import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from pytest_gaia_parity.compare.walk import Walk
    from pytest_gaia_parity.model.path import Path

#: elements that are like no other, beyond which they are not compared each with each
_MOST = 200
#: share of entries that may differ between elements that are taken for one
_LIKE = 0.75


def compare(walk: Walk, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
    """Hold an array to a set of elements."""
    first = samples[0]
    numbers = Numbers()
    columns = [[item] for item in first]
    for sample in samples[1:]:
        for number, partner in matched(first, sample, numbers).items():
            columns[number].append(sample[partner])
    pairs = matched(first, value, numbers)
    fact = f"in {walk.of(len(samples))}, in any order"
    for number, partner in sorted(pairs.items(), key=lambda pair: pair[1]):
        item = value[partner]
        if any(one is not item for one in columns[number]):
            walk.compare(columns[number], item, (*path, partner))
    taken = set(pairs.values())
    for number, item in enumerate(first):
        if number not in pairs and len(columns[number]) == len(samples):
            walk.report((*path, number), Kind.REMOVED, item, Absent, fact)
    for number, item in enumerate(value):
        if number not in taken:
            walk.report((*path, number), Kind.ADDED, Absent, item, f"not {fact}")
    if not walk.rules.is_unordered(path):
        sorting.compare(walk, samples, value, path)


def matched(first: list[Any], other: list[Any], numbers: Numbers) -> dict[int, int]:
    """Which element is which: equal ones, then those alike but for generated values, then those of the same name, then the most similar."""
    ours, theirs = numbers.of(first), numbers.of(other)
    found: dict[int, int] = {}
    left, free = list(range(len(first))), list(range(len(other)))
    keys: tuple[Callable[[int], Hashable], ...] = (lambda number: number, numbers.skeleton, numbers.name)
    for key in keys:
        if not left or not free:
            return found
        found.update(_same_key(key, ours, theirs, left, free))
        taken = set(found.values())
        left = [number for number in left if number not in found]
        free = [number for number in free if number not in taken]
    # what is there twice is no other element that changed
    seen = {theirs[partner] for partner in found.values()}
    free = [partner for partner in free if theirs[partner] not in seen]
    for number in left[:_MOST]:
        if not free:
            break
        apart, best = min((distance(first[number], other[partner]), partner) for partner in free[:_MOST])
        if apart <= _LIKE or len(first) == len(other):
            found[number] = best
            free.remove(best)
    return found


def _same_key(
    key: Callable[[int], Hashable], ours: list[int], theirs: list[int], left: list[int], free: list[int]
) -> dict[int, int]:
    """Pairs of elements with the same key, the first with the first."""
    places: dict[Hashable, list[int]] = {}
    for number in reversed(free):
        places.setdefault(key(theirs[number]), []).append(number)
    found: dict[int, int] = {}
    for number in left:
        name = key(ours[number])
        if name is not None and (numbers := places.get(name)):
            found[number] = numbers.pop()
    return found
