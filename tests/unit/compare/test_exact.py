"""JSON is read exactly, and what texts have in common once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_gaia_parity.compare.exact import Number, Pairs, Reader, read_json

ROW = '{"id": %d, "text": "a \\"b\\": ä", "price": 1.50, "tags": ["x", {"y": []}]}'
EXACT = [
    pytest.param("12345678901234567890123", 12345678901234567890123, id="big integer"),
    pytest.param("0.1234567890123456789", Number("0.1234567890123456789"), id="more digits than a float has"),
    pytest.param("1e400", Number("1e400"), id="larger than a float"),
    pytest.param("1.50", 1.5, id="last zero"),
    pytest.param('{"a": 1, "a": 2, "b": 3}', Pairs({"a (repeated)": [1, 2], "b": 3}), id="repeated key"),
]


@pytest.mark.parametrize(("text", "tree"), EXACT)
def test_json_is_read_exactly(text: str, tree: Any) -> None:
    read = read_json(text)
    assert (read, type(read)) == (tree, type(tree))


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}', "[1,]", "{", '"\x01"'])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(text)


def test_equal_parts_of_large_texts_are_one_object() -> None:
    reader = Reader()
    first = reader.read(json.dumps({"rows": [{"n": n, "text": "x" * 40} for n in range(200)]}))
    other = reader.read(json.dumps({"rows": [{"n": -n if n == 7 else n, "text": "x" * 40} for n in range(200)]}))
    assert [n for n in range(200) if other["rows"][n] is not first["rows"][n]] == [7]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)


def written(tree: Any, space: str, *, is_ascii: bool) -> str:
    return space + json.dumps(tree, separators=(f"{space},{space}", f"{space}:{space}"), ensure_ascii=is_ascii) + space


@settings(max_examples=80, deadline=None)
@given(
    st.lists(values, min_size=1, max_size=5),
    st.lists(st.tuples(values, st.sampled_from(["", " ", "\n\t"]), st.booleans()), min_size=2, max_size=3),
    st.booleans(),
)
def test_a_text_read_after_others_is_read_as_alone(parts: list[Any], others: list[Any], is_array: bool) -> None:
    reader = Reader()
    filling = [{"n": n, "text": "x" * 30} for n in range(100)]
    for other, space, is_ascii in others:
        items = [*parts, *filling, other, {"large": [*filling, other]}]
        tree = items if is_array else {str(number): item for number, item in enumerate(items)}
        text = written(tree, space, is_ascii=is_ascii)
        assert repr(reader.read(text)) == repr(read_json(text))


@pytest.mark.parametrize(
    "text",
    [
        '{%s, "k": 2}',
        '{"rows": [%s], "k": 1, "k": 2}',
        '{"k": 1, "rows": [%s], "k": 1}',
        '[{"k": [%s], "k": 2}]',
        '{"\\u006b": [%s], "k": 2}',
        "[%s, 1.10, 1e400, NaN]",
        "[%s",
        "[%s] []",
        "[%s, \ud800]",
        "[%s, 'a']",
        '[%s, "\\x"]',
    ],
)
def test_odd_texts_are_read_after_others_as_alone(text: str) -> None:
    def outcome(read: Any, text: str) -> str:
        try:
            return repr(read(text))
        except ValueError as error:
            return f"refused: {error}"

    rows = ", ".join(ROW % number for number in range(100))
    reader = Reader()
    reader.read(f"[{rows}]")
    for odd in (text % rows, text % f'{rows}, {{"k": 1, "k": 2}}', text % f'"k": [{rows}]'):
        assert outcome(reader.read, odd) == outcome(read_json, odd)
