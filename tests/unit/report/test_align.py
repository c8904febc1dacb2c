from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gaia_parity.model.comparison import Difference, Kind, Severity
from pytest_gaia_parity.report.align import DIFFERS, NOTED, SAME, VARIES, Row, align_json, align_lines
from pytest_gaia_parity.report.places import Places
from pytest_gaia_parity.report.tree import parse_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)
NOWHERE = Places([])


def difference(path: str, **extra: Any) -> Difference:
    return Difference(path=path, kind=Kind.VALUE_CHANGED, baseline=1, candidate=2, **extra)


def places(*differences: Difference) -> Places:
    return Places(enumerate(differences))


def rows(left: Any, right: Any, *differences: Difference) -> list[Row]:
    return align_json(parse_json(json.dumps(left)), parse_json(json.dumps(right)), places(*differences), ("body",))


def column(all_rows: list[Row], side: int) -> list[str]:
    texts = [row[2] if row[0] == SAME else row[2 + side] for row in all_rows]
    return [text for text in texts if text is not None]


def as_json(lines: list[str]) -> str:
    """A column read as JSON again: its lines are without commas."""
    text = ""
    for line in lines:
        opens = not text or text[-1] in "[{" or line in {"]", "}"}
        text += line if opens else "," + line
    return text


@given(left=JSON, right=JSON)
def test_each_column_is_one_side_whole_and_in_order(left: Any, right: Any) -> None:
    aligned = rows(left, right)
    assert json.loads(as_json(column(aligned, 0))) == left
    assert json.loads(as_json(column(aligned, 1))) == right


@given(JSON)
def test_equal_sides_have_no_other_rows(value: Any) -> None:
    assert {row[0] for row in rows(value, value)} == {SAME}


def test_a_key_that_moved_is_no_change() -> None:
    assert {row[0] for row in rows({"a": 1, "b": 2}, {"b": 2, "a": 1})} == {SAME}


def test_a_number_is_not_a_text_and_keeps_its_digits() -> None:
    left, right = parse_json('{"a": 1.0, "b": [1]}'), parse_json('{"a": 1.00, "b": ["1"]}')
    aligned = align_json(left, right, NOWHERE, ("body",))
    assert [row[2:4] for row in aligned if row[0] == VARIES] == [['"a": 1.0', '"a": 1.00'], ["1", '"1"']]


def test_duplicate_keys_are_members_of_their_own() -> None:
    aligned = align_json(parse_json('{"a": 1, "a": 2}'), parse_json('{"a": 1}'), NOWHERE, ("body",))
    assert [row[2:4] for row in aligned if row[0] == VARIES] == [['"a": 2', None]]


def test_a_row_knows_its_difference_and_what_varies_has_none() -> None:
    aligned = rows(
        {"a": 1, "id": "x", "n": 1},
        {"a": 2, "id": "y", "n": 2},
        difference("body.a"),
        difference("body.n", severity=Severity.NOTE),
    )
    assert [(row[0], row[4]) for row in aligned if row[0] != SAME] == [(DIFFERS, 0), (VARIES, -1), (NOTED, 1)]


def test_what_is_below_a_difference_belongs_to_it() -> None:
    aligned = rows({"a": {"b": [1, 2]}}, {}, difference("body.a"))
    assert {row[4] for row in aligned if row[0] == DIFFERS} == {0}
    assert not [row for row in aligned if row[0] == VARIES]


def test_a_difference_that_stands_for_several_places_is_found_in_each() -> None:
    left = {"items": [{"p": number} for number in range(3)]}
    right = {"items": [{"p": number + 9} for number in range(3)]}
    aligned = rows(left, right, difference("body.items[0].p", count=3))
    assert [row[4] for row in aligned if row[0] != SAME] == [0, 0, 0]


def test_an_element_left_out_does_not_shift_the_rest() -> None:
    names = ["oak", "elm", "ash", "fir"]
    left = [{"id": f"a{number}7f3c9d2e1", "name": name} for number, name in enumerate(names)]
    right = [{"id": f"b{number}9c1e7d3f2", "name": name} for number, name in enumerate(names) if name != "elm"]
    aligned = rows(left, right)
    only_left = [row[2] for row in aligned if row[0] != SAME and row[3] is None]
    assert only_left == ["{", '"id": "a17f3c9d2e1"', '"name": "elm"', "}"]
    assert not [row for row in aligned if row[0] != SAME and row[2] is None]


def test_text_is_aligned_by_line() -> None:
    aligned = align_lines(["a", "b", "c"], ["a", "x", "c", "d"], places(difference("body")), ("body",))
    assert aligned == [[SAME, 0, "a"], [DIFFERS, 0, "b", "x", 0], [SAME, 0, "c"], [DIFFERS, 0, None, "d", 0]]


@pytest.mark.parametrize("path", ["not [a path", ""])
def test_a_path_that_is_none_is_nowhere(path: str) -> None:
    assert places(difference(path)).find(("body",), ("body",)) == (VARIES, -1)
