"""Which form a value is recognised by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gaia_parity.compare.forms import form_of, moment_of


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("7d444840-9dc0-41d1-b245-5ffdce74fad2", "uuid"),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "ulid"),
        ("665f1f77bcf86cd799439011", "object id"),
        ("9f86d081884c7d659a2feaa0c55ad015", "hex"),
        ("9fK2LmQx81", "token"),
        ("2024-05-01T10:00:00Z", "time"),
        ("2024-05-01 10:00:00.123", "time"),
        ("2024-05-01", "date"),
        ("Wed, 01 May 2024 10:00:00 GMT", "HTTP date"),
        ("1714557600", "epoch"),
        ("10:42", "time of day"),
        ("17", "digits"),
        ("3.50", "decimal in text"),
        ("10.0.0.1", "IP address"),
        ("[masked:0a1b2c3d:b64url43]", "mask"),
        ("hello", "word"),
        ("camelCaseWord", "word"),
        ("order-2024", "text"),
        ("2024-13-45T99:00:00Z", "text"),
        ("", "empty text"),
    ],
)
def test_forms_are_recognised_by_value(text: str, kind: str) -> None:
    assert form_of(text).kind == kind


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("2024-05-01T10:00:00Z", "2024-05-01T10:00:00", id="zone"),
        pytest.param("2024-05-01T10:00:00Z", "2024-05-01T10:00:00+00:00", id="spelling of the zone"),
        pytest.param("2024-05-01T10:00:00.123Z", "2024-05-01T10:00:00.123456Z", id="precision"),
        pytest.param("2024-05-01T10:00:00Z", "2024-05-01 10:00:00Z", id="separator"),
        pytest.param("7d444840-9dc0-41d1-b245-5ffdce74fad2", "7D444840-9DC0-41D1-B245-5FFDCE74FAD2", id="case"),
        pytest.param("7d444840-9dc0-41d1-b245-5ffdce74fad2", "7d444840-9dc0-71d1-b245-5ffdce74fad2", id="version"),
        pytest.param("1714557600", "1714557600000", id="unit"),
        pytest.param("[masked:0a1b2c3d:b64url43]", "[masked:0a1b2c3d:hex64]", id="form of a mask"),
    ],
)
def test_forms_are_specific(one: str, other: str) -> None:
    assert form_of(one) != form_of(other)


def test_zeros_cut_off_the_end_of_a_fraction_change_nothing() -> None:
    assert form_of("2024-05-01T10:00:00.123456Z") == form_of("2024-05-01T10:00:00.12345Z")


def test_all_spellings_of_a_moment_mean_the_same() -> None:
    spellings = [
        "2024-05-01T10:00:00Z",
        "2024-05-01 12:00:00+02:00",
        "Wed, 01 May 2024 10:00:00 GMT",
        "1714557600",
        1714557600,
    ]
    assert {moment_of(one) for one in spellings} == {1714557600.0}


@given(st.text(max_size=60))
def test_any_text_has_a_form(text: str) -> None:
    assert form_of(text).kind
    moment_of(text)
