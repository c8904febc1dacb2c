"""Which differences stand when there is more evidence."""

from __future__ import annotations

import pytest

from pytest_gaia_parity.compare.standing import shown_too, standing
from pytest_gaia_parity.model.comparison import Difference, Kind, Severity, Verdict
from tests.builders import compare, exchange, record


def changed(path: str, *, exchange: str = "GET api /x", severity: Severity = Severity.ERROR) -> Difference:
    return Difference(exchange=exchange, path=path, kind=Kind.VALUE_CHANGED, severity=severity)


def test_what_most_runs_show_stands() -> None:
    one = changed("body.a")
    assert standing([one], [[one], []]) == ([one], "")


def test_what_one_run_in_three_shows_is_unstable_and_says_so() -> None:
    one = changed("body.a")
    assert standing([], [[one], []]) == ([one], "GET api /x body.a differs in 1 of 3 runs of the candidate")


def test_what_comes_and_goes_beside_what_stands_is_told_and_makes_nothing_unstable() -> None:
    stands, passing = changed("body.a"), changed("body.b")
    assert standing([stands, passing], [[stands], [stands]]) == ([stands, passing], "")


@pytest.mark.parametrize(
    ("first", "second", "third"),
    [
        pytest.param("body.rows[0].state", "body.rows[4].state", "body.rows[2].state", id="an element elsewhere"),
        pytest.param(
            "body.jobs.0b0b6b4e-3f0c-4c1e-9d5a-6a3c1f7a2b11.state",
            "body.jobs.1c0b6b4e-3f0c-4c1e-9d5a-6a3c1f7a2b12.state",
            "body.jobs.2d0b6b4e-3f0c-4c1e-9d5a-6a3c1f7a2b13.state",
            id="another id as key",
        ),
    ],
)
def test_a_place_is_known_again_in_another_run(first: str, second: str, third: str) -> None:
    found = changed(first)
    assert standing([found], [[changed(second)], [changed(third)]]) == ([found], "")


def test_all_differences_of_a_run_in_one_array_stay() -> None:
    first, second = changed("body.rows[0].state"), changed("body.rows[1].state")
    assert standing([first, second], [[first, second], [first]])[0] == [first, second]


def test_what_fewer_runs_do_not_show_falls_and_notes_stay() -> None:
    note = changed("body.c", severity=Severity.NOTE)
    assert shown_too([changed("body.a"), changed("body.b"), note], [changed("body.b")]) == [changed("body.b"), note]


def test_a_place_and_what_it_lies_in_are_one() -> None:
    one = changed("body.rows[3].state")
    assert shown_too([one], [changed("body.rows")]) == [one]


def test_an_element_that_is_wrong_in_each_run_at_another_place_is_a_mismatch() -> None:
    def run(order: str, state: str) -> list[dict[str, str]]:
        return [{"name": name, "state": state if name == "c" else "ready"} for name in order]

    baselines = [record(exchange(run(order, "ready"))) for order in ("abcd", "bcda", "dcba", "abdc")]
    candidates = [record(exchange(run(order, "broken"))) for order in ("cabd", "acbd", "bdac")]
    assert compare(baselines, candidates).verdict is Verdict.MISMATCH
