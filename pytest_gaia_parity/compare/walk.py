"""Holds a candidate's tree to the facts of the baseline's runs, place by place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.compare import arrays, objects, scalars, texts
from pytest_gaia_parity.compare.facts import distance_problem, same, type_of
from pytest_gaia_parity.compare.forms import moment_of
from pytest_gaia_parity.compare.identity import Occurrence
from pytest_gaia_parity.compare.own import Unsure, may_be_own
from pytest_gaia_parity.compare.values import cut_around, plain
from pytest_gaia_parity.model.comparison import Difference, Kind
from pytest_gaia_parity.model.path import Path, render_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.compare.rules import Rules

#: levels below which a tree is compared as a whole: nothing real is as deep
DEEPEST = 150


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
    #: generated values, for identities
    names: list[Occurrence] = field(default_factory=list)
    #: when the exchange began, in each run of the baseline and on the candidate; 0 where unknown
    starts: tuple[float, ...] = ()
    start: float = 0.0
    #: places of random values that are an environment's own, and differences that are none in a row of such
    own: list[Path] = field(default_factory=list)
    unsure: list[Unsure] = field(default_factory=list)
    #: within a text that holds a structure: its place
    inside: Path | None = None
    #: samples are elements of an array and not runs
    is_pooled: bool = False

    @property
    def is_alone(self) -> bool:
        """Whether nothing could be learnt."""
        return self.runs == 1

    def compare(self, samples: Sequence[Any], value: Any, path: Path) -> None:
        """Hold *value* to what *samples*, of the same place, have in common."""
        first = samples[0]
        if same(first, value) and all(same(first, other) for other in samples[1:]):
            return
        if self.rules.ignores(path):
            return
        if len(path) > DEEPEST:
            self.report(path, Kind.VALUE_CHANGED, "…", "…", "", says="nested too deep to be compared place by place")
            return
        if self.rules.is_shape(path) and not isinstance(value, dict | list):
            self._shape(samples, value, path)
            return
        kind = type_of(value)
        alike = [sample for sample in samples if type_of(sample) == kind]
        if kind in {"integer", "decimal"}:
            alike = [sample for sample in samples if type_of(sample) in {"integer", "decimal"}]
        if not alike:
            types = sorted({type_of(sample) for sample in samples})
            self.report(path, Kind.TYPE_CHANGED, first, value, f"{' or '.join(types)} in {self.of(len(samples))}")
        elif isinstance(value, dict):
            objects.compare(self, alike, value, path)
        elif isinstance(value, list):
            arrays.compare(self, alike, value, path)
        elif isinstance(value, str):
            texts.compare(self, alike, value, path, varies=len(alike) < len(samples))
        else:
            scalars.compare(self, alike, value, path, varies=len(alike) < len(samples))

    def is_free(self, samples: Sequence[Any]) -> bool:
        """Whether equal samples prove nothing: too few elements of arrays."""
        return self.is_pooled and len(samples) < 4

    def _shape(self, samples: Sequence[Any], value: Any, path: Path) -> None:
        if type_of(value) not in {type_of(sample) for sample in samples}:
            self.report(path, Kind.TYPE_CHANGED, samples[0], value, "compared by its shape")

    @property
    def started(self) -> tuple[float, float]:
        """When the exchange began on the baseline and on the candidate; 0 where unknown."""
        return (self.starts[0] if self.starts else 0.0), self.start

    def holds_back(self, first: Any, value: Any, path: Path) -> bool:
        """Keep a difference back that is none if its row is the environment's own."""
        if self.inside is not None or path[:1] != ("body",) or not may_be_own(first, value, path[-1]):
            return False
        before = len(self.found)
        kind = Kind.VALUE_CHANGED if type_of(first) == type_of(value) else Kind.TYPE_CHANGED
        self.report(path, kind, first, value, f"the same in {self.of(self.runs)}")
        self.unsure += [Unsure(path, first, value, one) for one in self.found[before:]]
        del self.found[before:]
        return True

    def distance(self, samples: Sequence[Any], value: Any) -> str:
        """What is wrong with a moment's distance from the request."""
        if self.is_pooled or moment_of(value) is None:
            return ""
        return distance_problem(samples, value, self.starts, self.start)

    def name(self, samples: Sequence[Any], value: Any, path: Path, *, is_opaque: bool = False) -> None:
        """Remember a generated value, so that it is seen whether the same one is meant elsewhere."""
        if not self.is_pooled and len(samples) == self.runs and self.pair is not None:
            place = path if self.inside is None else self.inside
            self.names.append(Occurrence(self.pair, place, tuple(map(str, samples)), str(value), is_opaque))

    def constant(self, samples: Sequence[Any]) -> str:
        """The fact that a value held still."""
        return f"the same in {self.of(len(samples))}"

    def of(self, count: int) -> str:
        """How much evidence there is, in words."""
        if self.is_pooled:
            return f"{count} elements on the baseline"
        return f"{count} of {self.runs} baseline runs" if self.runs > 1 else "the baseline run"

    def report(  # noqa: PLR0913 - a difference has so many parts
        self, path: Path, kind: Kind, baseline: Any, candidate: Any, fact: str, *, says: str = ""
    ) -> None:
        """Add a difference, unless the place is ignored."""
        if self.rules.ignores(path):
            return
        if self.kind is not None and kind in {Kind.VALUE_CHANGED, Kind.TYPE_CHANGED, Kind.ORDER_CHANGED}:
            kind = self.kind
        before, after = cut_around(baseline, candidate)
        self.found.append(
            Difference(
                exchange=self.exchange,
                path=render_path(path),
                kind=kind,
                baseline=plain(before),
                candidate=plain(after),
                fact=fact,
                says=says,
                pair=self.pair,
            )
        )
