"""What was given on the command line and by CI, read once into one frozen `Options`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pytest_gaia_parity.errors import ConfigError

if TYPE_CHECKING:
    import pytest

#: set by GitHub for each step: true, and the file whose Markdown it shows
GITHUB_VARIABLE = "GITHUB_ACTIONS"
STEP_SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
MASK_KEY_VARIABLE = "GAIA_PARITY_MASK_KEY"
SHARD_VARIABLE = "GAIA_PARITY_SHARD"
#: what CI systems call the number of a parallel job, how many there are, and what the first is called
_CI_SHARDS = (
    ("CI_NODE_INDEX", "CI_NODE_TOTAL", 1),  # GitLab
    ("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
    ("BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was given on the command line."""

    parity: str | None = None
    baseline: str | None = None
    target: str | None = None
    record: Path | None = None
    reports: Path | None = None
    report_form: Literal["auto", "single", "folder"] = "auto"
    #: on GitHub, annotations are printed
    annotate: bool = False
    step_summary: Path | None = None
    lab: bool = False
    up: bool = False
    #: `replica` or `machine`: the instances of one target are compared with each other
    each: Literal["", "replica", "machine"] = ""
    lab_faults: tuple[str, ...] = ()
    allow_writes: bool = False
    preflight: bool = True
    repeat: int | None = None
    confirm: int | None = None
    jobs: int | None = None
    #: which part of the tests this is, and of how many, as pytest-split or CI says
    shard: tuple[int, int] = (0, 0)
    #: key of the masks of secrets, so that recordings made apart can be compared; empty for one of this run's own
    mask_key: str = field(default="", repr=False)
    #: the kind of terminal
    term: str = ""


def parse_options(config: pytest.Config) -> Options:
    """Read the options once.

    :raises ConfigError: two of them do not go together.
    """
    get = config.getoption
    faults = tuple(get("lab_fault"))
    options = Options(
        parity=get("parity"),
        baseline=get("baseline"),
        target=get("target"),
        record=_path(get("record")),
        reports=_path(get("parity_reports")),
        report_form=get("parity_report_form"),
        annotate=os.environ.get(GITHUB_VARIABLE) == "true",
        step_summary=_path(os.environ.get(STEP_SUMMARY_VARIABLE)),
        lab=bool(get("lab") or faults),
        lab_faults=faults,
        up=bool(get("up")),
        each="replica" if get("each_replica") else "machine" if get("each_machine") else "",
        allow_writes=bool(get("allow_writes")),
        preflight=not get("no_preflight"),
        repeat=get("parity_repeat"),
        confirm=get("parity_confirm"),
        jobs=get("parity_jobs"),
        shard=_shard(config),
        mask_key=os.environ.get(MASK_KEY_VARIABLE, ""),
        term=os.environ.get("TERM", ""),
    )
    _check(options)
    return options


def _shard(config: pytest.Config) -> tuple[int, int]:
    """Which part of the tests runs here: by pytest-split's options, else by our variable, else by what CI says of its jobs."""
    split = config.getoption("group", None), config.getoption("splits", None)
    if all(isinstance(one, int) for one in split):
        return int(split[0] or 0), int(split[1] or 0)
    if given := os.environ.get(SHARD_VARIABLE):
        number, slash, of = given.partition("/")
        if not (slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
            raise ConfigError(f"{SHARD_VARIABLE} is '{given}'", hint=f"which shard, of how many: {SHARD_VARIABLE}=3/8")
        return int(number), int(of)
    for name, of_name, first in _CI_SHARDS:
        if os.environ.get(name, "").isdecimal() and os.environ.get(of_name, "").isdecimal():
            return int(os.environ[name]) + 1 - first, int(os.environ[of_name])
    return 0, 0


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _check_each(options: Options) -> None:
    option = f"--each-{options.each}"
    others = {"--baseline": options.baseline, "--record": options.record, "--up": options.up, "--lab": options.lab}
    hints = {
        "--baseline": "the first instance is the baseline",
        "--record": "the reports folder has recordings of all instances",
        "--up": "scale first: docker compose up --detach --scale SERVICE=2",
        "--lab": "the embedded stack has one instance of each service",
    }
    for name, value in others.items():
        if value:
            raise ConfigError(f"{option} and {name} exclude each other", hint=hints[name])


def _check(options: Options) -> None:
    if options.parity and options.target:
        raise ConfigError(
            "--parity and --target exclude each other", hint="--parity compares, --target runs on one side"
        )
    if options.parity and options.record:
        raise ConfigError(
            "--record is for one target; --parity records both sides by itself",
            hint="use --target NAME --record FILE, or read the recordings in the reports folder",
        )
    if options.baseline and not options.parity:
        raise ConfigError("--baseline is for --parity", hint=f"use --parity NAME --baseline {options.baseline}")
    if options.each:
        _check_each(options)
    if options.lab_faults and not options.parity and "list" not in options.lab_faults:
        raise ConfigError(
            "--lab-fault plants a fault on the candidate side, and there is none", hint="add --parity NAME"
        )
    for name, value, least in (
        ("repeat", options.repeat, 1),
        ("confirm", options.confirm, 0),
        ("jobs", options.jobs, 1),
    ):
        if value is not None and value < least:
            raise ConfigError(f"--parity-{name}: {value} is less than {least}", hint="leave it out for the default")
