"""Gathers the sides of a test, from reports or from recordings; yields what is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_gaia_parity.model.recording import TestRecord

    #: of the baseline and the candidate: run → what gives its record
    _Sides = tuple[dict[int, Callable[[], TestRecord]], dict[int, Callable[[], TestRecord]]]


class Gathered(NamedTuple):
    """All runs of one test that are there, in the order of their numbers."""

    test: str
    baselines: tuple[TestRecord, ...]
    candidates: tuple[TestRecord, ...]


class Pairing:
    """Holds the runs of each test until all are in. Fixtures' records wait for the end: only their first run counts.

    :param baseline_runs: how many runs of the baseline make a test complete.
    """

    def __init__(self, *, baseline_runs: int) -> None:
        self._wanted = (baseline_runs, 1)
        self._waiting: dict[str, _Sides] = {}
        self._fixtures: dict[str, _Sides] = {}
        self._done: set[str] = set()
        self._complete: tuple[str, _Sides] = ("", ({}, {}))
        self._postponed: dict[str, _Sides] = {}

    def add(
        self, record: TestRecord, *, is_baseline: bool, load: Callable[[], TestRecord] | None = None
    ) -> Gathered | None:
        """Take one run of a test; returns the whole test if this was its last.

        A run that came before (a worker that was replaced) is not replaced by a later one of the same number.

        :param load: reads the record when it is needed, so that it need not be kept until then.
        """
        if record.only_on or record.test in self._done:
            self._done.add(record.test)
            return None
        table = self._fixtures if record.origin == "fixture" else self._waiting
        sides = table.setdefault(record.test, ({}, {}))
        sides[0 if is_baseline else 1].setdefault(record.run, load or (lambda: record))
        if record.origin == "fixture" or any(
            len(side) < wanted for side, wanted in zip(sides, self._wanted, strict=True)
        ):
            return None
        del self._waiting[record.test]
        self._done.add(record.test)
        self._complete = (record.test, sides)
        return _gathered(record.test, sides)

    def postpone(self) -> None:
        """Hold the test that was completed last until it is asked for."""
        test, sides = self._complete
        self._postponed[test] = sides

    @property
    def postponed(self) -> tuple[str, ...]:
        """The tests that are held, in their order."""
        return tuple(self._postponed)

    def confirm(self, record: TestRecord, *, is_baseline: bool, load: Callable[[], TestRecord]) -> None:
        """Add a further run to a test that is held."""
        self._postponed[record.test][0 if is_baseline else 1][record.run] = load

    def release(self) -> Iterator[Gathered]:
        """The tests that were held, read one at a time, and held no longer."""
        postponed, self._postponed = self._postponed, {}
        for test, sides in postponed.items():
            yield _gathered(test, sides)

    def incomplete(self, expected: Iterable[str] = ()) -> Iterator[Gathered]:
        """The tests that lack a run, those among *expected* of which nothing arrived included; in the order of names."""
        names = {*self._waiting, *expected} - self._done
        for test in sorted(names):
            yield _gathered(test, self._waiting.pop(test, ({}, {})))
            self._done.add(test)

    def fixtures(self) -> Iterator[Gathered]:
        """What fixtures wider than a function sent, where both sides have it; in the order of names."""
        for test in sorted(self._fixtures):
            baselines, candidates = self._fixtures[test]
            if baselines and candidates:
                yield _gathered(test, (baselines, candidates))


def _gathered(test: str, sides: _Sides) -> Gathered:
    baselines, candidates = (tuple(side[run]() for run in sorted(side)) for side in sides)
    return Gathered(test, baselines, candidates)
