"""The .env file is read as Docker Compose would, and what is wrong in it is told without a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gaia_parity.config.envfile import parse_env, read_env
from pytest_gaia_parity.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "hunter2"


def values(text: str, **environment: str) -> dict[str, str]:
    return parse_env(text, environment=environment)[0]


def problems(text: str, **environment: str) -> list[str]:
    return [str(problem) for problem in parse_env(text, environment=environment)[1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("A=1", "1", id="plain"),
        pytest.param("export A=1", "1", id="export"),
        pytest.param("A = 1 ", "1", id="spaces"),
        pytest.param("A=a#b", "a#b", id="hash inside"),
        pytest.param("A=a #b", "a", id="comment"),
        pytest.param('A="a #b"', "a #b", id="hash in quotes"),
        pytest.param("A='it is \"so\"'", 'it is "so"', id="quotes in quotes"),
        pytest.param('A="one\ntwo"', "one\ntwo", id="several lines"),
        pytest.param('A="one\\ntwo"', "one\ntwo", id="escape"),
        pytest.param("A='one\\ntwo'", "one\\ntwo", id="no escape in single quotes"),
        pytest.param("A=", "", id="empty"),
        pytest.param("A=ü€", "ü€", id="not ASCII"),
        pytest.param("A=b=c", "b=c", id="equals sign"),
    ],
)
def test_values(text: str, expected: str) -> None:
    assert values(text) == {"A": expected}
    assert problems(text) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("$X", "x"),
        ("${X}", "x"),
        ("a${X}b", "axb"),
        ('"${X}"', "x"),
        ("'${X}'", "${X}"),
        ("$$X", "$X"),
        ("${N:-d}", "d"),
        ("${N-d}", "d"),
        ("${E:-d}", "d"),
        ("${E-d}", ""),
        ("${X:+y}", "y"),
        ("${E:+y}", ""),
        ("${E+y}", "y"),
        ("${N:-${X}}", "x"),
        ("${X:?needed}", "x"),
    ],
)
def test_references_are_replaced_as_compose_does(value: str, expected: str) -> None:
    assert values(f"A={value}", X="x", E="")["A"] == expected


def test_a_reference_finds_what_stands_before_it() -> None:
    assert values("X=1\nA=${X}2")["A"] == "12"


def test_the_environment_comes_first_and_that_is_told() -> None:
    text = "X=1\nA=$X"
    assert values(text, X="2")["A"] == "2"
    assert "'A' takes 'X' from the environment" in problems(text, X="2")[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("\n\nnonsense hunter2 =\nB=1", "line 3"),
        ("A='hunter2\nB=1", "line 1: is not NAME=VALUE, or a quote is not closed"),
        ("A=hunter2\nA=hunter2", "line 2: 'A' stands already on line 1"),
        ("A-B=hunter2", "line 1: the name is not of letters"),
        ("A", "line 1: 'A' has no '='"),
        ("A=hunter2\0", "'A' has a NUL byte"),
        ("A=hunter2$NONE", "refers to 'NONE'"),
        ("A=hunter2${NONE:?say}", "needs 'NONE'"),
        ("A=hunter2$", "has a '$' before no name"),
        ("A=hunter2${", "has a '$' before no name"),
        ("A=${hunter 2}", "has a '${…}' that is no reference"),
    ],
)
def test_problems_name_line_and_key_and_no_value(text: str, says: str) -> None:
    found = problems(text)
    assert any(says in one for one in found), found
    assert not any(SECRET in one for one in found)


def test_the_last_of_two_counts() -> None:
    assert values("A=1\nA=2") == {"A": "2"}


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfA=1\nB=2\n", b"A=1\r\nB=2\r\n"], ids=["BOM", "CRLF"])
def test_files_from_other_systems(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / ".env"
    file.write_bytes(content)
    assert read_env(file).values == {"A": "1", "B": "2"}


def test_a_missing_file_is_empty_and_noted(tmp_path: Path) -> None:
    found = read_env(tmp_path / ".env")
    assert (found.exists, found.values) == (False, {})
    assert "does not exist" in found.notes[0]


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"A=1\nB=hunter2\xff\n")
    with pytest.raises(ConfigError, match="is not UTF-8: line 2") as caught:
        read_env(file)
    assert SECRET not in str(caught.value)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_env(tmp_path)


@pytest.mark.parametrize(("mode", "noted"), [(0o600, False), (0o644, True)])
def test_a_file_that_others_can_read_is_noted(tmp_path: Path, mode: int, *, noted: bool) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1")
    file.chmod(mode)
    assert bool(read_env(file).notes) == noted


def test_values_are_not_in_the_representation(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f"A={SECRET}")
    assert SECRET not in repr(read_env(file))


@given(st.text(alphabet=st.characters(exclude_characters="'\\\r\0", exclude_categories=["Cs"])))
def test_what_is_single_quoted_is_taken_as_it_is(value: str) -> None:
    assert values(f"A='{value}'") == {"A": value}


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    parse_env(text, environment={})
