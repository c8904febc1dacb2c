"""The protocol of sinks: finished values in, files out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.model.comparison import Comparison
    from pytest_gaia_parity.model.recording import TestRecord
    from pytest_gaia_parity.model.results import Results, Side


class Evidence(NamedTuple):
    """The records behind a comparison, masked; `Comparison.exchanges` indexes into the first of each side."""

    baseline: Sequence[TestRecord]
    candidate: Sequence[TestRecord]


class Sink(Protocol):
    """Takes the comparisons of a run as they come. Every file is written beside its name and moved there when whole."""

    def open(self, baseline: Side, candidate: Side) -> None:
        """Begin.

        :raises ReportError: the place cannot be written to.
        """
        ...

    def write(self, comparison: Comparison, evidence: Evidence) -> None:
        """Take one comparison."""
        ...

    def close(self, results: Results) -> str:
        """End, and return the path written, relative where it can be; `results.comparisons` may be empty here."""
        ...
