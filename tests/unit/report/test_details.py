from __future__ import annotations

from typing import Any

import pytest

from pytest_gaia_parity.model.comparison import Comparison, Difference, Kind, Pair, Severity, Verdict
from pytest_gaia_parity.model.exchange import Body, Exchange, Failure, Observation, Request, Response
from pytest_gaia_parity.model.recording import TestRecord
from pytest_gaia_parity.report.details import detail, errors_first, index_row
from pytest_gaia_parity.report.sink import Evidence


def record(*exchanges: Exchange, **extra: Any) -> TestRecord:
    return TestRecord(test="t", outcome="passed", exchanges=exchanges, **extra)


def exchange(
    body: Body | None = None, *, headers: tuple[tuple[str, str], ...] = (), failure: Failure | None = None
) -> Exchange:
    response = None if body is None else Response(status=200, headers=headers, body=body)
    return Exchange(service="a", request=Request(method="GET", url="http://a/"), response=response, failure=failure)


def difference(path: str, **extra: Any) -> Difference:
    return Difference(path=path, kind=Kind.VALUE_CHANGED, baseline=1, candidate=2, **extra)


def mismatch(
    *differences: Difference, pairs: tuple[Pair, ...] = (Pair(label="GET a /", baseline=0, candidate=0),)
) -> Comparison:
    return Comparison(test="t", verdict=Verdict.MISMATCH, differences=differences, exchanges=pairs)


def rows(left: Exchange, right: Exchange, *differences: Difference) -> dict[str, Any]:
    shown = detail(mismatch(*differences), Evidence([record(left)], [record(right)]))
    found: dict[str, Any] = shown["exchanges"][0]["rows"]
    return found


def test_headers_stand_beside_each_other_by_name_whatever_case_and_order() -> None:
    left = exchange(Body(), headers=(("A", "1"), ("Set-Cookie", "x"), ("set-cookie", "y")))
    right = exchange(Body(), headers=(("SET-COOKIE", "x"), ("Set-Cookie", "z"), ("a", "1")))
    assert rows(left, right, difference("headers.set-cookie", pair=0))["headers"] == [
        [0, 0, "a: 1"],
        [0, 0, "set-cookie: x"],
        [2, 0, "set-cookie: y", "set-cookie: z", 0],
    ]


def test_bytes_are_shown_as_hex() -> None:
    body = rows(
        exchange(Body(data=b"\xff\x00\x01", size=3)),
        exchange(Body(data=b"\xff\x00\x02", size=3)),
        difference("body", pair=0),
    )["body"]
    assert body == [[2, 0, "000000  ff 00 01", "000000  ff 00 02", 0]]


def test_a_body_too_large_to_align_says_so_and_is_not_called_equal() -> None:
    large = "x" * 2_000_001
    (row,) = rows(
        exchange(Body(text=large, size=len(large))),
        exchange(Body(text=large + "y", size=1)),
        difference("body", pair=0),
    )["body"]
    assert row[0] == 2
    assert "too many to align" in row[2]


def test_json_nested_too_deep_for_us_is_shown_as_text() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    assert (
        rows(exchange(Body(text=deep)), exchange(Body(text=deep[1:-1])), difference("body", pair=0))["body"][0][0] == 2
    )


def test_a_request_that_raised_shows_what_it_raised() -> None:
    failed = exchange(failure=Failure(type="ConnectError", message="refused"))
    shown = detail(mismatch(difference("status", pair=0)), Evidence([record(exchange(Body()))], [record(failed)]))
    assert shown["exchanges"][0]["sides"][1]["failure"] == "ConnectError: refused"


@pytest.mark.parametrize("evidence", [Evidence((), ()), Evidence([record()], ()), Evidence((), [record()])])
def test_evidence_that_is_missing_breaks_nothing(evidence: Evidence) -> None:
    pairs = (Pair(label="GET a /", baseline=0), Pair(label="GET a /", candidate=7))
    assert len(detail(mismatch(pairs=pairs), evidence)["exchanges"]) == 2
    assert index_row(mismatch(pairs=pairs), evidence)[0] == "t"


def test_observations_are_aligned_like_bodies() -> None:
    sides = [[record(observations=(Observation(name="rows", value=value),))] for value in (3, 4)]
    shown = detail(mismatch(difference("observations.rows"), pairs=()), Evidence(*sides))
    assert shown["observations"] == [[0, 0, "{"], [2, 1, '"rows": 3', '"rows": 4', 0], [0, 0, "}"]]


def test_errors_come_before_notes_and_the_list_shows_one_of_them() -> None:
    both = mismatch(difference("headers.x", severity=Severity.NOTE), difference("body.a"))
    ordered = errors_first(both)
    assert [one.path for one in ordered.differences] == ["body.a", "headers.x"]
    assert index_row(ordered, Evidence((), ()))[5][0][0] == "body.a"
    assert index_row(ordered, Evidence((), ()))[6] == 1, "errors, notes not counted"


def test_the_outcome_comes_after_what_led_to_it_and_has_no_rule() -> None:
    outcome = Difference(path="outcome", kind=Kind.OUTCOME_CHANGED, baseline="passed", candidate="failed")
    both = errors_first(mismatch(outcome, difference("body.a")))
    assert [one.path for one in both.differences] == ["body.a", "outcome"]
    assert [one["rule"] for one in detail(both, Evidence((), ()))["differences"]] == [True, False]
