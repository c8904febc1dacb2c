"""What holds of arrays, texts, ids and moments, as the baseline's runs show them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from pytest_gaia_parity.compare.engine import Comparer
from pytest_gaia_parity.model.comparison import Verdict
from pytest_gaia_parity.model.exchange import Timings
from pytest_gaia_parity.model.rules import CompareRules, Expected
from tests.builders import DEV, LOCAL, TEST, compare, compare_bodies, exchange, kinds, record

if TYPE_CHECKING:
    from pytest_gaia_parity.model.recording import TestRecord

A, B, C, D = (
    "7d444840-9dc0-41d1-b245-5ffdce74fad2",
    "0e8400e2-9b41-4d4a-a716-446655440000",
    "c56a4180-65aa-42ec-a945-5fd21dec0538",
    "a3bb189e-8bf9-4888-9912-ace4e6543002",
)
ROWS = [{"name": name, "n": number} for number, name in enumerate("abcdef")]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        pytest.param((ROWS, ROWS, ROWS[:2] + ROWS[3:]), [("body[2]", "removed")], id="one is gone"),
        pytest.param((ROWS, ROWS, [*ROWS, ROWS[0]]), [("body[6]", "added")], id="one is there twice"),
        pytest.param((ROWS, ROWS, ROWS[::-1]), [("body", "order-changed")], id="order"),
        pytest.param((ROWS, ROWS[::-1], ROWS[2:] + ROWS[:2]), [], id="any order"),
        pytest.param((ROWS, ROWS[::-1], ROWS[1:]), [("body[0]", "removed")], id="one of a set is gone"),
        pytest.param((ROWS[:2], ROWS[:3], ROWS[:5]), [], id="growing"),
        pytest.param((ROWS[:2], ROWS[:3], [*ROWS[:4], {"name": "x"}]), [("body[4].n", "removed")], id="shape of a growing list"),
        pytest.param((ROWS[:2], ROWS[:3], []), [("body", "removed")], id="growing list is empty"),
    ],
)  # fmt: skip
def test_arrays_keep_what_they_show(samples: tuple[Any, ...], expected: list[tuple[str, str]]) -> None:
    assert kinds(compare_bodies(*samples)) == expected


def test_the_same_field_missing_from_all_elements_is_one_finding() -> None:
    found = compare_bodies(ROWS, ROWS, [{"name": row["name"]} for row in ROWS])
    assert [(one.path, one.count) for one in found.differences] == [("body[0].n", 6)]


def test_what_is_constant_in_a_varying_text_is_compared() -> None:
    first, second = {"t": "Order 17 of Ada was sent"}, {"t": "Order 18 of Ada was sent"}
    assert kinds(compare_bodies(first, second, {"t": "Order 23 of Ada was sent"})) == []
    assert kinds(compare_bodies(first, second, {"t": "Order 23 of Ada was lost"})) == [("body.t", "format-changed")]


def test_two_ids_that_become_one_are_found() -> None:
    found = compare_bodies({"a": A, "b": B}, {"a": C, "b": D}, {"a": B, "b": B})
    assert kinds(found) == [("body.b", "identity-changed")]
    assert "body.a" in found.differences[0].says


def test_an_id_that_both_sides_share_may_not_be_renamed() -> None:
    first = record(exchange({"owner": A}, path=f"/users/{A}"))
    other = record(exchange({"owner": B}, path=f"/users/{A}"))
    assert kinds(compare([first, first], other)) == [("body.owner", "identity-changed")]


def at(seconds: float, body: Any) -> TestRecord:
    return record(msgspec.structs.replace(exchange(body), timings=Timings(started=seconds)))


def test_a_moment_keeps_its_distance_from_the_request() -> None:
    now = 1_767_000_000.0
    runs = [at(now + n, {"expires": int(now + n + 3600)}) for n in (0, 50)]
    assert kinds(compare(runs, at(now + 90, {"expires": int(now + 90 + 3603)}))) == []
    assert kinds(compare(runs, at(now + 90, {"expires": int(now + 90 + 86400)}))) == [
        ("body.expires", "format-changed")
    ]


def test_a_fixed_moment_that_moved_by_hours_is_found_although_times_differ() -> None:
    first, other = {"at": "2024-05-01T10:00:00.5Z"}, {"at": "2024-05-01T12:00:00.5Z"}
    assert kinds(compare_bodies(first, first, other)) == [("body.at", "value-changed")]


def test_what_some_runs_of_the_candidate_show_makes_the_test_unstable() -> None:
    right, wrong = record(exchange({"a": 1})), record(exchange({"a": 2}))
    assert compare([right] * 4, [wrong, right, right]).verdict is Verdict.UNSTABLE
    assert compare([right] * 4, [wrong, wrong, right]).verdict is Verdict.MISMATCH
    assert compare([right, wrong, right, right], [wrong, right, right]).verdict is Verdict.MATCH


def test_a_poll_may_ask_more_often() -> None:
    wait, done = exchange({"state": "busy"}, status=202), exchange({"state": "done"})
    assert compare([record(wait, done)] * 2, record(wait, wait, wait, done)).verdict is Verdict.MATCH


def test_one_missing_call_is_one_difference() -> None:
    calls = [exchange({"n": n}, path=path) for n, path in enumerate(("/a", "/b", "/c"))]
    assert kinds(compare([record(*calls)] * 2, record(calls[0], calls[2]))) == [("exchange", "exchange-removed")]


def comparer(*, ignore: tuple[str, ...] = (), expected: tuple[Expected, ...] = ()) -> Comparer:
    rules = CompareRules(ignore=ignore)
    return Comparer(baseline=LOCAL, candidate=DEV, rules=rules, expected=expected, today=dt.date(2026, 1, 1))


def test_ignores_that_do_nothing_are_told_by_path() -> None:
    made = comparer(ignore=("body.a", "body.a.b", "body.gone", "headers.date"))
    run = record(exchange({"a": {"b": 1}}))
    made.compare(TEST, [run, run], [run])
    assert made.finish().notes == (
        "'body.a.b' is ignored twice: 'body.a' covers it",
        "'body.gone' is ignored, and nothing was there",
        "'headers.date' is ignored anyway, by default",
    )


@pytest.mark.parametrize(("until", "candidate", "verdict", "unmet"), [
    pytest.param("2026-02-01", 2, Verdict.MATCH, 0, id="occurs"),
    pytest.param("2026-02-01", 3, Verdict.MISMATCH, 1, id="another value"),
    pytest.param("2026-02-01", 1, Verdict.MATCH, 1, id="no longer occurs"),
    pytest.param("2025-12-31", 2, Verdict.MISMATCH, 1, id="past its day"),
])  # fmt: skip
def test_a_known_difference_occurs_exactly_so(until: str, candidate: int, verdict: Verdict, unmet: int) -> None:
    known = Expected(test=TEST, path="body.a", kind="value-changed", reason="r", until=until, baseline=1, candidate=2)
    made = comparer(expected=(known,))
    right = record(exchange({"a": 1}))
    assert made.compare(TEST, [right, right], [record(exchange({"a": candidate}))]).verdict is verdict
    assert len(made.finish().comparisons) == unmet


def test_nothing_is_said_of_a_known_difference_whose_test_did_not_run() -> None:
    known = Expected(test="other", path="body.a", kind="value-changed", reason="r", until="2026-02-01")
    made = comparer(expected=(known,))
    run = record(exchange({"a": 1}))
    made.compare(TEST, [run, run], [run])
    assert made.finish().comparisons == ()


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        pytest.param(
            ([3, 2, 1], [3, 2, 1], [1, 2, 3]), [("body", "order-changed")], id="rank of equal elements"
        ),
        pytest.param(
            ([A, B, C, D, "x", "y"], ["y", "x", D, C, B, A], [A, A, B, C, D, "x"]), [("body[1]", "added"), ("body[5]", "removed")],
            id="one twice for another",
        ),
    ],
)  # fmt: skip
def test_sets_and_orders_lose_nothing(samples: tuple[Any, ...], expected: list[tuple[str, str]]) -> None:
    assert sorted(kinds(compare_bodies(*samples))) == expected


def test_a_set_that_is_sorted_by_score_stays_sorted() -> None:
    def hits(names: str, scores: tuple[float, ...]) -> list[dict[str, Any]]:
        return [{"name": name, "score": score} for name, score in zip(names, scores, strict=True)]

    first, second = hits("abcdef", (9.5, 8.25, 7.5, 4.75, 2.5, 1.5)), hits("cafedb", (8.5, 7.25, 6.5, 5.75, 2.25, 1.5))
    candidate = hits("fedabc", (9.25, 8.5, 7.25, 6.5, 5.5, 1.25))
    assert kinds(compare_bodies(first, second, candidate)) == []
    assert kinds(compare_bodies(first, second, candidate[::-1])) == [("body", "order-changed")]


def test_a_number_in_a_text_that_is_an_id_elsewhere_stays_that_id() -> None:
    def post(id: int, slug: int) -> dict[str, Any]:  # noqa: A002
        return {"id": id, "slug": f"a-post-{slug}"}

    assert kinds(compare_bodies(post(1007, 1007), post(1014, 1014), post(1312, 1312))) == []
    assert kinds(compare_bodies(post(1007, 1007), post(1014, 1014), post(1312, 1313))) == [
        ("body.slug", "identity-changed")
    ]


def test_a_cursor_that_the_candidate_shows_elsewhere_is_no_other_one() -> None:
    def page(cursors: list[str], end: str) -> dict[str, Any]:
        return {"edges": [{"cursor": cursor} for cursor in cursors], "endCursor": end}

    cursors = ["b2Zmc2V0OjA=", "b2Zmc2V0OjE=", "b2Zmc2V0OjI="]
    before = page(cursors, cursors[2])
    assert kinds(compare_bodies(before, before, page(cursors, cursors[0]))) == [("body.endCursor", "identity-changed")]


def test_a_machine_has_a_name_of_its_own() -> None:
    local, dev = {"hostname": "3f9a1b2c4d5e"}, {"hostname": "148e21ea7e46"}
    assert kinds(compare_bodies(local, local, dev)) == []
    assert kinds(compare_bodies(local, local, {"hostname": "localhost"})) != []
