"""deploy, rollback: services in the order of their calls, and back to what was good if asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_gaia_parity.errors import ParityError, RefusedError
from pytest_gaia_parity.ops.plan import short_image
from pytest_gaia_parity.ops.proof import look
from pytest_gaia_parity.ops.rollout import DeployOptions, Release, Rollout
from pytest_gaia_parity.ops.steps import Steps, read_journal
from pytest_gaia_parity.ops.undo import undo
from pytest_gaia_parity.ops.workplace import require_fly

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_gaia_parity.ops.workplace import Workplace

__all__ = ["DeployOptions", "Release", "deploy", "in_order_of_calls", "journal_file", "rollback", "rollback_options"]


def deploy(place: Workplace, services: Sequence[str], target: str, options: DeployOptions) -> list[Release]:
    """Deploy services, those that are called first; with `roll_back` all go back if one fails.

    :raises ParityError: a step failed; what was done has been shown.
    """
    place.fly_target(target, verb="deploy")
    ordered = in_order_of_calls(place, place.services(services))
    place.require_yes(target, yes=options.yes)
    command = options.command or f"gaia-parity deploy {','.join(ordered)} {target}"
    file = journal_file(place, target)
    with place.fingerprints.locked(target):
        last = read_journal(file)
        if last is not None and last.is_cut_off:
            place.say(f"note: an earlier run was cut off: {last.summary()}")
        steps = Steps(command=command, target=target, services=list(ordered), file=file, say=place.say)
        rollouts = [Rollout(place, steps, service, target, options) for service in ordered]
        with steps.all():
            released: list[Release] = []
            for rollout in rollouts:
                try:
                    released.append(rollout.run())
                except ParityError as error:
                    if options.roll_back:
                        place.say(f"failed: {error.message}")
                        _roll_back(place, steps, rollouts[: len(released) + 1], options)
                    raise
        return released


def rollback(place: Workplace, service: str, target: str, options: DeployOptions) -> Release:
    """Deploy the image that ran before the present one, and prove it.

    :raises RefusedError: there is none.
    """
    return deploy(place, [service], target, rollback_options(place, service, target, options))[0]


def rollback_options(place: Workplace, service: str, target: str, options: DeployOptions) -> DeployOptions:
    """The options of the deploy that a rollback is; says where it goes.

    :raises RefusedError: there is no other image.
    """
    place.fly_target(target, verb="rollback")
    (service,) = place.services([service])
    app = place.app(target, service)
    require_fly(place)
    running = look(place, app)
    release = running.previous_release()
    if release is None:
        raise RefusedError(
            f"'{app}' has no complete release with another image among its last {len(running.releases)}",
            hint=f"gaia-parity deploy {service} {target} --image REF",
        )
    place.say(f"{app} goes back to {short_image(release.image_ref)}, as in release v{release.version}")
    written = place.audit.names_written(app, since=release.created_at)
    if written:
        place.say(f"its secrets stay as they are; written from here after that release: {', '.join(written)}")
    else:
        place.say("its secrets stay as they are; none was written from here after that release")
    command = options.command or f"gaia-parity rollback {service} {target}"
    return replace(options, image=release.image_ref, command=command, sync=False, verb="rollback")


def journal_file(place: Workplace, target: str) -> Path:
    """Where the last deploy to a target has left what it did."""
    return place.fingerprints.folder / "deploys" / f"{target}.json"


def in_order_of_calls(place: Workplace, services: Sequence[str]) -> tuple[str, ...]:
    """Services so that what is called comes before what calls it; a circle is broken where it was entered."""
    ordered: dict[str, None] = {}

    def visit(service: str, entered: frozenset[str]) -> None:
        if service in ordered or service in entered:
            return
        for called in place.config.service(service).calls:
            if called in services:
                visit(called, entered | {service})
        ordered[service] = None

    for service in services:
        visit(service, frozenset())
    return tuple(ordered)


def _roll_back(place: Workplace, steps: Steps, rollouts: Sequence[Rollout], options: DeployOptions) -> None:
    """Return all services to what was good, the last first; what cannot be returned is named, the rest goes on."""
    left = [rollout.undo() for rollout in rollouts]
    done = 0
    try:
        while left:
            done += undo(place, steps, left[-1], timeout=options.timeout)
            left.pop()
    except KeyboardInterrupt:
        place.say("rolling back was interrupted; not back to what was good:")
        for one in reversed(left):
            if one.image:
                place.say(f"  gaia-parity deploy {one.service} {one.target} --no-sync --image {one.image}")
        raise
    if done < len(rollouts):
        place.say(f"{len(rollouts) - done} of {len(rollouts)} services are not what they were before")
