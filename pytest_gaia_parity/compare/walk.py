"""Holds a candidate's tree to the facts of the baseline's, place by place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_gaia_parity.compare.decode import Number
from pytest_gaia_parity.compare.diff import Absent, explain
from pytest_gaia_parity.compare.facts import CONSTANT, Fact, keeps, learn, same, type_of
from pytest_gaia_parity.compare.forms import decoded_jwt, is_id
from pytest_gaia_parity.model.comparison import Difference, Kind
from pytest_gaia_parity.model.path import Path, matches, parse_path, render_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.model.rules import CompareRules

#: keys by which the elements of an array are told apart, in this order
_ID_KEYS = ("id", "_id", "uuid", "key", "name", "slug", "code", "path", "url")


class Rules:
    """`CompareRules` with their paths read, and what of them was used."""

    def __init__(self, rules: CompareRules) -> None:
        self.ignore = [(text, parse_path(text)) for text in rules.ignore]
        self.shape = [parse_path(text) for text in rules.shape]
        self.unordered = [parse_path(text) for text in rules.unordered]
        self.tolerance = rules.tolerance
        self.used: set[str] = set()

    def ignores(self, path: Path) -> bool:
        """Whether a place is not compared."""
        for text, pattern in self.ignore:
            if matches(pattern, path):
                self.used.add(text)
                return True
        return False

    def is_shape(self, path: Path) -> bool:
        """Whether a place is compared by type and structure only."""
        return any(matches(pattern, path) for pattern in self.shape)

    def is_unordered(self, path: Path) -> bool:
        """Whether the order of this very array means nothing."""
        return any(len(pattern) <= len(path) and matches(pattern, path) for pattern in self.unordered)


@dataclass(slots=True)
class Walk:
    """Compares one tree; differences come out in the order of places.

    :param runs: how many runs of the baseline there were; with one, forms are assumed.
    """

    rules: Rules
    runs: int
    exchange: str = ""
    pair: int | None = None
    #: how kinds are called where the tree stands: headers, observations
    kind: Kind | None = None
    found: list[Difference] = field(default_factory=list)

    def compare(self, samples: Sequence[Any], value: Any, path: Path) -> None:
        """Hold *value* to what *samples*, of the same place, have in common."""
        first = samples[0]
        if all(same(first, other) for other in samples[1:]) and same(first, value):
            return
        if self.rules.ignores(path):
            return
        if self.rules.is_shape(path):
            self._shape(samples, value, path)
        elif all(isinstance(sample, dict) for sample in samples) and isinstance(value, dict):
            self._objects(samples, value, path)
        elif all(isinstance(sample, list) for sample in samples) and isinstance(value, list):
            self._arrays(samples, value, path)
        else:
            self._values(samples, value, path)

    def _objects(self, samples: Sequence[dict[str, Any]], value: dict[str, Any], path: Path) -> None:
        names = list(dict.fromkeys([name for sample in samples for name in sample] + list(value)))
        for name in names:
            held = [sample[name] for sample in samples if name in sample]
            place = (*path, name)
            if name not in value:
                if len(held) == len(samples):
                    self._report(place, Kind.REMOVED, held[0], Absent, f"present in {self._of(len(held))}")
            elif not held:
                self._report(place, Kind.ADDED, Absent, value[name], f"absent in {self._of(len(samples))}")
            else:
                self.compare(held, value[name], place)

    def _arrays(self, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
        if self.rules.is_unordered(path) or _is_set(samples):
            self._sets(samples, value, path)
            return
        first = samples[0]
        if any(len(sample) != len(first) for sample in samples):
            self._pooled(samples, value, path)
            return
        keys = [_element_keys(sample) for sample in (*samples, value)]
        holds_still = all(one == keys[0] for one in keys[:-1])
        if len(value) == len(first):
            if holds_still and keys[-1] != keys[0] and _is_permutation(keys[0], keys[-1]):
                self._report(path, Kind.ORDER_CHANGED, first, value, f"in this order in {self._of(len(samples))}")
                return
            for number, item in enumerate(value):
                self.compare([sample[number] for sample in samples], item, (*path, number))
        elif holds_still:
            self._aligned(samples, value, keys, path)
        else:
            self._lengths(samples, value, path)

    def _pooled(self, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
        """Of varying length: every element has the shape that elements have."""
        pool = [item for sample in samples for item in sample]
        for number, item in enumerate(value):
            if pool:
                self.compare(pool if len(pool) > 1 else pool * 2, item, (*path, number))

    def _aligned(self, samples: Sequence[list[Any]], value: list[Any], keys: list[list[Any]], path: Path) -> None:
        """The baseline held its length and the candidate did not: tell which elements came or went."""
        matcher = SequenceMatcher(None, keys[0], keys[-1], autojunk=False)
        for tag, start, end, other_start, other_end in matcher.get_opcodes():
            pairs = min(end - start, other_end - other_start)
            for number in range(pairs):
                self.compare([sample[start + number] for sample in samples], value[other_start + number],
                             (*path, other_start + number))  # fmt: skip
            if tag != "equal":
                for number in range(start + pairs, end):
                    self._report(
                        (*path, number), Kind.REMOVED, samples[0][number], Absent, f"in {self._of(len(samples))}"
                    )
                for number in range(other_start + pairs, other_end):
                    self._report((*path, number), Kind.ADDED, Absent, value[number], f"not in {self._of(len(samples))}")

    def _lengths(self, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
        length = len(samples[0])
        fact = f"{length} elements in {self._of(len(samples))}"
        for number in range(min(length, len(value))):
            self.compare([sample[number] for sample in samples], value[number], (*path, number))
        for number in range(len(value), length):
            self._report((*path, number), Kind.REMOVED, samples[0][number], Absent, fact)
        for number in range(length, len(value)):
            self._report((*path, number), Kind.ADDED, Absent, value[number], fact)

    def _sets(self, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
        """Arrays without order: what is in all samples is in the value, and nothing else is."""
        counts = [Counter(map(_frozen, sample)) for sample in samples]
        known = {_frozen(item): item for sample in (*samples, value) for item in sample}
        mine = Counter(map(_frozen, value))
        least = {key: min(count[key] for count in counts) for key in known}
        most = {key: max(count[key] for count in counts) for key in known}
        gone = [known[key] for key in known for _ in range(least[key] - mine[key])]
        come = [known[key] for key in known for _ in range(mine[key] - most[key])]
        while gone and come:
            # an element that changed in part is one difference at its own place
            item = come.pop(0)
            partner = min(gone, key=lambda other: _distance(other, item))
            gone.remove(partner)
            self.compare([partner] * len(samples), item, (*path, value.index(item)))
        for item in gone:
            self._report((*path, samples[0].index(item) if item in samples[0] else 0), Kind.REMOVED, item, Absent,
                         f"in {self._of(len(samples))}, in any order")  # fmt: skip
        for item in come:
            self._report((*path, value.index(item)), Kind.ADDED, Absent, item, "in any order")

    def _values(self, samples: Sequence[Any], value: Any, path: Path) -> None:
        fact = learn(samples, is_id=bool(path) and is_id(path[-1]))
        if fact.rank == CONSTANT:
            self._constants(samples[0], value, path, len(samples))
            return
        if keeps(fact, value) or self._is_close(samples, value):
            self._claims(samples, value, path)
            return
        kind = Kind.FORMAT_CHANGED
        if type_of(value) not in {type_of(sample) for sample in samples}:
            kind = Kind.TYPE_CHANGED
        self._report(path, kind, samples[0], value, f"{fact.says} in {self._of(len(samples))}")

    def _constants(self, first: Any, value: Any, path: Path, count: int) -> None:
        fact = f"the same in {self._of(count)}"
        if isinstance(first, dict | list) and type(first) is type(value):
            for change in explain(first, value):
                place = (*path, *change.path)
                if not self.rules.ignores(place):
                    self._report(place, change.kind, change.baseline, change.candidate, fact)
        elif not self._is_close([first], value):
            kind = Kind.VALUE_CHANGED if type_of(first) == type_of(value) else Kind.TYPE_CHANGED
            self._report(path, kind, first, value, fact)

    def _claims(self, samples: Sequence[Any], value: Any, path: Path) -> None:
        """A JWT is a tree of facts of its own."""
        trees = [decoded_jwt(sample) if isinstance(sample, str) else None for sample in (*samples, value)]
        if all(tree is not None for tree in trees):
            for part in ("header", "claims"):
                self.compare([tree[part] for tree in trees[:-1]], trees[-1][part], (*path, part))  # type: ignore[index]

    def _shape(self, samples: Sequence[Any], value: Any, path: Path) -> None:
        first = samples[0]
        if type_of(value) not in {type_of(sample) for sample in samples}:
            self._report(path, Kind.TYPE_CHANGED, first, value, "compared by its shape")
        elif isinstance(value, dict):
            for name in dict.fromkeys((*first, *value)):
                place = (*path, name)
                if name not in value:
                    self._report(place, Kind.REMOVED, first[name], Absent, "compared by its shape")
                elif name not in first:
                    self._report(place, Kind.ADDED, Absent, value[name], "compared by its shape")
                else:
                    self.compare([sample[name] for sample in samples if name in sample], value[name], place)
        elif isinstance(value, list):
            pool = [item for sample in samples for item in sample]
            for number, item in enumerate(value):
                if pool:
                    self._shape(pool, item, (*path, number))

    def _is_close(self, samples: Sequence[Any], value: Any) -> bool:
        tolerance = self.rules.tolerance
        numbers = [_float(one) for one in (*samples, value)]
        if not tolerance or any(number is None for number in numbers):
            return False
        mine = numbers[-1] or 0.0
        return any(
            abs(mine - (other or 0.0)) <= tolerance * max(abs(mine), abs(other or 0.0)) for other in numbers[:-1]
        )

    def _report(self, path: Path, kind: Kind, baseline: Any, candidate: Any, fact: str) -> None:
        if self.rules.ignores(path):
            return
        self.found.append(
            Difference(
                exchange=self.exchange,
                path=render_path(path),
                kind=self.kind or kind,
                baseline=plain(baseline),
                candidate=plain(candidate),
                fact=fact,
                pair=self.pair,
            )
        )

    def _of(self, count: int) -> str:
        return f"{count} of {count} baseline runs" if count > 1 else "the baseline run"


def plain(value: Any) -> Any:
    """A value as the results file holds it."""
    if value is Absent:
        return msgspec.UNSET
    if isinstance(value, Number):
        return msgspec.Raw(value.text.encode())
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def _is_set(samples: Sequence[list[Any]]) -> bool:
    """Whether the baseline's runs hold the same elements in different orders."""
    if len(samples) < 2 or all(same(samples[0], sample) for sample in samples[1:]):
        return False
    counts = [Counter(map(_frozen, sample)) for sample in samples]
    return all(count == counts[0] for count in counts)


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return frozenset((name, _frozen(item)) for name, item in value.items())
    return tuple(map(_frozen, value)) if isinstance(value, list) else (type(value), value)


def _element_keys(array: list[Any]) -> list[Any]:
    """By what an element is known: its id where it has one, else itself."""
    for name in _ID_KEYS:
        if array and all(isinstance(item, dict) and isinstance(item.get(name), str | int) for item in array):
            return [(name, item[name]) for item in array]
    return [_frozen(item) for item in array]


def _is_permutation(first: list[Any], other: list[Any]) -> bool:
    return len(set(first)) == len(first) and set(first) == set(other)


def _distance(first: Any, other: Any) -> float:
    if isinstance(first, dict) and isinstance(other, dict):
        names = {*first, *other}
        return sum(not same(first.get(name), other.get(name)) for name in names) / max(1, len(names))
    return 0.0 if same(first, other) else 1.0


def _float(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, Number):
        return float(value.text)
    return float(value) if isinstance(value, int | float) else None


__all__ = ["Fact", "Rules", "Walk", "plain"]
