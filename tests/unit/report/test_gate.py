from __future__ import annotations

from pathlib import Path

from pytest_gaia_parity.errors import ReportError
from pytest_gaia_parity.model.comparison import Comparison, Verdict
from pytest_gaia_parity.model.results import Results, Side
from pytest_gaia_parity.report.gate import Gate
from pytest_gaia_parity.report.results import ResultsSink, read_results
from pytest_gaia_parity.report.sink import Evidence

MATCH = Comparison(test="t", verdict=Verdict.MATCH)


class Breaking:
    """A sink that fails where it is told to."""

    def __init__(self, where: str) -> None:
        self._where = where

    def open(self, baseline: Side, candidate: Side) -> None:
        """Begin."""

    def write(self, comparison: Comparison, evidence: Evidence) -> None:  # noqa: ARG002 - the protocol's
        if self._where == "write":
            raise KeyError(comparison.test)

    def close(self, results: Results) -> str:  # noqa: ARG002 - the protocol's
        raise ReportError("'x.html' cannot be written: No space left on device", hint="free space")


def closed(path: Path, where: str) -> tuple[Gate, Results, list[str]]:
    gate = Gate(
        baseline=Side(name="local"), candidate=Side(name="dev"), sinks=[Breaking(where), ResultsSink(path)]
    )  # fmt: skip
    gate.open()
    gate.take(MATCH, Evidence((), ()))
    gate.take(MATCH, Evidence((), ()))
    return gate, *gate.close()


def test_a_report_that_breaks_is_said_and_the_others_are_written(tmp_path: Path) -> None:
    gate, results, paths = closed(tmp_path / "p.json", "write")
    assert results.notes == ("a report is missing (Breaking): KeyError: 't'",)
    assert gate.broken
    assert [Path(path).name for path in paths] == ["p.json"]
    assert len(read_results(tmp_path / "p.json").comparisons) == 2


def test_a_full_disk_at_the_end_is_said_in_its_words(tmp_path: Path) -> None:
    _, results, _ = closed(tmp_path / "p.json", "close")
    assert results.notes == ("a report is missing (Breaking): 'x.html' cannot be written: No space left on device",)
