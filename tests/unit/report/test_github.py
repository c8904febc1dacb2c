from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.model.comparison import Cause, Comparison, Difference, Kind, Pair, Severity, Verdict
from pytest_gaia_parity.model.results import SCHEMA, Results, Side
from pytest_gaia_parity.report.github import StepSummarySink, annotation_lines, summary_markdown
from pytest_gaia_parity.report.sink import Evidence
from pytest_gaia_parity.report.tally import Tally
from tests.unit.report.hostile import PAYLOADS

if TYPE_CHECKING:
    from pathlib import Path


def difference(path: str = "body.total", **extra: object) -> Difference:
    values = {"exchange": "GET asset /assets/7", "kind": Kind.VALUE_CHANGED, "baseline": 1, "candidate": 2}
    return Difference(path=path, **(values | extra))  # type: ignore[arg-type]


def mismatch(*differences: Difference, test: str = "tests/test_a.py::test_a", text: str = "s") -> Comparison:
    return Comparison(
        test=test,
        verdict=Verdict.MISMATCH,
        differences=differences,
        causes=(Cause(id=text, says=text, hint=text),),
        exchanges=(Pair(label="GET asset /assets/7"),),
    )


def results(tally: Tally, **extra: object) -> Results:
    sides = {"baseline": Side(name="local"), "candidate": Side(name="dev")}
    return Results(schema=SCHEMA, summary=tally.summary, **(sides | extra))  # type: ignore[arg-type]


def test_the_summary_has_totals_first_then_fields_and_endpoints() -> None:
    tally = Tally([mismatch(difference()), Comparison(test="t", verdict=Verdict.MATCH)])
    text = summary_markdown(results(tally), tally)
    order = [
        text.index(part) for part in ("## parity local", "| match | 1 |", "### Why", "### Fields", "### Endpoints")
    ]
    assert order == sorted(order)
    assert "| <code>body.total</code> | 1 | value-changed |" in text
    assert "/assets/&#123;id&#125;</code> | 1 | 1 |" in text


def test_the_summary_stays_small_and_says_what_is_left_out() -> None:
    tally = Tally(mismatch(difference(f"body.field_{n}", baseline="x" * 5000), test=f"t{n}" * 50) for n in range(1500))
    text = summary_markdown(results(tally), tally)
    assert len(text.encode()) <= 128 * 1024
    assert re.search(r"and \d+ more", text)


@pytest.mark.parametrize("text", PAYLOADS)
def test_hostile_text_is_neither_markdown_nor_html_nor_a_command(text: str) -> None:
    one = difference(f"body.{text}", exchange=text, baseline=text, candidate=text + "!")
    failed = Comparison(test=text, verdict=Verdict.BOTH_FAILED, reason=text)
    tally = Tally([mismatch(one, test=text, text=text), failed])
    end = results(tally, notes=(text,), baseline=Side(name=text))
    content = summary_markdown(end, tally)
    plain_tally = Tally(
        [
            mismatch(difference("body.x", exchange="y"), test="z"),
            Comparison(test="z", verdict=Verdict.BOTH_FAILED, reason="x"),
        ]
    )
    plain = summary_markdown(results(plain_tally, notes=("n",)), plain_tally)
    marks = re.compile(r"[<>|*_`\[\]!#@~$\\]|&(?!#\d+;)")
    assert content.isprintable() or all(line.isprintable() for line in content.split("\n"))
    assert len(content.split("\n")) == len(plain.split("\n"))
    kept = {
        mark: sum(match == mark for match in marks.findall(re.sub(r"&#\d+;", "", content))) for mark in "<>|*`[]!@~$\\"
    }
    assert kept == {mark: sum(match == mark for match in marks.findall(re.sub(r"&#\d+;", "", plain))) for mark in kept}
    commands = annotation_lines(end, tally)
    assert len(commands) == 3
    for command in commands:
        assert command.isprintable()
        assert re.match(r"::error (?:file=[^:,]*,)?title=[^:,]*::", command)


def test_annotations_are_one_per_field_and_ten_at_most() -> None:
    few = Tally([mismatch(difference(), difference("status"))])
    assert annotation_lines(results(few), few) == [
        "::error title=parity::parity local ≠ dev: 1 mismatched",
        "::error file=tests/test_a.py,title=parity%3A body.total::body.total: 1 → 2 (value-changed in 1 comparisons, as tests/test_a.py::test_a)",
        "::error file=tests/test_a.py,title=parity%3A status::status: 1 → 2 (value-changed in 1 comparisons, as tests/test_a.py::test_a)",
    ]
    many = Tally([mismatch(*(difference(f"body.f{n}") for n in range(50)))])
    assert len(annotation_lines(results(many), many)) == 10


def test_parity_and_notes_make_no_annotation() -> None:
    note = difference(severity=Severity.NOTE)
    tally = Tally([Comparison(test="t", verdict=Verdict.MATCH, differences=(note,))])
    assert annotation_lines(results(tally), tally) == []


def test_the_sink_appends_to_what_other_steps_wrote(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    sink, tally = StepSummarySink(path), Tally()
    sink.open(Side(name="local"), Side(name="dev"))
    sink.write(mismatch(difference()), Evidence((), ()))
    assert sink.close(results(tally)) == ""
    assert path.read_text().startswith("before\n## parity")


def test_a_summary_that_cannot_be_written_does_not_fail_the_run(tmp_path: Path) -> None:
    sink = StepSummarySink(tmp_path / "missing" / "summary.md")
    assert sink.close(results(Tally())) == ""
