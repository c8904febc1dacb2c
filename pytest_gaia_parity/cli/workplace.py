"""What the verbs that operate a target share: flags, and the workplace they work in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pytest_gaia_parity.config.load import load_config
from pytest_gaia_parity.ops.workplace import Workplace, open_workplace

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def add_common_flags(parser: argparse.ArgumentParser) -> None:
    """Declare what every verb that changes a target takes."""
    parser.add_argument("--yes", action="store_true", help="change a protected target")


def named(text: str) -> list[str]:
    """Names separated by commas or spaces."""
    return text.replace(",", " ").split()


def workplace(given: argparse.Namespace, start: Path) -> Workplace:
    """The workplace of the configuration in force."""
    return open_workplace(load_config(start, given.config), say=say)


def say(line: str) -> None:
    """Print a line at once: a pipe or a log shows progress too."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
