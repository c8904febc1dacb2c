"""What is written for `fly secrets import` is read back equal, by our port of its parser and by the simulated fly's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gaia_parity.adapters.fly_import import UnreadableError, encode, read_back
from pytest_gaia_parity.lab import fly as simulated

#: text made of what the parser trips over
TRICKY = st.text(alphabet=st.sampled_from(list("ab \t#\"'=\\\n\r$é")), max_size=12)
NAMES = st.from_regex(r"[A-Z][A-Z0-9_]{0,5}", fullmatch=True)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=foo#bar", "foo"),
        ("A='foo#bar'", "'foo"),
        ('A="foo#bar"', "foo#bar"),
        ('A=a"b#c', 'a"b#c'),
        ("A=  b  ", "b  "),
        ("A=\tb", "\tb"),
        ('A="b"', "b"),
        ("A='b'", "b"),
        ("A=b\\n", "b\\n"),
        ("A=", ""),
        ('A="""b"""', "b"),
        ('A="""b\n#c\nd"""', "b\n#c\nd"),
        ('A="""\nb"""', "\nb"),
        ("A=1\nA=2", "2"),
        ("A=b\r", "b"),
        ("#x\n\nA=b", "b"),
    ],
)
def test_the_port_reads_as_flyctl_does(line: str, value: str) -> None:
    assert read_back(line) == {"A": value}


def test_an_unclosed_block_swallows_the_rest() -> None:
    assert read_back('A=1\nB="""x\nC=2') == {"A": "1"}


def test_a_line_beyond_the_scanners_limit_ends_the_input() -> None:
    assert read_back(f"A=1\nB={'x' * 65536}\nC=2") == {"A": "1"}


@pytest.mark.parametrize("text", ["no equals sign", 'A="', "A='"])
def test_what_flyctl_refuses_or_dies_of(text: str) -> None:
    with pytest.raises(UnreadableError):
        read_back(text)


@given(st.text(alphabet=st.sampled_from(list("AB= \t#\"'\n\r")), max_size=40))
def test_both_ports_agree(text: str) -> None:
    try:
        ours: object = read_back(text)
    except UnreadableError:
        ours = None
    try:
        theirs: object = simulated.parse_secrets(text)
    except (simulated.Failure, SystemExit):
        theirs = None
    assert ours == theirs


@given(st.dictionaries(NAMES, TRICKY | st.text(max_size=20), max_size=5))
def test_what_is_written_is_read_back_equal(values: dict[str, str]) -> None:
    encoded = encode(values)
    read = simulated.parse_secrets(encoded.text.decode())
    assert read == {name: values[name] for name in values if name not in encoded.single and name not in encoded.refused}
    for name, content in encoded.single.items():
        assert content.decode().strip() == values[name]
        assert len(content) <= 65536


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("\r\nx \r\n", "begins or ends with white space"),
        ("a\0b", "NUL byte"),
        ("x" * 65537, "65,537 bytes"),
        ("\ud800", "no valid Unicode"),
    ],
)
def test_what_cannot_travel_is_refused_with_the_reason(value: str, reason: str) -> None:
    refused = encode({"A": value, "B": "1"}).refused
    assert reason in refused["A"]
    assert "B" not in refused


def test_values_are_in_no_representation() -> None:
    assert "hunter2" not in repr(encode({"A": "hunter2", "B": "hunter2\r\nx"}))


@given(st.text(alphabet=st.characters(codec="ascii", categories=["L", "N"]), min_size=1))
def test_plain_values_are_written_plain(value: str) -> None:
    assert encode({"A": value}).text == f"A={value}\n".encode()
