from __future__ import annotations

import msgspec

from pytest_gaia_parity.model.comparison import Comparison, Difference, Kind, Verdict
from pytest_gaia_parity.model.results import SCHEMA, Results, Side, empty_summary
from pytest_gaia_parity.report.against import Earlier


def difference(path: str, candidate: object = 2) -> Difference:
    return Difference(exchange="GET a /x/7", path=path, kind=Kind.VALUE_CHANGED, baseline=1, candidate=candidate)


def mismatch(*differences: Difference, test: str = "t") -> Comparison:
    return Comparison(test=test, verdict=Verdict.MISMATCH, differences=differences)


def earlier(*comparisons: Comparison) -> Earlier:
    sides = {"baseline": Side(name="local"), "candidate": Side(name="dev")}
    return Earlier(Results(schema=SCHEMA, summary=empty_summary(), comparisons=comparisons, **sides), name="old.json")  # type: ignore[arg-type]


def test_a_known_difference_is_not_new_whatever_its_value_and_index() -> None:
    known = earlier(mismatch(difference("body.items[0].price")))
    marked = known.marked(mismatch(difference("body.items[3].price", candidate=9)))
    assert not marked.new
    assert not marked.differences[0].new


def test_another_field_is_new_in_a_test_that_failed_before() -> None:
    marked = earlier(mismatch(difference("status"))).marked(mismatch(difference("status"), difference("body.a")))
    assert [one.new for one in marked.differences] == [False, True]
    assert not marked.new


def test_a_test_that_did_not_fail_is_new() -> None:
    known = earlier(Comparison(test="t", verdict=Verdict.MATCH))
    assert known.marked(mismatch(difference("status"))).new
    assert known.marked(mismatch(difference("status"), test="unheard of")).new
    assert known.marked(Comparison(test="t", verdict=Verdict.BOTH_FAILED)).new
    assert not known.marked(Comparison(test="unheard of", verdict=Verdict.MATCH)).new


def test_what_has_gone_is_counted() -> None:
    known = earlier(mismatch(difference("status"), difference("body.a")))
    known.marked(mismatch(difference("status")))
    assert known.note() == (
        "compared with the earlier results 'old.json': what they did not have is marked as new; "
        "1 of its differences did not occur again"
    )


def test_nothing_but_the_marks_changes() -> None:
    one = mismatch(difference("status"))
    marked = earlier().marked(one)
    assert msgspec.structs.replace(marked, new=False, differences=one.differences) == one
