"""The command's parser, and the one place that prints an error and turns it into an exit code."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pytest_gaia_parity import __version__
from pytest_gaia_parity.errors import EXIT_INTERRUPTED, EXIT_USAGE, ParityError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: the verbs, each a module of this folder with `add_parser`
VERBS = ("compare", "merge", "lab", "init", "sync_secrets", "verify", "deploy", "status")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code, one of those of design section 1.1."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if not hasattr(given, "run"):
        parser.print_help()
        return EXIT_USAGE
    try:
        code: int = given.run(given)
    except ParityError as error:
        print(f"gaia-parity: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("gaia-parity: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone; Python would complain when it flushes
        return EXIT_INTERRUPTED
    return code


class _Parser(argparse.ArgumentParser):
    """argparse, but for the exit code of a usage error, which is pytest's."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(EXIT_USAGE, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="gaia-parity",
        description="The commands beside pytest --parity: what works locally works the same in a remote environment.",
        epilog="Exit codes: 0 parity, 1 different, 2 interrupted, 3 internal error, 4 usage, 5 nothing compared, 69 unreachable.",
    )
    parser.add_argument("--version", action="version", version=f"gaia-parity {__version__}")
    parser.add_argument(
        "-c", "--config", type=Path, metavar="FILE", help="a pyproject.toml, in place of the nearest one upwards"
    )
    verbs = parser.add_subparsers(metavar="COMMAND", title="commands")
    for verb in VERBS:
        importlib.import_module(f"pytest_gaia_parity.cli.{verb}").add_parser(verbs)
    return parser
