"""Arrays: in the same order, in any order, or of varying length, as the baseline's runs show."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.compare import anyorder, growing, ordered
from pytest_gaia_parity.compare.facts import same
from pytest_gaia_parity.compare.forms import form_of
from pytest_gaia_parity.compare.likeness import Numbers, named, shape, skeleton
from pytest_gaia_parity.compare.tokens import learn_template, pieces_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_gaia_parity.compare.walk import Walk
    from pytest_gaia_parity.model.path import Path

    Way = Callable[[Walk, Sequence[list[Any]], list[Any], Path], None]

#: elements of arrays from which on equal arrays prove an order
_ENOUGH = 4


def compare(walk: Walk, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
    """Hold an array to what the baseline's arrays have in common."""
    _way(walk, samples, path)(walk, samples, value, path)


def _way(walk: Walk, samples: Sequence[list[Any]], path: Path) -> Way:
    if walk.rules.is_unordered(path):
        return anyorder.compare
    first = samples[0]
    are_same = all(same(first, sample) for sample in samples[1:])
    if walk.is_pooled:
        return ordered.compare if are_same and len(samples) >= _ENOUGH else growing.compare
    if are_same:
        return ordered.compare
    if any(len(sample) != len(first) for sample in samples):
        return growing.compare
    if not any(_has_moved(first, sample) for sample in samples[1:]):
        return ordered.compare
    return _of_one_length(samples)


def _has_moved(first: list[Any], other: list[Any]) -> bool:
    """Whether at some place stands another element, not the same one with other generated values."""
    return any(
        one is not item and not same(one, item) and skeleton(one) != skeleton(item)
        for one, item in zip(first, other, strict=True)
    )


def _of_one_length(samples: Sequence[list[Any]]) -> Way:
    """As many elements in each run, but not the same ones in the same order."""
    if _are_shuffled(samples):
        return anyorder.compare
    names = [named(sample) for sample in samples]
    if all(one is not None for one in names):
        lists = [one for one in names if one is not None]
        if all(one == lists[0] for one in lists):
            return ordered.compare
        return anyorder.compare if all(set(one) == set(lists[0]) for one in lists) else growing.compare
    if _are_words(samples):
        return ordered.compare if _are_alike(samples) else growing.compare
    shapes = [list(map(shape, sample)) for sample in samples]
    return ordered.compare if all(one == shapes[0] for one in shapes[1:]) else growing.compare


def _are_shuffled(samples: Sequence[list[Any]]) -> bool:
    """Whether all runs have the same elements but for generated values; those that are equal need no closer look."""
    numbers = Numbers()
    first, *others = (Counter(numbers.of(sample)) for sample in samples)
    for other in others:
        mine, its = first - other, other - first
        if _skeletons(mine, numbers) != _skeletons(its, numbers):
            return False
    return True


def _skeletons(counts: Counter[int], numbers: Numbers) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for number, count in counts.items():
        found[numbers.skeleton(number)] += count
    return found


def _are_words(samples: Sequence[list[Any]]) -> bool:
    """Whether the elements are texts that say which element it is."""
    return all(
        isinstance(item, str) and form_of(item).kind in {"word", "text"} for sample in samples for item in sample
    )


def _are_alike(samples: Sequence[list[str]]) -> bool:
    """Whether texts at the same place are the same but for varying pieces, as the lines of a page are."""
    columns = list(zip(*samples, strict=True))
    return all(
        all(text == column[0] for text in column) or learn_template(list(map(pieces_of, column))) is not None
        for column in columns
    )
