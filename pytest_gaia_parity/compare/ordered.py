"""Arrays in the same order: one changed element is one difference at its own place; nothing behind it shifts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.compare import vectors
from pytest_gaia_parity.compare.facts import same
from pytest_gaia_parity.compare.likeness import key_of, name_of, skeleton
from pytest_gaia_parity.compare.sequence import matching
from pytest_gaia_parity.compare.values import Absent
from pytest_gaia_parity.model.comparison import Kind

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from pytest_gaia_parity.compare.walk import Walk
    from pytest_gaia_parity.model.path import Path


def compare(walk: Walk, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
    """Hold an array to elements in their order."""
    first = samples[0]
    fact = f"{len(first)} elements in this order in {walk.of(len(samples))}"
    if len(value) == len(first):
        changed = [number for number, item in enumerate(first) if not same(item, value[number])]
        if _is_reordered(samples, value, changed):
            walk.report(path, Kind.ORDER_CHANGED, first, value, fact)
            return
        if all(sample is first for sample in samples[1:]):
            # equal bodies are one tree: what is the same needs no look
            for number in changed:
                walk.compare([sample[number] for sample in samples], value[number], (*path, number))
            return
    if vectors.are_vectors(samples, value):
        vectors.compare(walk, samples, value, path)
        return
    for start, partner in align(first, value):
        if partner is None and start is not None:
            walk.report((*path, start), Kind.REMOVED, first[start], Absent, fact)
        elif start is None and partner is not None:
            walk.report((*path, partner), Kind.ADDED, Absent, value[partner], fact)
        elif start is not None and partner is not None:
            walk.compare([sample[start] for sample in samples], value[partner], (*path, partner))


def _is_reordered(samples: Sequence[list[Any]], value: list[Any], changed: list[int]) -> bool:
    """Whether elements stand at each other's places; *changed* are the places where something is not the same."""
    if len(changed) < 2:
        return False
    first = samples[0]
    for key in (skeleton, name_of):
        keys, mine = [key(first[number]) for number in changed], [key(value[number]) for number in changed]
        if (
            None not in keys
            and keys != mine
            and Counter(keys) == Counter(mine)
            and (key is skeleton or _are_unique(keys))
        ):
            return True
    return _has_moved(samples, value, changed)


def _are_unique(keys: list[Hashable]) -> bool:
    return len(set(keys)) == len(keys)


def _has_moved(samples: Sequence[list[Any]], value: list[Any], changed: list[int]) -> bool:
    """Whether elements that hold still on the baseline have changed places among themselves."""
    first = samples[0]
    keys = {number: skeleton(first[number]) for number in changed}
    mine = {number: skeleton(value[number]) for number in changed}
    still = [
        number
        for number in changed
        if keys[number] != mine[number] and all(skeleton(sample[number]) == keys[number] for sample in samples[1:])
    ]
    before = {keys[number] for number in still}
    return len(before) > 1 and {mine[number] for number in still} == before


def align(first: list[Any], other: list[Any]) -> list[tuple[int | None, int | None]]:
    """Pair the elements of two ordered arrays; one that changed stays a pair, one that came or went stands alone."""
    if len(first) == len(other):
        return [(i, i) for i in range(len(first))]
    if len(first) > len(other):
        # of two alignments that are equally good, both directions take the same
        return [(number, partner) for partner, number in align(other, first)]
    begin = 0
    while begin < len(first) and (first[begin] is other[begin] or key_of(first[begin]) == key_of(other[begin])):
        begin += 1
    keys, mine = list(map(key_of, first[begin:])), list(map(key_of, other[begin:]))
    pairs: list[tuple[int | None, int | None]] = [(i, i) for i in range(begin)]
    at, its = begin, begin
    for one, partner in [*matching(keys, mine), (len(keys), len(mine))]:
        pairs += _between(at, begin + one, its, begin + partner)
        pairs.append((begin + one, begin + partner))
        at, its = begin + one + 1, begin + partner + 1
    return pairs[:-1]


def _between(a: int, b: int, c: int, d: int) -> list[tuple[int | None, int | None]]:
    """Where nothing is equal, elements have changed in their places; of the rest, those of one side alone."""
    size = min(b - a, d - c)
    pairs: list[tuple[int | None, int | None]] = [(a + i, c + i) for i in range(size)]
    return [*pairs, *((i, None) for i in range(a + size, b)), *((None, i) for i in range(c + size, d))]
