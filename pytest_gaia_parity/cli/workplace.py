"""What the verbs that operate a target share: flags, and the workplace they work in."""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
from typing import TYPE_CHECKING

from pytest_gaia_parity.config.envfile import state_folder
from pytest_gaia_parity.config.load import load_config
from pytest_gaia_parity.ops.workplace import Workplace, open_workplace

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from pytest_gaia_parity.config.schema import Config

#: colours and cursor movements of other programs
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


def add_common_flags(parser: argparse.ArgumentParser) -> None:
    """Declare what every verb that changes a target takes."""
    parser.add_argument("--yes", action="store_true", help="change a protected target")
    add_lab_flag(parser)


def add_lab_flag(parser: argparse.ArgumentParser) -> None:
    """Declare --lab, for verbs that have it."""
    parser.add_argument("--lab", action="store_true", help="operate the embedded stack that 'gaia-parity lab' runs")


def named(text: str) -> list[str]:
    """Names separated by commas or spaces."""
    return text.replace(",", " ").split()


def workplace(given: argparse.Namespace, start: Path) -> Workplace:
    """The workplace of the configuration in force, on the embedded stack if --lab asks for it.

    :raises UnreachableError: no embedded stack runs.
    """
    config = load_config(start, given.config)
    if not given.lab:
        return open_workplace(config, say=say, live=_live)
    from pytest_gaia_parity.lab.world import read_world  # noqa: PLC0415 - --lab only
    from pytest_gaia_parity.network.lab import LabNetwork  # noqa: PLC0415 - likewise

    world = read_world(lab_folder(config))
    return open_workplace(
        config,
        say=say,
        live=_live,
        lab_targets=world.routes,
        program=world.program,
        env=world.env,
        state=world.state,
        env_file=world.env_file,
        open_network=lambda _, target: LabNetwork(world.routes.get(target, {})),
    )


def lab_folder(config: Config) -> Path:
    """Where `gaia-parity lab` describes the stack of a configuration."""
    name = hashlib.sha256(str(config.file).encode()).hexdigest()[:12]
    return state_folder() / "lab" / name


def say(line: str) -> None:
    """Print a line at once: a pipe or a log shows progress too."""
    _erase()
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _live(line: str) -> None:
    """Show what a long command is at: one line that the next one replaces, on a terminal; a line each elsewhere."""
    text = _CONTROL.sub("", line).strip()
    if not text:
        return
    if sys.stdout.isatty():
        _erase()
        sys.stdout.write(f"  {text}"[: shutil.get_terminal_size().columns - 1])
    else:
        sys.stdout.write(f"  {text}\n")
    sys.stdout.flush()


def _erase() -> None:
    if sys.stdout.isatty():
        sys.stdout.write("\r\x1b[2K")
