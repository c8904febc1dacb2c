"""What a difference in a body is called, and what is none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import compare_bodies, kinds

A, B, C = (
    "7d444840-9dc0-41d1-b245-5ffdce74fad2",
    "0e8400e2-9b41-4d4a-a716-446655440000",
    "c56a4180-65aa-42ec-a945-5fd21dec0538",
)


@pytest.mark.parametrize(
    ("first", "second", "candidate"),
    [
        pytest.param({"a": 1, "b": 2}, {"a": 1, "b": 2}, {"b": 2, "a": 1}, id="order of keys"),
        pytest.param({"id": A}, {"id": B}, {"id": C}, id="uuid"),
        pytest.param({"id": A}, {"id": A}, {"id": C}, id="uuid of the environment"),
        pytest.param(
            {"at": "2026-01-02T03:04:05.123Z"},
            {"at": "2026-01-02T03:04:06.456Z"},
            {"at": "2026-01-03T03:04:06.000Z"},
            id="time",
        ),
        pytest.param({"n": 17}, {"n": 18}, {"n": 401}, id="counter"),
        pytest.param({"tags": ["a", "b"]}, {"tags": ["b", "a"]}, {"tags": ["a", "b"]}, id="set"),
        pytest.param({"items": [1]}, {"items": [1, 2]}, {"items": [1, 2, 3]}, id="growing list"),
        pytest.param({"a": 1}, {"a": 1, "hint": 2}, {"a": 1}, id="key sometimes there"),
        pytest.param({"t": 1766400000}, {"t": 1766400001}, {"t": 1766500000}, id="epoch"),
        pytest.param({"took": 1.5}, {"took": 12.25}, {"took": 0.1}, id="duration"),
    ],
)
def test_what_varies_in_its_form_is_no_difference(first: Any, second: Any, candidate: Any) -> None:
    assert kinds(compare_bodies(first, second, candidate)) == []


@pytest.mark.parametrize(
    ("first", "second", "candidate", "expected"),
    [
        pytest.param({"a": 1}, {"a": 1}, {"a": 2}, ("body.a", "value-changed"), id="value"),
        pytest.param({"a": 1}, {"a": 1}, {"a": "1"}, ("body.a", "type-changed"), id="type"),
        pytest.param({"a": 1}, {"a": 1}, {"a": 1.0}, ("body.a", "type-changed"), id="decimal"),
        pytest.param({"a": None}, {"a": None}, {}, ("body.a", "removed"), id="null is not missing"),
        pytest.param({}, {}, {"a": None}, ("body.a", "added"), id="null added"),
        pytest.param({"id": A}, {"id": B}, {"id": 7}, ("body.id", "type-changed"), id="uuid became integer"),
        pytest.param({"id": A}, {"id": B}, {"id": C.upper()}, ("body.id", "format-changed"), id="uuid in capitals"),
        pytest.param(
            {"at": "2026-01-02T03:04:05Z"},
            {"at": "2026-01-02T03:04:06Z"},
            {"at": "2026-01-02T03:04:06"},
            ("body.at", "format-changed"),
            id="time without zone",
        ),
        pytest.param({"t": 1766400000}, {"t": 1766400001}, {"t": 1766400002000}, ("body.t", "format-changed"), id="ms"),
        pytest.param(["a", "b"], ["a", "b"], ["b", "a"], ("body", "order-changed"), id="order"),
        pytest.param(["a", "b"], ["a", "b"], ["a"], ("body[1]", "removed"), id="element gone"),
        pytest.param(["a", "b"], ["b", "a"], ["a", "c"], ("body[1]", "value-changed"), id="element of a set"),
        pytest.param({"n": 2**70}, {"n": 2**70}, {"n": 2**70 + 1}, ("body.n", "value-changed"), id="big integer"),
        pytest.param('{"a":1}', '{"a":1}', '{"a":1,"a":1}', ("body.a", "removed"), id="repeated key"),
        pytest.param('{"a":1}', '{"a":1}', '{"a":NaN}', ("body", "encoding-changed"), id="NaN"),
    ],
)
def test_a_difference_is_named(first: Any, second: Any, candidate: Any, expected: tuple[str, str]) -> None:
    assert expected in kinds(compare_bodies(first, second, candidate))


@pytest.mark.parametrize(
    ("media", "first", "second", "candidate", "expected"),
    [
        pytest.param("text/csv", "a;b\r\n1;2\r\n", "a;b\r\n1;2\r\n", "a;b\n1;2\n", [("body", "encoding-changed")], id="line ends"),
        pytest.param("text/csv", "n;v\nx;1,5\ny;2,5\n", "n;v\ny;2,5\nx;1,5\n", "n;v\nx;1,5\ny;2,6\n", [("body.rows[1].v", "value-changed")], id="semicolons"),
        pytest.param("application/xml", "<a><b/></a>", "<a><b/></a>", "<a><c><d/></c></a>", [("body.children[0].name", "value-changed")], id="element"),
        pytest.param("application/xml", '<a xmlns="x"><b/></a>', '<a xmlns="x"><b/></a>', '<a xmlns="y"><b/></a>', [("body.namespace", "value-changed")], id="namespace"),
        pytest.param("application/json", '["data:image/png;base64,AAAA"]', '["data:image/png;base64,BBBB"]', '["data:image/gif;base64,CCCC"]', [("body[0]", "value-changed")], id="data URI"),
    ],
)  # fmt: skip
def test_each_media_type_is_compared_by_its_parts(
    media: str, first: str, second: str, candidate: str, expected: list[tuple[str, str]]
) -> None:
    assert kinds(compare_bodies(first, second, candidate, media=media)) == expected
