"""promote: the very image that one target runs and passed with, on another."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_gaia_parity.errors import RefusedError
from pytest_gaia_parity.ops.deploy import deploy
from pytest_gaia_parity.ops.proof import look
from pytest_gaia_parity.ops.workplace import require_fly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.adapters.fly_json import Release as FlyRelease
    from pytest_gaia_parity.ops.deploy import DeployOptions, Release
    from pytest_gaia_parity.ops.workplace import Workplace

_PASSING = frozenset({"match", "skipped"})


def promote(  # noqa: PLR0913 - keywords
    place: Workplace, service: str, *, source: str, target: str, options: DeployOptions, force: bool = False
) -> Release:
    """Deploy to *target* the image that *source* runs.

    :raises RefusedError: what *source* runs is not one image, or has not passed its parity run.
    """
    place.fly_target(target, verb="promote")
    place.require_yes(target, yes=options.yes)
    settings = promote_options(place, service, source=source, target=target, options=options, force=force)
    return deploy(place, [service], target, settings)[0]


def promote_options(  # noqa: PLR0913 - keywords
    place: Workplace, service: str, *, source: str, target: str, options: DeployOptions, force: bool = False
) -> DeployOptions:
    """The options of the deploy that a promotion is; says what goes where.

    :raises RefusedError: what *source* runs is not one image, or has not passed its parity run, or is *target*.
    """
    if source == target:
        raise RefusedError(
            f"'{service}' is not promoted: '{source}' runs that very image",
            hint="gaia-parity promote SERVICE FROM TO: name two targets",
        )
    place.fly_target(source, verb="promote")
    place.fly_target(target, verb="promote")
    (service,) = place.services([service])
    require_fly(place)
    app = place.app(source, service)
    running = look(place, app)
    if not running.image:
        raise RefusedError(
            f"machines of '{app}' run {len(running.images)} images: {', '.join(running.images) or 'there are none'}",
            hint=f"gaia-parity deploy {service} {source}",
        )
    reason = why_not(place, service, source, running.releases)
    if reason and not force:
        raise RefusedError(
            f"'{service}' is not promoted: {reason}", hint=f"pytest --parity {source}, or promote with --force"
        )
    if reason:
        place.say(f"forced: {reason}")
    place.say(f"{service} of {source} goes to {target}: {running.image}")
    command = options.command or f"gaia-parity promote {service} {source} {target}"
    return replace(options, image=running.image, command=command, forced=bool(reason), verb="promote")


def why_not(place: Workplace, service: str, source: str, releases: Sequence[FlyRelease]) -> str:
    """Why the last parity run does not vouch for what runs; empty if it does."""
    file = place.config.root / place.config.table.reports / f"parity-{source}.json"
    try:
        results: dict[str, Any] = msgspec.json.decode(file.read_bytes())
        started = _moment(results["candidate"]["started"])
        judged = [(str(one["test"]), str(one["verdict"])) for one in results["comparisons"]]
    except FileNotFoundError:
        return f"'{source}' has had no parity run: there is no '{file.name}'"
    except (OSError, msgspec.MsgspecError, KeyError, TypeError, ValueError):
        return f"'{file.name}' cannot be read"
    mine = [(test, verdict) for test, verdict in judged if service in test.partition("::")[0].rpartition("/")[2]]
    says = _verdict(mine or judged, service, interrupted=bool(results.get("interrupted")))
    if not says and releases and started < _moment(releases[0].created_at):
        says = f"is older than its release v{releases[0].version}"
    return f"the last parity run of '{source}' {says}" if says else ""


def _verdict(judged: Sequence[tuple[str, str]], service: str, *, interrupted: bool) -> str:
    bad = [test for test, verdict in judged if verdict not in _PASSING]
    if interrupted:
        return "was interrupted"
    if bad:
        return f"did not match: {bad[0]}{f' and {len(bad) - 1} more' if bad[1:] else ''}"
    return "" if any(verdict == "match" for _, verdict in judged) else f"compared nothing of '{service}'"


def _moment(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
