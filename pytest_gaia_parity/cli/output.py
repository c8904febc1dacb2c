"""The flags of every verb that judges recordings, and what they say about its reports."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_gaia_parity.config.load import load_config
from pytest_gaia_parity.errors import ConfigError

if TYPE_CHECKING:
    import argparse

    from pytest_gaia_parity.report.sink import Form


class Output(NamedTuple):
    """Where reports go, and what they are compared with."""

    folder: Path
    form: Form = "auto"
    #: earlier results: what they did not have is marked as new
    against: Path | None = None
    #: the file that GitHub shows as the summary of a step, and whether it takes annotations
    step_summary: Path | None = None
    annotate: bool = False


def add_common_flags(parser: argparse.ArgumentParser) -> None:
    """Declare what every verb that judges recordings takes."""
    parser.add_argument("--reports", type=Path, metavar="DIR", help="where reports are written (the configured folder)")
    parser.add_argument(
        "--report-form",
        choices=("auto", "single", "folder"),
        default="auto",
        help="one HTML file, a folder that also works under a strict policy, or a folder above 25 MB (the default)",
    )
    parser.add_argument(
        "--against", type=Path, metavar="FILE", help="earlier results; what they did not have is marked as new"
    )
    parser.add_argument(
        "--allow-incomplete",
        action="store_true",
        help="compare what a recording holds that was cut off or interrupted; such a run never passes",
    )


def output_of(given: argparse.Namespace) -> Output:
    """Where the reports go, as the flags say, and on GitHub what its environment says."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    return Output(
        folder=reports_folder(given),
        form=given.report_form,
        against=given.against,
        step_summary=Path(summary) if summary else None,
        annotate=os.environ.get("GITHUB_ACTIONS") == "true",
    )


def reports_folder(given: argparse.Namespace) -> Path:
    """The folder given, else the configured one, else `reports` here."""
    if given.reports is not None:
        return Path(given.reports)
    try:
        config = load_config(Path.cwd(), given.config)
    except ConfigError:
        if given.config is not None:
            raise
        return Path("reports")
    return config.root / config.table.reports
