"""`gaia-parity status TARGET`: the flags, and one call."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_gaia_parity.cli.workplace import add_lab_flag, named, say, workplace
from pytest_gaia_parity.errors import EXIT_PARITY, ConfigError

if TYPE_CHECKING:
    import argparse

    from pytest_gaia_parity.ops.status import Status

#: seconds between two looks; Fly limits how often it may be asked
INTERVAL = 5.0


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the flags."""
    parser = verbs.add_parser(
        "status",
        help="what runs where, in which version, how it is, what it lacks",
        description="Show per service: health, version, commit, machines, checks, release, image, missing secrets.",
        epilog="--watch ends with the deploy that was under way when it began; without one, with Ctrl-C.",
    )
    parser.add_argument("target", metavar="TARGET")
    parser.add_argument("--services", type=named, metavar="A,B", help="only these services (all)")
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--watch", action="store_true", help="look again and again")
    parser.add_argument(
        "--interval", type=float, default=INTERVAL, metavar="S", help=f"seconds between looks ({INTERVAL:g})"
    )
    add_lab_flag(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Look, print; with --watch until the deploy has ended, or Ctrl-C."""
    from pytest_gaia_parity.ops.status import status  # noqa: PLC0415 - this verb only

    if given.interval <= 0:
        raise ConfigError(
            f"--interval: {given.interval:g} is not a number of seconds above nought", hint="5 is the default"
        )
    place = workplace(given, Path.cwd())
    found = status(place, given.target, services=given.services)
    _show(given, found)
    follows = bool(found.under_way)
    pause = threading.Event()
    while given.watch and not (follows and not found.under_way):
        pause.wait(given.interval)
        before, found = found, status(place, given.target, services=given.services)
        follows = follows or bool(found.under_way)
        if found != before:
            _show(given, found)
    return EXIT_PARITY


def _show(given: argparse.Namespace, found: Status) -> None:
    from pytest_gaia_parity.ops.status import status_json, status_lines  # noqa: PLC0415 - this verb only

    if given.watch and sys.stdout.isatty() and not given.json:
        sys.stdout.write("\x1b[H\x1b[2J")
    for line in [status_json(found)] if given.json else status_lines(found):
        say(line)
