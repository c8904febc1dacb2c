"""Recordings in, verdicts and reports out: what `compare` and `merge` share, and what a live run does too."""

from __future__ import annotations

import datetime as dt
from itertools import chain
from typing import TYPE_CHECKING

from pytest_gaia_parity.cli.shards import repeated_notes
from pytest_gaia_parity.cli.shelf import Shelf
from pytest_gaia_parity.compare.engine import Comparer
from pytest_gaia_parity.errors import EXIT_DIFFERENT, EXIT_INTERNAL, EXIT_PARITY, RecordingError
from pytest_gaia_parity.model.results import exit_code_of, side_of_header
from pytest_gaia_parity.report.against import Earlier
from pytest_gaia_parity.report.files import shown_path
from pytest_gaia_parity.report.gate import Gate
from pytest_gaia_parity.report.github import annotation_lines
from pytest_gaia_parity.report.results import read_results
from pytest_gaia_parity.report.sink import Evidence, make_sinks
from pytest_gaia_parity.report.terminal import summary_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.cli.output import Output
    from pytest_gaia_parity.model.recording import Header
    from pytest_gaia_parity.report.recording import Recording


def judge(  # noqa: PLR0913 - keywords
    baselines: Sequence[Recording],
    candidates: Sequence[Recording],
    *,
    headers: tuple[Header, Header],
    complete: bool = True,
    notes: Sequence[str] = (),
    output: Output,
) -> int:
    """Compare all that the recordings hold, write the reports, print the summary, return the exit code.

    :param complete: false where a recording was cut off or is missing; such a run can fail, but never pass.
    :param notes: what is to be said of the recordings themselves.
    :raises RecordingError: no test is in recordings of both sides.
    """
    baseline, candidate = headers
    comparer = Comparer(
        baseline=baseline,
        candidate=candidate,
        rules=baseline.rules,
        expected=baseline.expected,
        today=dt.datetime.now(dt.UTC).date(),
    )
    with Shelf(baselines, candidates) as shelf:
        return _judge(shelf, comparer, headers, complete=complete, notes=notes, output=output)


def _judge(  # noqa: PLR0913 - keywords
    shelf: Shelf,
    comparer: Comparer,
    headers: tuple[Header, Header],
    *,
    complete: bool,
    notes: Sequence[str],
    output: Output,
) -> int:
    baseline, candidate = headers
    if not shelf.has_common:
        raise RecordingError(
            f"the recordings of {baseline.target} and {candidate.target} have no test in common",
            hint="record the same tests on both sides",
        )
    gate = Gate(
        baseline=side_of_header(baseline),
        candidate=side_of_header(candidate),
        sinks=make_sinks(
            output.folder, baseline.target, candidate.target, form=output.form, step_summary=output.step_summary
        ),
        earlier=None
        if output.against is None
        else Earlier(read_results(output.against), name=shown_path(output.against)),
    )
    gate.open()
    for gathered in chain(shelf.tests(), shelf.fixtures()):
        gate.take(comparer.compare(*gathered), Evidence(gathered.baselines, gathered.candidates))
    findings = comparer.finish()
    for comparison in findings.comparisons:
        gate.take(comparison, Evidence((), ()))
    told = (*notes, *repeated_notes(shelf), *findings.notes)
    results, paths = gate.close(causes=findings.causes, notes=told, interrupted=not complete)
    for line in summary_lines(results, gate.tally, paths=paths):
        print(line.text)
    if output.annotate:
        print(*annotation_lines(results, gate.tally), sep="\n")
    code = max(exit_code_of(results.summary), EXIT_PARITY if complete else EXIT_DIFFERENT)
    return code or (EXIT_INTERNAL if gate.broken else EXIT_PARITY)
