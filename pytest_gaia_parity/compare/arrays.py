"""Arrays: in the same order, as a set, or of varying length, as the baseline's runs show."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import replace
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_gaia_parity.compare.facts import same, type_of
from pytest_gaia_parity.compare.forms import IDENTIFYING, TIMES, form_of, moment_of
from pytest_gaia_parity.compare.tokens import learn_template, pieces_of
from pytest_gaia_parity.model.comparison import Kind

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from pytest_gaia_parity.compare.walk import Walk
    from pytest_gaia_parity.model.path import Path

_written = msgspec.json.Encoder(order="sorted").encode
#: characters below which a text is no generated value
_SHORTEST = 8
_DIGIT = re.compile(r"\d")
#: keys by which the elements of an array are told apart, in this order
_KEYS = ("id", "_id", "uuid", "key", "name", "slug", "code", "sku", "path", "url", "email", "title", "label", "type")
#: elements of which a varying array's shape is learnt
POOL = 60
#: elements beyond which two arrays are not aligned by longest common subsequence
_LCS = 1500


def compare(walk: Walk, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
    """Hold an array to what the baseline's arrays have in common."""
    if walk.rules.is_unordered(path):
        _as_set(walk, samples, value, path)
        return
    first = samples[0]
    if walk.is_pooled or any(len(sample) != len(first) for sample in samples):
        if walk.is_pooled and all(same(first, sample) for sample in samples) and len(samples) >= 4:
            _in_order(walk, samples, value, path)
        else:
            _of_any_length(walk, samples, value, path)
        return
    if len(samples) > 1 and not all(same(first, sample) for sample in samples[1:]):
        keys = [list(map(skeleton, sample)) for sample in samples]
        if any(one != keys[0] for one in keys[1:]):
            _varying(walk, samples, value, path, keys)
            return
    _in_order(walk, samples, value, path)


def _varying(
    walk: Walk, samples: Sequence[list[Any]], value: list[Any], path: Path, keys: list[list[Hashable]]
) -> None:
    """As many elements in each run, but not the same ones in the same order."""
    counts = [Counter(one) for one in keys]
    if all(count == counts[0] for count in counts[1:]):
        _as_set(walk, samples, value, path)
        return
    named = [_named(sample) for sample in samples]
    if all(one is not None for one in named):
        lists = [one for one in named if one is not None]
        if all(one == lists[0] for one in lists):
            _in_order(walk, samples, value, path)
            return
        if all(set(one) == set(lists[0]) for one in lists):
            _as_set(walk, samples, value, path)
            return
        _of_any_length(walk, samples, value, path)
        return
    shapes = [list(map(_shape, sample)) for sample in samples]
    is_text = _are_words(samples)
    if (all(one == shapes[0] for one in shapes[1:]) and not is_text) or (is_text and _are_alike(samples)):
        _in_order(walk, samples, value, path)
    else:
        _of_any_length(walk, samples, value, path)


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


def _in_order(walk: Walk, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
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
    for start, partner in align(first, value):
        if partner is None and start is not None:
            walk.report((*path, start), Kind.REMOVED, first[start], _absent(), fact)
        elif start is None and partner is not None:
            walk.report((*path, partner), Kind.ADDED, _absent(), value[partner], fact)
        elif start is not None and partner is not None:
            walk.compare([sample[start] for sample in samples], value[partner], (*path, partner))


def _is_reordered(samples: Sequence[list[Any]], value: list[Any], changed: list[int]) -> bool:
    """Whether elements stand at each other's places; *changed* are the places where something is not the same."""
    if len(changed) < 2:
        return False
    first = samples[0]
    for key in (skeleton, _name_of):
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


def _absent() -> Any:
    from pytest_gaia_parity.compare.walk import Absent  # noqa: PLC0415 - walk and arrays need each other

    return Absent


def align(first: list[Any], other: list[Any]) -> list[tuple[int | None, int | None]]:
    """Pair the elements of two ordered arrays; one that changed stays a pair, one that came or went stands alone."""
    if len(first) == len(other):
        return [(i, i) for i in range(len(first))]
    if len(first) > len(other):
        # of two alignments that are equally good, both directions take the same
        return [(number, partner) for partner, number in align(other, first)]
    keys, mine = list(map(_key, first)), list(map(_key, other))
    begin = 0
    while begin < min(len(keys), len(mine)) and keys[begin] == mine[begin]:
        begin += 1
    end = 0
    while end < min(len(keys), len(mine)) - begin and keys[-1 - end] == mine[-1 - end]:
        end += 1
    middle, its = keys[begin : len(keys) - end], mine[begin : len(mine) - end]
    pairs: list[tuple[int | None, int | None]] = [(i, i) for i in range(begin)]
    if len(middle) > _LCS or len(its) > _LCS:
        pairs += _by_hash(middle, its, begin)
    else:
        for _, a, b, c, d in SequenceMatcher(None, middle, its, autojunk=False).get_opcodes():
            size = min(b - a, d - c)
            pairs += [(begin + a + i, begin + c + i) for i in range(size)]
            pairs += [(begin + i, None) for i in range(a + size, b)]
            pairs += [(None, begin + i) for i in range(c + size, d)]
    return pairs + [(len(keys) - i, len(mine) - i) for i in range(end, 0, -1)]


def _by_hash(keys: list[Hashable], mine: list[Hashable], begin: int) -> list[tuple[int | None, int | None]]:
    places: dict[Hashable, list[int]] = {}
    for number, key in enumerate(mine):
        places.setdefault(key, []).append(number)
    for numbers in places.values():
        numbers.reverse()
    pairs: list[tuple[int | None, int | None]] = []
    for number, key in enumerate(keys):
        found = places.get(key)
        pairs.append((begin + number, begin + found.pop() if found else None))
    pairs += [(None, begin + number) for numbers in places.values() for number in reversed(numbers)]
    return pairs


def _as_set(walk: Walk, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
    """Elements in any order: each is paired with its like, what differs is told at its own place."""
    first = samples[0]
    columns = [[item] for item in first]
    for sample in samples[1:]:
        for number, partner in _matched(first, sample).items():
            columns[number].append(sample[partner])
    matched = _matched(first, value)
    fact = f"in {walk.of(len(samples))}, in any order"
    for number, partner in sorted(matched.items(), key=lambda pair: pair[1]):
        walk.compare(columns[number], value[partner], (*path, partner))
    taken = set(matched.values())
    for number, item in enumerate(first):
        if number not in matched and len(columns[number]) == len(samples):
            walk.report((*path, number), Kind.REMOVED, item, _absent(), fact)
    for number, item in enumerate(value):
        if number not in taken:
            walk.report((*path, number), Kind.ADDED, _absent(), item, f"not {fact}")


def _matched(first: list[Any], other: list[Any]) -> dict[int, int]:
    """Which element is which: equal ones, then those alike but for generated values, then those of the same name, then the most similar."""
    found: dict[int, int] = {}
    taken: set[int] = set()
    for key in (_frozen, skeleton, _name_of):
        left = [number for number in range(len(first)) if number not in found]
        if not left:
            break
        places: dict[Hashable, list[int]] = {}
        for number in range(len(other) - 1, -1, -1):
            if number not in taken:
                places.setdefault(key(other[number]), []).append(number)
        for number in left:
            name = key(first[number])
            if name is not None and (numbers := places.get(name)):
                found[number] = numbers.pop()
                taken.add(found[number])
    left = [number for number in range(len(first)) if number not in found]
    free = [number for number in range(len(other)) if number not in taken]
    for number in left[:200]:
        if not free:
            break
        best = min(free[:200], key=lambda partner: _distance(first[number], other[partner]))
        if _distance(first[number], other[best]) <= 0.75 or len(first) == len(other):
            found[number] = best
            free.remove(best)
    return found


def _of_any_length(walk: Walk, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
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
    known = set(map(_frozen, pool))
    learnt = pool if len(pool) <= POOL else [*pool[: POOL // 2], *pool[-POOL // 2 :]]
    for number, item in enumerate(value):
        if _frozen(item) not in known:
            inner.compare(learnt, item, (*path, number))
    if not walk.is_pooled:
        _sorted(walk, samples, value, path)
        _doubled(walk, samples, value, path)


def _kept(walk: Walk, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
    """Elements without generated parts that are in all runs are on the candidate too."""
    if walk.is_pooled or len(samples) < 2:
        return
    counts = [Counter(map(_frozen, sample)) for sample in samples]
    mine = set(map(_frozen, value)) | set(map(skeleton, value))
    for number, item in enumerate(samples[0]):
        key = _frozen(item)
        if all(key in count for count in counts) and key not in mine and _is_fixed(item) and skeleton(item) not in mine:
            fact = f"in {walk.of(len(samples))}"
            like = next((i for i, other in enumerate(value) if _name_of(other) is not None
                         and _name_of(other) == _name_of(item)), None)  # fmt: skip
            if like is None:
                walk.report((*path, number), Kind.REMOVED, item, _absent(), fact)


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
    if any(max(Counter(map(_frozen, sample)).values(), default=0) > 1 for sample in samples):
        return
    if sum(map(len, samples)) < 4 or not all(isinstance(item, dict) or _has_id(item) for item in value):
        return
    seen: set[Hashable] = set()
    for number, item in enumerate(value):
        if _frozen(item) in seen:
            walk.report((*path, number), Kind.ADDED, _absent(), item, f"no element twice in {walk.of(len(samples))}")
            return
        seen.add(_frozen(item))


def _has_id(item: Any) -> bool:
    return isinstance(item, str) and form_of(item).kind in IDENTIFYING


def _sorted(walk: Walk, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
    """An order that chance does not explain is kept."""
    keys: list[Any] = [None]
    if all(isinstance(item, dict) for sample in (*samples, value) for item in sample):
        keys = (
            [name for name in samples[0][0] if all(name in item for sample in (*samples, value) for item in sample)]
            if samples[0]
            else []
        )
    for key in keys:
        columns = [[item if key is None else item[key] for item in sample] for sample in (*samples, value)]
        direction = _direction(columns[:-1])
        if direction and not _is_ordered(columns[-1], direction):
            where = "" if key is None else f" by '{key}'"
            fact = f"{'rising' if direction > 0 else 'falling'}{where} in {walk.of(len(samples))}"
            walk.report(path, Kind.ORDER_CHANGED, samples[0], value, fact)
            return


def _direction(columns: list[list[Any]]) -> int:
    chance = 2.0
    for column in columns:
        chance /= math.factorial(min(20, len(set(map(str, column)))))
    is_time = all(moment_of(item) is not None for column in columns for item in column)
    # lists of what happened are in the order of time, so less evidence will do
    if chance > (1 / 15 if is_time else 1 / 300):
        return 0
    return next((way for way in (1, -1) if all(_is_ordered(column, way) for column in columns)), 0)


def _is_ordered(column: list[Any], direction: int) -> bool:
    types = {type(item) for item in column}
    if len(types) > 1 or not types <= {int, float, str}:
        return False
    return all(one <= other if direction > 0 else one >= other for one, other in pairwise(column))


def skeleton(value: Any) -> Hashable:
    """What an element is but for its generated values: these count by their form."""
    if isinstance(value, str):
        return ("str", value) if len(value) < _SHORTEST else _skeleton_of_text(value)
    if isinstance(value, dict):
        return frozenset([(name, skeleton(item)) for name, item in value.items()])
    if isinstance(value, list):
        return tuple([skeleton(item) for item in value])
    return type(value).__name__, value


@lru_cache(maxsize=65536)
def _skeleton_of_text(text: str) -> Hashable:
    if _DIGIT.search(text) is None:
        return "str", text
    form = form_of(text)
    if form.kind in IDENTIFYING or form.kind in TIMES:
        return form.kind
    if form.kind != "text" or len(text) > 500:
        return "str", text
    return tuple(_piece(piece) for piece in pieces_of(text))


def _piece(piece: str) -> Hashable:
    form = form_of(piece)
    return form.kind if form.kind in IDENTIFYING or form.kind in TIMES else ("str", piece)


def _shape(value: Any) -> Hashable:
    """Keys and types."""
    if isinstance(value, dict):
        return frozenset((name, _shape(item)) for name, item in value.items())
    return type_of(value)


def _frozen(value: Any) -> Hashable:
    """A value that can be counted: as it is written, which is quick; piece by piece where it cannot be written."""
    try:
        return _written(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return _frozen_by_piece(value)


def _frozen_by_piece(value: Any) -> Hashable:
    if isinstance(value, dict):
        return frozenset((name, _frozen_by_piece(item)) for name, item in value.items())
    return tuple(map(_frozen_by_piece, value)) if isinstance(value, list) else (type(value).__name__, value)


def _key(value: Any) -> Hashable:
    """By what an element of an ordered array is known."""
    return _name_of(value) or skeleton(value)


def _name_of(value: Any) -> Hashable:
    """The first name-like entry of an element that is not generated."""
    if not isinstance(value, dict):
        return None
    for name in _KEYS:
        item = value.get(name)
        if isinstance(item, str) and form_of(item).kind not in IDENTIFYING:
            return name, item
        if isinstance(item, int) and not isinstance(item, bool) and name != "type":
            return name, item
    return None


def _named(array: list[Any]) -> list[Hashable] | None:
    """The names of all elements, None where they have none or share them."""
    names = [_name_of(item) for item in array]
    if not names or None in names or len(set(names)) != len(names):
        return None
    return names


def _distance(first: Any, other: Any) -> float:
    if isinstance(first, dict) and isinstance(other, dict):
        names = {*first, *other}
        return sum(skeleton(first.get(name)) != skeleton(other.get(name)) for name in names) / max(1, len(names))
    return 0.0 if same(first, other) else 1.0
