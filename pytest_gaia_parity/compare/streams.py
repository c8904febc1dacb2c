"""What holds of the elements of a varying array together: how it begins and ends, and ids that all or no two share."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.compare.facts import type_of
from pytest_gaia_parity.compare.forms import IDENTIFYING, form_of
from pytest_gaia_parity.compare.values import Absent
from pytest_gaia_parity.model.comparison import Kind

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from pytest_gaia_parity.compare.walk import Walk
    from pytest_gaia_parity.model.path import Path

#: elements of each run from which on a beginning and an end can be told, and how many belong to them
_SHORTEST, _ENDS = 3, 3
#: levels of objects below an element in which ids are looked for
_DEPTH = 3


def compare(walk: Walk, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
    """Hold a varying array to its ends and to its ids."""
    if len(samples) < 2 or not value or any(len(sample) < _SHORTEST for sample in samples):
        return
    _ends(walk, samples, value, path)
    _ids(walk, samples, value, path)


def _ends(walk: Walk, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
    """A first or last element that is like no other in its run, in all runs, has its own facts: a stream's end."""
    counts = [Counter(map(_structure, sample)) for sample in samples]
    mine = list(map(_structure, value))
    for at in (*range(_ENDS), *range(-1, -1 - _ENDS, -1)):
        column = [sample[at] for sample in samples]
        forms = set(map(_structure, column))
        form = forms.pop()
        if forms or any(count[form] > 1 for count in counts):
            continue
        if -len(value) <= at < len(value) and (mine[at] == form or not any(mine[at] in count for count in counts)):
            _compare_new(walk, column, value[at], (*path, at % len(value)))
        elif form not in mine:
            fact = f"{'begins' if at >= 0 else 'ends'} so in {walk.of(len(samples))}"
            walk.report((*path, at % len(samples[0])), Kind.REMOVED, column[0], Absent, fact)


def _compare_new(walk: Walk, column: list[Any], item: Any, place: Path) -> None:
    """Compare an element once more, by its own facts; what was told of it is not told again."""
    told = {one.path for one in walk.found}
    inner = replace(walk, found=[])
    inner.compare(column, item, place)
    walk.found += [one for one in inner.found if one.path not in told]


def _structure(value: Any) -> Hashable:
    """Keys and types, within arrays too, however long these are."""
    if isinstance(value, dict):
        return frozenset((name, _structure(item)) for name, item in value.items())
    return frozenset(map(_structure, value)) if isinstance(value, list) else type_of(value)


def _ids(walk: Walk, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
    """An id that all elements of a run share, or that no two have, is so on the candidate."""
    columns = [_columns(sample) for sample in samples]
    mine = _columns(value)
    for place, found in columns[0].items():
        every = [column.get(place, []) for column in columns]
        theirs = mine.get(place, [])
        if any(len(one) < _SHORTEST for one in every) or not _are_ids([text for one in every for _, text in one]):
            continue
        distinct = [len({text for _, text in one}) for one in every]
        if all(count == 1 for count in distinct):
            odd = next(((number, text) for number, text in theirs if text != theirs[0][1]), None)
            says = "all elements share it on the baseline"
        elif all(count == len(one) for count, one in zip(distinct, every, strict=True)):
            counts = Counter(text for _, text in theirs)
            odd = next(((number, text) for number, text in reversed(theirs) if counts[text] > 1), None)
            says = "no two elements have the same on the baseline"
        else:
            continue
        if odd is not None:
            fact = f"in {walk.of(len(samples))}"
            walk.report((*path, odd[0], *place), Kind.IDENTITY_CHANGED, found[0][1], odd[1], fact, says=says)


def _are_ids(texts: list[str]) -> bool:
    return sum(form_of(text).kind in IDENTIFYING for text in texts) * 2 > len(texts)


def _columns(array: list[Any]) -> dict[Path, list[tuple[int, str]]]:
    """The texts at each place of the elements, with the number of the element."""
    found: dict[Path, list[tuple[int, str]]] = {}
    for number, item in enumerate(array):
        for place, text in _texts(item, ()):
            found.setdefault(place, []).append((number, text))
    return found


def _texts(item: Any, place: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(item, str):
        yield place, item
    elif isinstance(item, dict) and len(place) < _DEPTH:
        for name, part in item.items():
            yield from _texts(part, (*place, name))
