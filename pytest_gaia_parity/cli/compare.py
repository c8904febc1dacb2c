"""`gaia-parity compare A.jsonl B.jsonl`: two recordings, the same verdicts, reports and exit codes as a live run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_gaia_parity.cli.output import add_common_flags, output_of
from pytest_gaia_parity.errors import RecordingError
from pytest_gaia_parity.report.recording import Recording, read_recording

if TYPE_CHECKING:
    import argparse


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the flags."""
    parser = verbs.add_parser(
        "compare",
        help="compare two recordings, made at different times or on different machines",
        description="Compare two recordings: the same verdicts, reports and exit codes as pytest --parity.",
        epilog="Make them with: pytest --target NAME --record FILE",
    )
    parser.add_argument("baseline", type=Path, metavar="A.jsonl", help="the recording to compare with")
    parser.add_argument("candidate", type=Path, metavar="B.jsonl", help="the recording that is judged")
    add_common_flags(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Compare, write the reports, print the summary."""
    from pytest_gaia_parity.cli.judge import judge  # noqa: PLC0415 - other verbs compare nothing

    baseline, candidate = (open_recording(path, given) for path in (given.baseline, given.candidate))
    return judge(
        [baseline],
        [candidate],
        headers=(baseline.header, candidate.header),
        output=output_of(given),
        complete=baseline.is_whole and candidate.is_whole,
    )


def open_recording(path: Path, given: argparse.Namespace) -> Recording:
    """Open a recording that came to its own end, or any, where that is allowed.

    :raises RecordingError: it was cut off or interrupted, or cannot be read.
    """
    recording = read_recording(path, allow_cut=given.allow_incomplete)
    if not recording.is_whole and not given.allow_incomplete:
        raise RecordingError(
            f"'{path}' was interrupted: tests may be missing from it",
            hint="record it again, or compare what it holds with --allow-incomplete",
        )
    return recording
