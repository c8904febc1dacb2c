"""Lines for the terminal: causes first, then findings by field, then one closing line."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_gaia_parity.model.comparison import Cause, Severity, Verdict
from pytest_gaia_parity.report.plain import ARROW, log_line, pair_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_gaia_parity.model.comparison import Comparison, Difference
    from pytest_gaia_parity.model.results import Results
    from pytest_gaia_parity.report.tally import CauseGroup, FieldGroup, Tally

#: findings and causes shown; the rest is counted and is in the reports
LIMIT = 10
#: differences of one test shown in pytest's FAILURES section
PER_TEST = 10

_DONE = {
    Verdict.MATCH: "matched",
    Verdict.MISMATCH: "mismatched",
    Verdict.UNSTABLE: "unstable",
    Verdict.BOTH_FAILED: "failed on both sides",
    Verdict.MISSING: "missing on one side",
    Verdict.SKIPPED: "skipped",
}


class Line(NamedTuple):
    """One line and the markup that pytest's terminal writer takes."""

    text: str
    markup: Mapping[str, bool]


def summary_lines(results: Results, tally: Tally, *, paths: Sequence[str] = (), width: int = 100) -> list[Line]:
    """Render the section of a run.

    :param tally: the sums of the run; `results.comparisons` is not looked at.
    :param paths: the files written, the one to open first.
    """
    where = paths[0] if paths else ""
    return [
        *_cause_lines([(cause, 0) for cause in results.causes], tally.causes, where),
        *_field_lines(tally, where, width),
        *_other_lines(tally, where, width),
        *(_line(f"note: {note}", yellow=True) for note in results.notes),
        *_closing_lines(results, tally.summary, paths),
    ]


def closing_text(results: Results, summary: Mapping[str, int]) -> str:
    """The one line that says it all: `parity local = dev: 40 matched, 1 mismatched`."""
    counts = [f"{summary[verdict.value]} {_DONE[verdict]}" for verdict in Verdict if summary.get(verdict.value)]
    sign = "=" if _is_parity(results, summary) else "≠"
    text = (
        f"parity {results.baseline.name} {sign} {results.candidate.name}: {', '.join(counts) or 'nothing was compared'}"
    )
    return log_line(text + (" (interrupted)" if results.interrupted else ""))


def difference_text(comparison: Comparison, *, baseline: str = "baseline", candidate: str = "candidate") -> str:
    """Render a verdict as pytest's FAILURES section shows it: plain, short, no traceback."""
    errors = [difference for difference in comparison.differences if difference.severity is Severity.ERROR]
    heading = f"{comparison.verdict.value}: {baseline} {ARROW} {candidate}"
    if comparison.reason:
        heading += f": {comparison.reason}"
    lines = [heading]
    shown = errors[:PER_TEST]
    for exchange in dict.fromkeys(difference.exchange for difference in shown):
        if exchange:
            lines.append(f"  {exchange}")
        for difference in shown:
            if difference.exchange == exchange:
                lines.extend(_difference_lines(difference))
    if len(errors) > len(shown):
        lines.append(f"  … and {len(errors) - len(shown)} more differences, in the report")
    if any(log.lines for log in comparison.logs):
        lines.append("  what the services logged of it is in the report")
    for cause in comparison.causes:
        lines += [f"  cause: {cause.says} ({cause.id})", f"  hint: {cause.hint}"]
    return "\n".join(log_line(line) for line in lines)


def _difference_lines(difference: Difference) -> Iterator[str]:
    more = f" (and {difference.count - 1} more places like it)" if difference.count > 1 else ""
    yield f"    {difference.path}: {pair_text(difference.baseline, difference.candidate)} [{difference.kind.value}]{more}"
    if difference.says:
        yield f"      {difference.says}"
    if difference.fact:
        yield f"      on the baseline: {difference.fact}"


def _cause_lines(of_run: Sequence[tuple[Cause, int]], groups: Sequence[CauseGroup], where: str) -> Iterator[Line]:
    found = dict(of_run) | {group.cause: group.comparisons for group in groups}
    for cause, count in list(found.items())[:LIMIT]:
        in_tests = f" (in {_counted(count, 'comparison')})" if count else ""
        yield _line(f"cause: {cause.says}{in_tests}", bold=True, red=True)
        yield _line(f"  hint: {cause.hint}")
    if len(found) > LIMIT:
        yield _line(f"… and {len(found) - LIMIT} more causes{_in(where)}")


def _field_lines(tally: Tally, where: str, width: int) -> Iterator[Line]:
    groups = [group for group in tally.fields if group.severity is Severity.ERROR]
    for group in groups[:LIMIT]:
        yield from _field_line(group, width)
    rest = groups[LIMIT:]
    if rest:
        tests = sum(group.comparisons for group in rest)
        yield _line(f"… and {_counted(tests, 'finding')} more in {_counted(len(rest), 'field')}{_in(where)}")
    notes = [group for group in tally.fields if group.severity is Severity.NOTE]
    if notes:
        yield _line(f"{_counted(len(notes), 'field')} with differences that pass, as notes{_in(where)}", light=True)


def _field_line(group: FieldGroup, width: int) -> Iterator[Line]:
    test, difference = group.examples[0]
    # one place is named as it is, many by the pattern that they share
    path = difference.path if group.places == 1 else group.path
    room = max(40, width - len(path) - 2)
    values = pair_text(difference.baseline, difference.candidate, width=room)
    new = "new: " if group.new else ""
    yield _line(f"{new}{path}: {values}", red=True)
    exchange = f" {difference.exchange}" if difference.exchange else ""
    others = f" and {_counted(group.comparisons - 1, 'more test')}" if group.comparisons > 1 else ""
    yield _line(f"  {difference.kind.value}{exchange}, {test}{others}")


def _other_lines(tally: Tally, where: str, width: int) -> Iterator[Line]:
    for verdict, group in tally.others[:LIMIT]:
        others = f" and {_counted(group.comparisons - 1, 'more test')}" if group.comparisons > 1 else ""
        reason = f": {group.cause.says}" if group.cause.says else ""
        text = f"{verdict.value}{reason}"
        yield _line(text if len(text) <= 2 * width else text[: 2 * width] + "…", red=True)
        yield _line(f"  {group.tests[0]}{others}")
    if len(tally.others) > LIMIT:
        yield _line(f"… and {len(tally.others) - LIMIT} more reasons{_in(where)}")


def _closing_lines(results: Results, summary: Mapping[str, int], paths: Sequence[str]) -> Iterator[Line]:
    for path in paths:
        yield _line(f"report: {path}")
    good = _is_parity(results, summary)
    yield _line(closing_text(results, summary), bold=True, green=good, red=not good)


def _is_parity(results: Results, summary: Mapping[str, int]) -> bool:
    failing = any(count for verdict, count in summary.items() if not Verdict(verdict).passes)
    return bool(summary.get(Verdict.MATCH.value)) and not failing and not results.interrupted


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _in(where: str) -> str:
    return f", in {where}" if where else ""


def _line(text: str, **markup: bool) -> Line:
    return Line(log_line(text), {name: on for name, on in markup.items() if on})
