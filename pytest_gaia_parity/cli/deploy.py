"""`gaia-parity deploy`, `rollback`, `promote`: the flags, and one call each."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_gaia_parity.adapters.process import Command, start_detached
from pytest_gaia_parity.cli.workplace import add_common_flags, named, say, workplace
from pytest_gaia_parity.errors import EXIT_DIFFERENT, EXIT_PARITY, ConfigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pytest_gaia_parity.ops.deploy import DeployOptions, Release
    from pytest_gaia_parity.ops.workplace import Workplace

#: seconds of each phase: building, releasing and updating; the proof
TIMEOUT = 900.0


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the flags of the three verbs."""
    _add_deploy(verbs)
    _add_rollback(verbs)
    _add_promote(verbs)


def _add_deploy(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser(
        "deploy",
        help="deploy services, and prove that they serve",
        description="Stage secrets, deploy, and prove it: complete release, machines, checks, answer, verify, parity tests.",
        epilog="Several services: gaia-parity deploy gateway,auth dev. What is called is deployed before what calls it.",
    )
    parser.add_argument("services", type=named, metavar="SERVICE[,SERVICE]")
    parser.add_argument("target", metavar="TARGET", help="a target on Fly")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--remote-only", action="store_true", default=True, help="build on Fly's builders (the default)")
    where.add_argument("--local-only", action="store_true", help="build with the local Docker")
    where.add_argument("--image", default="", metavar="REF", help="deploy this image, and build nothing")
    parser.add_argument("--fly-config", type=Path, metavar="FILE", help="a fly.toml, in place of the service's own")
    parser.add_argument("--no-sync", action="store_true", help="do not sync secrets before")
    parser.add_argument("--rollback", action="store_true", help="on failure return to the image that was good before")
    parser.add_argument("--detach", action="store_true", help="return at once; gaia-parity status --watch follows")
    _add_deploy_flags(parser)
    parser.set_defaults(run=_run_deploy)


def _add_rollback(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser(
        "rollback",
        help="return to the image that ran before",
        description="Deploy the newest image of a complete release that differs from the present one, and prove it.",
    )
    parser.add_argument("service", metavar="SERVICE")
    parser.add_argument("target", metavar="TARGET", help="a target on Fly")
    _add_deploy_flags(parser)
    parser.set_defaults(run=_run_rollback)


def _add_promote(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser(
        "promote",
        help="deploy the very image that another target runs and passed with",
        description="Deploy to TARGET the image that SOURCE runs, if its last parity run vouches for it.",
    )
    parser.add_argument("service", metavar="SERVICE")
    parser.add_argument("source", metavar="SOURCE", help="where it runs")
    parser.add_argument("target", metavar="TARGET", help="where it goes")
    parser.add_argument(
        "--force", action="store_true", help="although no parity run vouches for it; the audit log says so"
    )
    parser.add_argument("--rollback", action="store_true", help="on failure return to the image that was good before")
    _add_deploy_flags(parser)
    parser.set_defaults(run=_run_promote)


def _add_deploy_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-tests", action="store_true", help="do not run the parity tests of the service after it")
    parser.add_argument(
        "--timeout", type=float, default=TIMEOUT, metavar="S", help=f"seconds for each phase ({TIMEOUT:g})"
    )
    parser.add_argument("--dry-run", action="store_true", help="show all that would be done, and change nothing")
    add_common_flags(parser)


def _run_deploy(given: argparse.Namespace) -> int:
    from pytest_gaia_parity.ops.deploy import DeployOptions, deploy  # noqa: PLC0415 - this verb only

    place = workplace(given, Path.cwd())
    if given.detach and not given.dry_run:
        return _detach(place, given.target)
    options = DeployOptions(
        image=given.image,
        fly_config=None if given.fly_config is None else given.fly_config.resolve(),
        remote_only=not given.local_only,
        roll_back=given.rollback,
        sync=not given.no_sync,
        test=not given.no_tests,
        yes=given.yes,
        timeout=_seconds(given.timeout),
        proof=_seconds(given.timeout),
        command=_command(),
    )
    if given.dry_run:
        return _rehearse(place, given.services, given.target, options)
    return _told(deploy(place, given.services, given.target, options))


def _run_rollback(given: argparse.Namespace) -> int:
    from pytest_gaia_parity.ops.deploy import DeployOptions, rollback, rollback_options  # noqa: PLC0415 - this verb only

    options = DeployOptions(
        test=not given.no_tests, yes=given.yes, timeout=_seconds(given.timeout), proof=given.timeout, command=_command()
    )
    place = workplace(given, Path.cwd())
    if given.dry_run:
        planned = rollback_options(place, given.service, given.target, options)
        return _rehearse(place, [given.service], given.target, planned)
    return _told([rollback(place, given.service, given.target, options)])


def _run_promote(given: argparse.Namespace) -> int:
    from pytest_gaia_parity.ops.deploy import DeployOptions  # noqa: PLC0415 - this verb only
    from pytest_gaia_parity.ops.promote import promote, promote_options  # noqa: PLC0415 - likewise

    options = DeployOptions(
        roll_back=given.rollback,
        test=not given.no_tests,
        yes=given.yes,
        timeout=_seconds(given.timeout),
        proof=_seconds(given.timeout),
        command=_command(),
    )
    place = workplace(given, Path.cwd())
    where = {"source": given.source, "target": given.target}
    if given.dry_run:
        planned = promote_options(place, given.service, **where, options=options, force=given.force)
        return _rehearse(place, [given.service], given.target, planned)
    return _told([promote(place, given.service, **where, options=options, force=given.force)])


def _rehearse(place: Workplace, services: Sequence[str], target: str, options: DeployOptions) -> int:
    """Show what would be done; the exit code says whether it could be."""
    from pytest_gaia_parity.ops.rehearse import rehearse  # noqa: PLC0415 - --dry-run only

    found = rehearse(place, services, target, options)
    for line in found.lines():
        place.say(line)
    return EXIT_PARITY if found.is_good else EXIT_DIFFERENT


def _seconds(given: float) -> float:
    if given <= 0:
        raise ConfigError(
            f"--timeout: {given:g} is not a number of seconds above nought", hint=f"{TIMEOUT:g} is the default"
        )
    return given


def _command() -> str:
    """What was typed, to be typed again."""
    return shlex.join(["gaia-parity", *sys.argv[1:]])


def _told(releases: Sequence[Release]) -> int:
    from pytest_gaia_parity.ops.plan import short_image  # noqa: PLC0415 - these verbs only

    for one in releases:
        say(f"{one.service} of {one.target}: release v{one.version}, {short_image(one.image)}, answers {one.answer}")
    return EXIT_PARITY


def _detach(place: Workplace, target: str) -> int:
    """Start the same command in the background, and say how to follow it."""
    from pytest_gaia_parity.ops.deploy import journal_file  # noqa: PLC0415 - this verb only

    log = journal_file(place, target).with_suffix(".log")
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    words = [word for word in sys.argv[1:] if word != "--detach"]
    pid = start_detached(Command(argv=(sys.executable, "-m", "pytest_gaia_parity", *words), cwd=Path.cwd()), log=log)
    say(f"deploying in the background, process {pid}")
    say(f"its output: {log}")
    say(f"follow it: gaia-parity status {target} --watch{' --lab' if place.is_lab else ''}")
    return EXIT_PARITY
