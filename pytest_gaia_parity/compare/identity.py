"""Generated ids are names: the sides must agree up to one renaming across the whole test."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from pytest_gaia_parity.compare.forms import IDENTIFYING, form_of, is_called_id, is_id
from pytest_gaia_parity.model.comparison import Difference, Kind
from pytest_gaia_parity.model.path import Path, render_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: a whole number of so many digits is not twice the same by chance
_LARGE = 5
#: characters from which on a text that is called a cursor is looked for elsewhere
_SHORTEST = 8
#: a moment so long is one number of a clock, which nothing else shows by chance
_LARGEST = 16
#: digits from which on a number that varies as an id does, in all runs, is that id
_SMALL = 3


class Occurrence(NamedTuple):
    """A generated value: which exchange, which place, what stood there in each baseline run and on the candidate."""

    pair: int
    path: Path
    samples: tuple[str, ...]
    value: str
    #: means nothing but equal or not equal to others of its kind
    is_opaque: bool = False

    @property
    def names_one(self) -> bool:
        """Whether equal values in all runs mean one and the same thing."""
        if self.is_opaque:
            return True
        form = form_of(self.samples[0])
        if form.kind == "time":
            return "microseconds" in form.detail or "nanoseconds" in form.detail
        if form.kind in {"digits", "epoch"}:
            length = len(self.samples[0])
            return self.is_of_id or length >= (_LARGE if form.kind == "digits" else _LARGEST)
        # of random texts some look like words
        is_random = any(form_of(sample).kind in IDENTIFYING for sample in self.samples)
        return is_random or self.samples[0].startswith("eyJ") or self.is_cursor

    @property
    def is_cursor(self) -> bool:
        """Whether the place is called what names something, and holds a text that may."""
        return bool(self.path) and is_called_id(self.path[-1]) and len(self.samples[0]) >= _SHORTEST

    @property
    def may_name_one(self) -> bool:
        """Whether it means an id if it varies as that does: a number within a text."""
        return len(set(self.samples)) > 1 and len(self.samples[0]) >= _SMALL and self.samples[0].isdigit()

    @property
    def is_of_id(self) -> bool:
        """Whether the place is called an id, or lies in the path of a URL."""
        keys = [part for part in self.path if isinstance(part, str)]
        return bool(keys) and (is_id(keys[-1]) or keys[-1] in {"path", "location", "url", "href", "self"})

    @property
    def is_unique(self) -> bool:
        """Whether another value in all runs must be another value on the candidate: not so for small numbers, times."""
        return self.is_opaque or any(form_of(sample).kind in IDENTIFYING for sample in self.samples)


def broken(
    names: Sequence[Occurrence],
    *,
    labels: Sequence[str],
    is_shared: Callable[[str], bool],
) -> Iterator[Difference]:
    """Yield each place whose identity breaks the renaming, once for each identity that is broken.

    :param is_shared: whether a text stands anywhere in what the candidate sent or answered.
    """
    groups = _groups(names)
    told: set[int] = set()
    owners: dict[tuple[bool, str], tuple[Occurrence, tuple[str, ...]]] = {}
    for (is_opaque, samples), group in groups.items():
        right = _right(group, is_shared)
        for number, one in enumerate(group):
            if one.value != right:
                first = next((other for other in group if other.value == right), group[0])
                if id(group) not in told:
                    told.add(id(group))
                    yield _difference(one, (first, right, "is the same value on the baseline"), labels)
                continue
            if number or not one.is_unique:
                continue
            owner, theirs = owners.setdefault((is_opaque, one.value), (one, samples))
            if all(mine != other for mine, other in zip(samples, theirs, strict=True)):
                yield _difference(one, (owner, owner.value, "is another value on the baseline"), labels)


def _groups(names: Sequence[Occurrence]) -> dict[tuple[bool, tuple[str, ...]], list[Occurrence]]:
    """The occurrences of each identity, known by what stood there in each run of the baseline."""
    groups: dict[tuple[bool, tuple[str, ...]], list[Occurrence]] = {}
    for one in names:
        if one.names_one:
            groups.setdefault((one.is_opaque, one.samples), []).append(one)
    for one in names:
        if not one.names_one and one.may_name_one and (False, one.samples) in groups:
            groups[False, one.samples].append(one)
    return groups


def _right(group: Sequence[Occurrence], is_shared: Callable[[str], bool]) -> str:
    """The candidate's value for an identity: the one it has most often; of equally many the one seen first."""
    held_still = len(set(group[0].samples)) == 1 and len(group[0].samples) > 1
    if (
        held_still
        and not group[0].is_opaque
        and (form_of(group[0].samples[0]).kind in IDENTIFYING - {"mask"} or group[0].is_cursor)
        and is_shared(group[0].samples[0])
    ):
        return group[0].samples[0]
    counts = Counter(one.value for one in group)
    most = max(counts.values())
    return next(one.value for one in group if counts[one.value] == most)


def _difference(one: Occurrence, against: tuple[Occurrence, str, str], labels: Sequence[str]) -> Difference:
    seen, value, problem = against
    runs = len(one.samples)
    return Difference(
        exchange=labels[one.pair],
        path=render_path(one.path),
        kind=Kind.IDENTITY_CHANGED,
        baseline=one.samples[0],
        candidate=one.value,
        fact=f"in {runs} of {runs} baseline runs",
        says=f"{labels[seen.pair]} {render_path(seen.path)} {problem}, and on the candidate it is {value}",
        pair=one.pair,
    )
