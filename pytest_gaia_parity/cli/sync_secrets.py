"""`gaia-parity sync-secrets TARGET`: the flags, and one call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_gaia_parity.cli.workplace import add_common_flags, named, workplace
from pytest_gaia_parity.errors import EXIT_DIFFERENT, EXIT_PARITY
from pytest_gaia_parity.ops.secrets import sync_secrets

if TYPE_CHECKING:
    import argparse


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the flags."""
    parser = verbs.add_parser(
        "sync-secrets",
        help="give each service the secrets it declares",
        description="Write what each service declares, from the env file, and the URLs of the services it calls.",
        epilog="A second run writes nothing: gaia-parity sync-secrets dev --dry-run shows what one would do.",
    )
    parser.add_argument("target", metavar="TARGET", help="a target on Fly")
    parser.add_argument("--services", type=named, metavar="A,B", help="only these services (all)")
    parser.add_argument("--dry-run", action="store_true", help="show the plan, and change nothing")
    parser.add_argument("--prune", action="store_true", help="remove secrets that nobody declares")
    parser.add_argument("--stage", action="store_true", help="restart nothing: the next deployment brings them")
    add_common_flags(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Plan, show, apply."""
    plan = sync_secrets(
        workplace(given, Path.cwd()),
        given.target,
        services=given.services,
        dry_run=given.dry_run,
        prune=given.prune,
        stage=given.stage,
        yes=given.yes,
    )
    return EXIT_PARITY if plan.is_good else EXIT_DIFFERENT
