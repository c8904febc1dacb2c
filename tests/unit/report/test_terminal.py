from __future__ import annotations

import pytest

from pytest_gaia_parity.model.comparison import Cause, Comparison, Difference, Kind, Severity, Verdict
from pytest_gaia_parity.model.results import Results, Side
from pytest_gaia_parity.report.tally import Tally, endpoint_pattern, field_pattern
from pytest_gaia_parity.report.terminal import difference_text, summary_lines
from tests.unit.report.hostile import PAYLOADS


def difference(path: str = "body.token_type", **extra: object) -> Difference:
    values = {"exchange": "POST auth /login", "kind": Kind.VALUE_CHANGED, "baseline": "bearer", "candidate": "Bearer"}
    return Difference(path=path, **(values | extra))  # type: ignore[arg-type]


def mismatch(test: str, *differences: Difference, causes: tuple[Cause, ...] = ()) -> Comparison:
    return Comparison(test=test, verdict=Verdict.MISMATCH, differences=differences, causes=causes)


def lines(*comparisons: Comparison, **extra: object) -> list[str]:
    tally = Tally(comparisons)
    results = Results(
        schema=1, baseline=Side(name="local"), candidate=Side(name="dev"), summary=tally.summary, **extra  # type: ignore[arg-type]
    )  # fmt: skip
    return [line.text for line in summary_lines(results, tally, paths=["reports/parity-dev.html"])]


SKEW = Cause(id="version-skew", says="dev runs 1.2, local 1.3", hint="gaia-parity deploy auth dev")


def test_a_difference_is_one_line_with_both_values_after_its_cause() -> None:
    assert lines(mismatch("t.py::test_login", difference(), causes=(SKEW,)), Comparison(test="a", verdict=Verdict.MATCH)) == [
        "cause: dev runs 1.2, local 1.3 (in 1 comparison)",
        "  hint: gaia-parity deploy auth dev",
        'body.token_type: "bearer" → "Bearer"',
        "  value-changed POST auth /login, t.py::test_login",
        "report: reports/parity-dev.html",
        "parity local ≠ dev: 1 matched, 1 mismatched",
    ]  # fmt: skip


def test_parity_is_one_line() -> None:
    assert lines(Comparison(test="a", verdict=Verdict.MATCH))[-1] == "parity local = dev: 1 matched"


def test_nothing_compared_is_no_parity() -> None:
    assert lines()[-1] == "parity local ≠ dev: nothing was compared"


def test_an_interrupted_run_is_no_parity() -> None:
    assert lines(Comparison(test="a", verdict=Verdict.MATCH), interrupted=True)[-1] == (
        "parity local ≠ dev: 1 matched (interrupted)"
    )


def test_one_field_in_many_tests_is_one_finding() -> None:
    text = lines(*(mismatch(f"t{n}", difference(f"body.items[{n}].price")) for n in range(5)))
    assert text[:2] == [
        'body.items[*].price: "bearer" → "Bearer"',
        "  value-changed POST auth /login, t0 and 4 more tests",
    ]


def test_at_most_ten_findings_and_what_was_left_out_is_said() -> None:
    text = lines(*(mismatch("t", difference(f"body.f{n}")) for n in range(13)))
    assert sum(line.startswith("body.") for line in text) == 10
    assert "… and 3 findings more in 3 fields, in reports/parity-dev.html" in text


def test_notes_are_counted_and_not_listed() -> None:
    note = difference("headers.content-encoding", severity=Severity.NOTE)
    text = lines(Comparison(test="a", verdict=Verdict.MATCH, differences=(note,)))
    assert text[0] == "1 field with differences that pass, as notes, in reports/parity-dev.html"


def test_what_fails_without_a_difference_gives_its_reason() -> None:
    reason = "both failed: ConnectError"
    text = lines(*(Comparison(test=f"t{n}", verdict=Verdict.BOTH_FAILED, reason=reason) for n in range(2)))
    assert text[:2] == ["both-failed: both failed: ConnectError", "  t0 and 1 more test"]
    assert text[-1] == "parity local ≠ dev: 2 failed on both sides"


def test_values_never_reach_the_terminal_as_commands() -> None:
    text = "\n".join(lines(mismatch("t\x1b]0;x\x07", difference(baseline="\x1b[2J", candidate="a\u202eb\r\n"))))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\r" not in text
    assert "\\u001b[2J" in text


@pytest.mark.parametrize("at", [0, 500, 990])
def test_a_long_value_is_cut_where_it_does_not_differ(at: int) -> None:
    long = "x" * 1000
    other = long[:at] + "DIFFERS" + long[at + 7 :]
    (text, *_) = lines(mismatch("t", difference(baseline=long, candidate=other)))
    assert "DIFFERS" in text
    assert len(text) < 160


def test_a_missing_value_is_not_null() -> None:
    added = Difference(path="body.x", kind=Kind.ADDED, candidate=None)
    assert lines(mismatch("t", added))[0] == "body.x: (absent) → null"


def test_the_failure_text_names_everything_and_no_more() -> None:
    one = difference(fact="constant in 2 of 2 runs", says="the case differs", count=3)
    text = difference_text(mismatch("t", one, causes=(SKEW,)), baseline="local", candidate="dev")
    assert text.splitlines() == [
        "mismatch: local → dev",
        "  POST auth /login",
        '    body.token_type: "bearer" → "Bearer" [value-changed] (and 2 more places like it)',
        "      the case differs",
        "      on the baseline: constant in 2 of 2 runs",
        "  cause: dev runs 1.2, local 1.3 (version-skew)",
        "  hint: gaia-parity deploy auth dev",
    ]


def test_the_failure_text_is_capped() -> None:
    text = difference_text(mismatch("t", *(difference(f"body.f{n}") for n in range(500))))
    assert len(text.splitlines()) < 20
    assert "… and 490 more differences, in the report" in text


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("body.items[0].id", "body.items[*].id"),
        ("body[2]", "body[*]"),
        ("status", "status"),
        ('body["a.b"][1]', 'body["a.b"][*]'),
        ("not [a path", "not [a path"),
    ],
)
def test_a_field_is_a_path_without_indices(path: str, pattern: str) -> None:
    assert field_pattern(path) == pattern


@pytest.mark.parametrize(
    ("label", "pattern"),
    [
        ("GET asset /a/42", "GET asset /a/{id}"),
        ("GET asset /a/123e4567-e89b-12d3-a456-426614174000/x?y=1", "GET asset /a/{id}/x"),
        ("GET asset /deadbeef", "GET asset /deadbeef"),
        ("observations", "observations"),
    ],
)
def test_an_endpoint_is_a_label_without_ids(label: str, pattern: str) -> None:
    assert endpoint_pattern(label) == pattern


def test_the_tally_is_bounded() -> None:
    tally = Tally(mismatch("t", difference(f"body.f{n}")) for n in range(2500))
    assert len(tally.fields) == 2000
    assert tally.ungrouped == 500
    assert tally.summary["mismatch"] == 2500


@pytest.mark.parametrize("text", PAYLOADS)
def test_hostile_text_is_no_command_of_a_terminal_or_a_ci_log(text: str) -> None:
    cause = Cause(id=text, says=text, hint=text)
    one = difference(text, exchange=text, baseline=text, candidate={text: text}, says=text, fact=text)
    failed = Comparison(test=text, verdict=Verdict.MISSING, reason=text)
    shown = lines(mismatch(text, one, causes=(cause,)), failed, notes=(text,))
    for line in (*shown, *difference_text(mismatch(text, one, causes=(cause,))).split("\n")):
        assert line.isprintable()
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
        assert "##vso[" not in line


def test_what_is_new_says_so() -> None:
    assert lines(mismatch("t", difference(new=True)))[0] == 'new: body.token_type: "bearer" → "Bearer"'
