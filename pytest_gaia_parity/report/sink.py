"""The protocol of sinks: finished values in, files out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_gaia_parity.model.comparison import Comparison
    from pytest_gaia_parity.model.recording import TestRecord
    from pytest_gaia_parity.model.results import Results, Side


Form = Literal["auto", "single", "folder"]


class Evidence(NamedTuple):
    """The records behind a comparison, masked; `Comparison.exchanges` indexes into the first of each side."""

    baseline: Sequence[TestRecord]
    candidate: Sequence[TestRecord]


class Sink(Protocol):
    """Takes the comparisons of a run as they come. Every file is written beside its name and moved there when whole."""

    def open(self, baseline: Side, candidate: Side) -> None:
        """Begin.

        :raises ReportError: the place cannot be written to.
        """
        ...

    def write(self, comparison: Comparison, evidence: Evidence) -> None:
        """Take one comparison."""
        ...

    def close(self, results: Results) -> str:
        """End, and return the path written, relative where it can be, or nothing where there is none to show.

        `results.comparisons` may be empty here.
        """
        ...


def make_sinks(
    folder: Path,
    baseline: str,  # noqa: ARG001 - files are named by the candidate
    candidate: str,
    *,
    form: Form = "auto",
    step_summary: Path | None = None,
) -> list[Sink]:
    """Make the sinks of a run that write into *folder*; the page to open comes first.

    :param form: how the page is written: one file, a folder, or a folder where one file would grow slow to open.
    :param step_summary: the file that GitHub shows as the summary of a step.
    :raises ConfigError: the folder cannot be written to; found here, before anything runs.
    """
    # imported here: a run pays for the sinks it has, and they import this module
    from pytest_gaia_parity.report.files import prepare_folder  # noqa: PLC0415
    from pytest_gaia_parity.report.github import StepSummarySink  # noqa: PLC0415
    from pytest_gaia_parity.report.html import HtmlSink  # noqa: PLC0415
    from pytest_gaia_parity.report.results import ResultsSink  # noqa: PLC0415

    prepare_folder(folder)
    sinks: list[Sink] = [HtmlSink(page_path(folder, candidate), form=form)]
    sinks.append(ResultsSink(page_path(folder, candidate).with_suffix(".json")))
    if step_summary is not None:
        sinks.append(StepSummarySink(step_summary))
    return sinks


def page_path(folder: Path, candidate: str) -> Path:
    """Where the page of a run is."""
    return folder / f"parity-{file_stem(candidate)}.html"


def file_stem(name: str) -> str:
    """A target's name as part of a file name.

    >>> file_stem("eu/dev")
    'eu_dev'
    """
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)
