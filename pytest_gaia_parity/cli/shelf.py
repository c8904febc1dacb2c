"""Where each run of each test lies in many recordings: an index on disk, so that any number of shards is read in bounded memory."""

from __future__ import annotations

import sqlite3
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, Self

from pytest_gaia_parity.compare.pairing import Gathered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_gaia_parity.model.recording import TestRecord
    from pytest_gaia_parity.report.recording import Recording

#: of fixtures and tests of one side only: the first of the baseline's, the others
_ORDER = "SELECT test, side, run, min(place), shard, start FROM runs WHERE fixture = ? {more} GROUP BY test, side, run ORDER BY test, side, run"
_BOTH = "AND test IN (SELECT test FROM runs WHERE side = 0 INTERSECT SELECT test FROM runs WHERE side = 1)"
_ANY = "SELECT 1 FROM runs WHERE NOT fixture AND side = 0 AND test IN (SELECT test FROM runs WHERE side = 1) LIMIT 1"
_KEPT = "AND test NOT IN (SELECT test FROM runs WHERE only_on)"


#: files that are open at once
_MOST_OPEN = 100


class _Run(NamedTuple):
    test: str
    side: int
    run: int
    place: int
    shard: int
    start: int


class Shelf:
    """All records of both sides, by test. What a later shard repeats of an earlier one is not taken twice."""

    def __init__(self, baselines: Sequence[Recording], candidates: Sequence[Recording]) -> None:
        self._sides = (_in_order(baselines), _in_order(candidates))
        self._shards = [recording for side in self._sides for recording in side]
        self._open: dict[int, None] = {}
        self._index = sqlite3.connect("")  # a file of its own, that ends with it
        self._index.execute(
            "CREATE TABLE runs (test TEXT, side INT, run INT, fixture INT, only_on INT, shard INT, start INT, place INTEGER PRIMARY KEY)"
        )

    def __enter__(self) -> Self:
        number = 0
        for side, recordings in enumerate(self._sides):
            for recording in recordings:
                shard = number
                self._index.executemany(
                    "INSERT INTO runs (test, side, run, fixture, only_on, shard, start) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        (one.test, side, one.run, one.origin == "fixture", one.only_on, shard, start)
                        for start, one in recording.heads()
                    ),
                )
                number += 1
        self._index.execute("CREATE INDEX by_test ON runs (fixture, test, side, run, place)")
        return self

    def __exit__(self, *_: object) -> None:
        self._index.close()
        for recording in self._shards:
            recording.forget()

    @property
    def has_common(self) -> bool:
        """Whether any test is in recordings of both sides."""
        return self._index.execute(_ANY).fetchone() is not None

    def tests(self) -> Iterator[Gathered]:
        """Each test with all its runs, in the order of names."""
        return self._gathered(0, _KEPT)

    def fixtures(self) -> Iterator[Gathered]:
        """What fixtures wider than a function sent, where both sides have it."""
        return self._gathered(1, _BOTH)

    def repeated(self) -> Iterator[tuple[Recording, Recording, int]]:
        """A shard, an earlier one that has runs of the same tests, and how many."""
        rows = self._index.execute(
            "SELECT later.shard, first.shard, count(DISTINCT later.test) FROM runs AS later JOIN runs AS first"
            " USING (fixture, test, side, run) WHERE NOT later.fixture AND later.shard > first.shard"
            " GROUP BY later.shard, first.shard ORDER BY later.shard, first.shard"
        )
        for later, first, count in rows:
            yield self._shards[later], self._shards[first], count

    def _gathered(self, fixture: int, more: str) -> Iterator[Gathered]:
        rows = map(_Run._make, self._index.execute(_ORDER.format(more=more), (fixture,)))
        for test, runs in groupby(rows, key=lambda row: row.test):
            sides: tuple[list[TestRecord], list[TestRecord]] = ([], [])
            for row in runs:
                sides[row.side].append(self._opened(row.shard).load(row.start))
            yield Gathered(test, tuple(sides[0]), tuple(sides[1]))

    def _opened(self, shard: int) -> Recording:
        """A shard to read from; of the many only the last few stay open."""
        self._open.pop(shard, None)
        self._open[shard] = None
        if len(self._open) > _MOST_OPEN:
            oldest = next(iter(self._open))
            del self._open[oldest]
            self._shards[oldest].forget()
        return self._shards[shard]


def _in_order(recordings: Sequence[Recording]) -> list[Recording]:
    """The earliest first: which of two equal runs counts depends on no order of arguments."""
    return sorted(recordings, key=lambda one: (one.header.started, one.path.name, str(one.path)))
