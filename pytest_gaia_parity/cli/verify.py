"""`gaia-parity verify TARGET`: the flags, and one call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_gaia_parity.cli.workplace import add_lab_flag, named, say, workplace
from pytest_gaia_parity.errors import ReportError

if TYPE_CHECKING:
    import argparse


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the flags."""
    parser = verbs.add_parser(
        "verify",
        help="check a deployment: health, database, NATS, secrets, calls, machines",
        description="Check what is deployed: health, dependencies, required secrets, calls between services, machines.",
        epilog="Exit codes: 0 all good, 1 a check failed, 69 nothing failed but something could not be reached.",
    )
    parser.add_argument("target", metavar="TARGET")
    parser.add_argument("--services", type=named, metavar="A,B", help="only these services (all)")
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML too")
    add_lab_flag(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Check, print, write."""
    from pytest_gaia_parity.ops.check import check_json, check_junit, check_lines, exit_code_of  # noqa: PLC0415 - this verb only
    from pytest_gaia_parity.ops.verify import verify  # noqa: PLC0415 - likewise

    checks = verify(workplace(given, Path.cwd()), given.target, services=given.services)
    for line in [check_json(given.target, checks)] if given.json else check_lines(given.target, checks):
        say(line)
    if given.junit is not None:
        try:
            given.junit.write_bytes(check_junit(given.target, checks))
        except OSError as error:
            raise ReportError(f"'{given.junit}' cannot be written: {error.strerror}") from None
    return exit_code_of(checks)
