"""Every option, marker and help text. Imported by every pytest run, so it imports nothing; `run/given.py` reads what was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

MARKERS = (
    "parity(ignore=(), shape=(), unordered=(), tolerance=0.0): how this test's observations are compared",
    "parity(serial=False, independent=False): with --parity-jobs, run this test alone; let it write in any order",
    "only_on(*targets): run this test on these targets only, and compare nothing",
)


def add_options(parser: pytest.Parser) -> None:
    """Register the options; called for every pytest run, so it does nothing else."""
    group = parser.getgroup("gaia-parity", "the same tests on two environments, compared")
    add = group.addoption
    add("--parity", metavar="TARGET", help="Run the parity tests on the baseline and on TARGET, and compare")
    add("--baseline", metavar="TARGET", help="What --parity compares with, in place of the configured baseline")
    add("--target", metavar="TARGET", help="Run the parity tests on TARGET only, and compare nothing")
    add("--record", metavar="FILE", help="Write what the one target showed as a recording, for gaia-parity compare")
    add("--parity-reports", metavar="DIR", help="Where reports are written, in place of the configured folder")
    add(
        "--parity-report-form",
        choices=("auto", "single", "folder"),
        default="auto",
        help="One HTML file, a folder that also works under a strict policy, or a folder above 25 MB (the default)",
    )
    add("--parity-repeat", metavar="N", type=int, help="Runs of the baseline, in place of compare.repeat")
    add("--parity-confirm", metavar="N", type=int, help="Further runs of what mismatched, in place of compare.confirm")
    add(
        "--parity-jobs",
        metavar="N",
        type=int,
        help="Run the bodies of up to N parity tests at once in this process, where that is safe; in place of 'jobs'",
    )
    add(
        "--up",
        action="store_true",
        help="Bring the Compose stack up before the tests, wait for health, and take down what was brought up",
    )
    add(
        "--each-replica",
        action="store_true",
        help="Compare the replicas of the target's Compose services with each other: the first is the baseline",
    )
    add(
        "--each-machine",
        action="store_true",
        help="Compare the machines of the target's Fly apps with each other: the first is the baseline",
    )
    add("--lab", action="store_true", help="Use the embedded stack for all targets: no Docker, no Fly account")
    add(
        "--lab-fault",
        metavar="NAME",
        action="append",
        default=[],
        help="Plant a named fault on the candidate side of the embedded stack; may be repeated; 'list' shows them",
    )
    add("--allow-writes", action="store_true", help="Let tests send requests that may write to read-only targets")
    add("--verify", metavar="TARGET", help="Check what is deployed on TARGET, an item per check, in place of any tests")
    add("--allow-deploy", action="store_true", help="Let the fixtures secret_sync and deploy change a remote target")
    add("--dry-run", action="store_true", help="Let the fixtures secret_sync and deploy plan only")
    add("--yes", action="store_true", help="Let the fixtures secret_sync and deploy change a protected target")
    add("--no-preflight", action="store_true", help="Do not ask every service for its health before the first test")


_ALONE = ("up", "each_replica", "each_machine")


def is_active(config: pytest.Config) -> bool:
    """Whether any option asks for this plugin; if none does, nothing else of it is imported."""
    return any(
        config.getoption(name) for name in ("parity", "target", "record", "baseline", "lab", "lab_fault", *_ALONE)
    )
