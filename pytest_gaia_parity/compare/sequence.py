"""Which items of two sequences correspond, in order: near linear however long they are."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

#: pairs of items up to which two stretches are compared item with item
_SMALL = 10_000
#: items that are taken together to find what is unique
_RUNS = (1, 4, 12)
#: pairs of equal items that are looked at where nothing is unique
_MOST = 200_000


def matching(first: Sequence[Hashable], other: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Indices of equal items, rising on both sides.

    What is unique on both sides, an item or a run of them, is brought together first; only the stretches between are
    searched.

    >>> matching("abcde", "xbcey")
    [(1, 1), (2, 2), (4, 3)]
    """
    found: list[tuple[int, int]] = []
    left = [(0, len(first), 0, len(other))]
    while left:
        a, b, c, d = left.pop()
        while a < b and c < d and first[a] == other[c]:
            found.append((a, c))
            a, c = a + 1, c + 1
        while a < b and c < d and first[b - 1] == other[d - 1]:
            b, d = b - 1, d - 1
            found.append((b, d))
        if a == b or c == d:
            continue
        if (b - a) * (d - c) <= _SMALL:
            found += _blocks(first[a:b], other[c:d], a, c)
            continue
        anchors = _anchors(first[a:b], other[c:d])
        if anchors:
            found += [(a + one, c + its) for one, its in anchors]
            left += _between(anchors, a, b, c, d)
        else:
            found += [(a + one, c + its) for one, its in _rising(_equal(first[a:b], other[c:d]))]
    return sorted(found)


def _blocks(first: Sequence[Hashable], other: Sequence[Hashable], a: int, c: int) -> Iterator[tuple[int, int]]:
    for block in SequenceMatcher(None, first, other, autojunk=False).get_matching_blocks():
        yield from ((a + block.a + i, c + block.b + i) for i in range(block.size))


def _between(anchors: list[tuple[int, int]], a: int, b: int, c: int, d: int) -> Iterator[tuple[int, int, int, int]]:
    """The stretches before, between and behind anchors."""
    begin, start = a, c
    for one, its in anchors:
        yield begin, a + one, start, c + its
        begin, start = a + one + 1, c + its + 1
    yield begin, b, start, d


def _anchors(first: Sequence[Hashable], other: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Equal items that are unique on both sides; where none is, by the items that follow."""
    for size in _RUNS:
        anchors = _rising(_unique(_runs(first, size), _runs(other, size)))
        if anchors:
            return anchors
    return []


def _runs(items: Sequence[Hashable], size: int) -> Sequence[Hashable]:
    if size == 1:
        return items
    return [tuple(items[number : number + size]) for number in range(len(items) - size + 1)]


def _unique(first: Sequence[Hashable], other: Sequence[Hashable]) -> list[tuple[int, int]]:
    counts, its = Counter(first), Counter(other)
    places = {item: number for number, item in enumerate(other) if its[item] == 1}
    return [(number, places[item]) for number, item in enumerate(first) if counts[item] == 1 and item in places]


def _equal(first: Sequence[Hashable], other: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Pairs of equal items, rarest first where they are too many; of one item the last partner first."""
    places: dict[Hashable, list[int]] = {}
    for number in range(len(other) - 1, -1, -1):
        places.setdefault(other[number], []).append(number)
    counts = Counter(item for item in first if item in places)
    kept, room = set(), _MOST
    for item in sorted(counts, key=lambda item: counts[item] * len(places[item])):
        room -= counts[item] * len(places[item])
        if room < 0:
            break
        kept.add(item)
    return [(number, place) for number, item in enumerate(first) if item in kept for place in places[item]]


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest choice of pairs, given by their first number, whose second numbers rise."""
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, place) in enumerate(pairs):
        at = bisect_left(ends, place)
        before.append(last[at - 1] if at else -1)
        ends[at : at + 1] = [place]
        last[at : at + 1] = [number]
    chosen: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        chosen.append(pairs[number])
        number = before[number]
    return chosen[::-1]
