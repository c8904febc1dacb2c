"""Counts verdicts and hands each comparison to the sinks; what it ends with is what the gate decides by."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from pytest_gaia_parity.errors import ParityError
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
        self._sinks = list(sinks)
        self._earlier = earlier
        #: what is said about each report that could not be written; the others are complete
        self.broken: list[str] = []
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
        for sink in tuple(self._sinks):
            try:
                sink.write(comparison, evidence)
            except Exception as error:  # noqa: BLE001 - a report must not end a run
                self._drop(sink, error)

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
        paths = [path for path in map(partial(self._end, results=results), tuple(self._sinks)) if path]
        return msgspec.structs.replace(results, notes=(*results.notes, *self.broken)), paths

    def _end(self, sink: Sink, *, results: Results) -> str:
        try:
            return sink.close(results)
        except Exception as error:  # noqa: BLE001 - the other reports are written all the same
            self._drop(sink, error)
        return ""

    def _drop(self, sink: Sink, error: Exception) -> None:
        self._sinks.remove(sink)
        what = error.message if isinstance(error, ParityError) else f"{type(error).__name__}: {error}"
        self.broken.append(f"a report is missing ({type(sink).__name__}): {what}")
