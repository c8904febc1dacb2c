from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.errors import ConfigError, RecordingError
from pytest_gaia_parity.model.comparison import Cause, Comparison, Difference, Kind, Verdict
from pytest_gaia_parity.model.results import Results, Side, empty_summary
from pytest_gaia_parity.report.results import ResultsSink, read_results
from pytest_gaia_parity.report.sink import Evidence, make_sinks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NOTHING = Evidence((), ())


def results(**extra: object) -> Results:
    summary = empty_summary() | {"match": 1, "mismatch": 1}
    return Results(schema=1, baseline=Side(name="local"), candidate=Side(name="dev"), summary=summary, **extra)  # type: ignore[arg-type]


MISMATCH = Comparison(
    test="t.py::test_b",
    verdict=Verdict.MISMATCH,
    differences=(
        Difference(
            exchange="POST auth /login",
            path="body.token_type",
            kind=Kind.VALUE_CHANGED,
            baseline="bearer",
            candidate="Bearer",
        ),
    ),
    causes=(Cause(id="version-skew", says="s", hint="h"),),
)
MATCH = Comparison(test="t.py::test_a", verdict=Verdict.MATCH)


def write(path: Path, comparisons: Sequence[Comparison], end: Results) -> bytes:
    sink = ResultsSink(path)
    sink.open(end.baseline, end.candidate)
    for comparison in comparisons:
        sink.write(comparison, NOTHING)
    sink.close(end)
    return path.read_bytes()


def test_the_file_has_the_schema_of_the_contract(tmp_path: Path) -> None:
    content = json.loads(write(tmp_path / "parity-dev.json", [MATCH, MISMATCH], results()))
    assert list(content) == ["schema", "baseline", "candidate", "summary", "comparisons"]
    assert content["summary"] == {
        "match": 1, "mismatch": 1, "unstable": 0, "both-failed": 0, "missing": 0, "skipped": 0,
    }  # fmt: skip
    assert content["comparisons"][1]["differences"] == [
        {
            "exchange": "POST auth /login",
            "path": "body.token_type",
            "kind": "value-changed",
            "baseline": "bearer",
            "candidate": "Bearer",
            "severity": "error",
        }
    ]


def test_it_reads_back_equal(tmp_path: Path) -> None:
    end = results(causes=(Cause(id="c", says="s", hint="h"),), interrupted=True, notes=("unused ignore",))
    write(tmp_path / "p.json", [MATCH, MISMATCH], end)
    back = read_results(tmp_path / "p.json")
    assert back.comparisons == (MATCH, MISMATCH)
    assert (back.causes, back.interrupted, back.notes) == (end.causes, True, end.notes)


def test_the_order_of_arrival_does_not_show(tmp_path: Path) -> None:
    one = write(tmp_path / "1.json", [MATCH, MISMATCH], results())
    assert one == write(tmp_path / "2.json", [MISMATCH, MATCH], results())


def test_no_comparisons_is_valid_json(tmp_path: Path) -> None:
    assert json.loads(write(tmp_path / "p.json", [], results()))["comparisons"] == []


def test_a_run_that_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text("old")
    sink = ResultsSink(path)
    sink.open(Side(name="local"), Side(name="dev"))
    sink.write(MATCH, NOTHING)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path], "what is spooled has no name"
    sink.close(results())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param("{}", "is not a results file", id="other JSON"),
        pytest.param("<", "is not a results file", id="no JSON"),
        pytest.param('{"schema": 7}', "schema 7 is newer", id="newer"),
    ],
)
def test_what_is_no_results_file_is_refused(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "p.json").write_text(content)
    with pytest.raises(RecordingError, match=says):
        read_results(tmp_path / "p.json")


def test_missing_results_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"p\.json' cannot be read"):
        read_results(tmp_path / "p.json")


def test_sinks_are_named_after_the_candidate(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "reports"
    sinks = make_sinks(folder, "local", "eu/dev")
    for sink in sinks:
        sink.open(Side(name="local"), Side(name="eu/dev"))
        sink.close(results())
    assert (folder / "parity-eu_dev.json").exists()


def test_a_reports_folder_that_cannot_be_written_is_found_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(ConfigError, match=r"reports' cannot be written to") as caught:
        make_sinks(tmp_path / "reports", "local", "dev")
    assert "reports =" in caught.value.hint
