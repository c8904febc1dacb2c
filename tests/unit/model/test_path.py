"""The path language reads what it writes, and matches by segment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gaia_parity.errors import ConfigError
from pytest_gaia_parity.model.path import ANY, DEEP, Path, matches, parse_path, render_path

SEGMENTS = st.one_of(st.text(), st.integers(min_value=0, max_value=10**6), st.sampled_from([ANY, DEEP]))


@given(st.lists(SEGMENTS, min_size=1, max_size=6).map(tuple))
def test_what_is_written_is_read_back(path: Path) -> None:
    assert parse_path(render_path(path)) == path


@given(st.text())
def test_any_text_is_read_or_refused_with_a_hint(text: str) -> None:
    try:
        parse_path(text)
    except ConfigError as error:
        assert error.hint


@pytest.mark.parametrize(
    ("pattern", "place", "expected"),
    [
        ("body", ("body", "items", 0), True),
        ("body.items[*].id", ("body", "items", 7, "id"), True),
        ("body.items[*].id", ("body", "items", 7, "idx"), False),
        ("body.**.id", ("body", "id"), True),
        ("body.**.id", ("body", "a", 3, "b", "id", "deeper"), True),
        ("body.**.id", ("headers", "id"), False),
        ("headers.content-type", ("headers", "content-type-options"), False),
        ("body.*", ("body",), False),
    ],
)
def test_a_pattern_matches_by_segment(pattern: str, place: Path, expected: bool) -> None:
    assert matches(parse_path(pattern), place) is expected


@pytest.mark.parametrize("text", ["", ".", "body.", "body..id", "body[x]", "body[", r'body["\x"]', 'body["a'])
def test_what_is_no_path_is_said(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a path"):
        parse_path(text)
