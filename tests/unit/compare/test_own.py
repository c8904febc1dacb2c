"""What belongs to an environment's own rows, and what does not although it looks so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import compare, compare_bodies, exchange, kinds, record

MINE, ITS = "7d444840-9dc0-41d1-b245-5ffdce74fad2", "0e8400e2-9b41-4d4a-a716-446655440000"
BORN, OTHER = "2025-11-03T08:51:42Z", "2025-11-10T06:32:22Z"


@pytest.mark.parametrize(
    ("baseline", "candidate"),
    [
        pytest.param({"id": MINE, "at": BORN}, {"id": ITS, "at": OTHER}, id="time beside an id"),
        pytest.param({"id": MINE, "day": "2025-11-03"}, {"id": ITS, "day": "2025-11-10"}, id="day beside an id"),
        pytest.param({MINE: {"at": BORN}}, {ITS: {"at": OTHER}}, id="time below an id"),
        pytest.param([{"id": 17}, {"id": 18}], [{"id": 41}, {"id": 42}], id="numbers of ids"),
        pytest.param({"cursor": "t0ebtgCE8QWhBJUC"}, {"cursor": "eib+X41PdPJr1gGU"}, id="random text of an id"),
    ],
)
def test_rows_of_an_environment_are_its_own(baseline: Any, candidate: Any) -> None:
    assert kinds(compare_bodies(baseline, baseline, candidate)) == []


@pytest.mark.parametrize(
    ("baseline", "candidate"),
    [
        pytest.param({"name": "Ann", "at": BORN}, {"name": "Ann", "at": OTHER}, id="time alone"),
        pytest.param({"name": "Ann", "day": "2025-11-03"}, {"name": "Ann", "day": "2025-11-10"}, id="day alone"),
        pytest.param([{"id": 17}, {"id": 18}], [{"id": 17}, {"id": 42}], id="a number among shared ones"),
        pytest.param({"id": MINE, "sha256": "ab" * 32}, {"id": ITS, "sha256": "cd" * 32}, id="a digest"),
        pytest.param({"id": MINE, "state": "on"}, {"id": ITS, "state": "off"}, id="a word beside an id"),
    ],
)
def test_what_is_not_proved_an_environments_own_is_a_difference(baseline: Any, candidate: Any) -> None:
    assert len(kinds(compare_bodies(baseline, baseline, candidate))) == 1


def test_a_poll_that_is_asked_once_more_is_compared_too() -> None:
    def run(*states: Any, number: int = 1) -> Any:
        return record(*(exchange({"state": state}, path="/jobs/1") for state in states), run=number)

    baselines = [run("running", "done"), run("running", "running", "done", number=2)]
    assert kinds(compare(baselines, run("running", "running", "running", "done"))) == []
    assert kinds(compare(baselines, run("running", "running", 7, "done"))) != []
