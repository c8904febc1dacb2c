"""Counts verdicts and hands each comparison to the sinks; what it ends with is what the gate decides by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_gaia_parity.model.results import SCHEMA, Results
from pytest_gaia_parity.report.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.model.comparison import Cause, Comparison
    from pytest_gaia_parity.model.results import Side
    from pytest_gaia_parity.report.against import Earlier
    from pytest_gaia_parity.report.sink import Evidence, Sink


class Gate:
    """The comparisons of one run, live or from recordings; keeps their sums, and passes each on."""

    def __init__(
        self, *, baseline: Side, candidate: Side, sinks: Sequence[Sink], earlier: Earlier | None = None
    ) -> None:
        self._baseline = baseline
        self._candidate = candidate
        self._sinks = tuple(sinks)
        self._earlier = earlier
        self.tally = Tally()

    def open(self) -> None:
        """Begin every sink.

        :raises ReportError: a report's place cannot be written to.
        """
        for sink in self._sinks:
            sink.open(self._baseline, self._candidate)

    def take(self, comparison: Comparison, evidence: Evidence) -> None:
        """Count one comparison and pass it on."""
        if self._earlier is not None:
            comparison = self._earlier.marked(comparison)
        self.tally.add(comparison)
        for sink in self._sinks:
            sink.write(comparison, evidence)

    def close(
        self, *, causes: Sequence[Cause] = (), notes: Sequence[str] = (), interrupted: bool = False
    ) -> tuple[Results, list[str]]:
        """End every sink; returns the results, without their comparisons, and the paths written."""
        results = Results(
            schema=SCHEMA,
            baseline=self._baseline,
            candidate=self._candidate,
            summary=dict(self.tally.summary),
            causes=tuple(causes),
            interrupted=interrupted,
            notes=(*notes, *([self._earlier.note()] if self._earlier else [])),
        )
        paths = [path for path in [sink.close(results) for sink in self._sinks] if path]
        return results, paths
