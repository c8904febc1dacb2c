"""Recordings in, verdicts and reports out: what `compare` and `merge` share, and what a live run does too."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING

from pytest_gaia_parity.compare.engine import Comparer
from pytest_gaia_parity.compare.pairing import Pairing
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


def judge(
    baselines: Sequence[Recording],
    candidates: Sequence[Recording],
    *,
    headers: tuple[Header, Header],
    complete: bool = True,
    output: Output,
) -> int:
    """Compare all that the recordings hold, write the reports, print the summary, return the exit code.

    :param complete: false where a recording was cut off; such a run can fail, but never pass.
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
    # every run counts, the confirming ones too, and how many there are is known at the end only
    pairing = Pairing(baseline_runs=sys.maxsize)
    for recordings, is_baseline in ((baselines, True), (candidates, False)):
        for recording in recordings:
            for record in recording.records():
                pairing.add(record, is_baseline=is_baseline)
    tests = list(pairing.incomplete())
    if not any(one.baselines and one.candidates for one in tests):
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
    for gathered in (*tests, *pairing.fixtures()):
        gate.take(comparer.compare(*gathered), Evidence(gathered.baselines, gathered.candidates))
    findings = comparer.finish()
    for comparison in findings.comparisons:
        gate.take(comparison, Evidence((), ()))
    results, paths = gate.close(causes=findings.causes, notes=findings.notes, interrupted=not complete)
    for line in summary_lines(results, gate.tally, paths=paths):
        print(line.text)
    if output.annotate:
        print(*annotation_lines(results, gate.tally), sep="\n")
    code = max(exit_code_of(results.summary), EXIT_PARITY if complete else EXIT_DIFFERENT)
    return code or (EXIT_INTERNAL if gate.broken else EXIT_PARITY)
