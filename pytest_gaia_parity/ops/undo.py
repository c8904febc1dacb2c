"""Takes back what a deploy did to one service: the image, and of its secrets what can be taken back."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_gaia_parity.errors import ParityError
from pytest_gaia_parity.ops.plan import short_image
from pytest_gaia_parity.ops.proof import await_answer, await_checks, await_machines, await_release, look
from pytest_gaia_parity.ops.secrets import mark_deployed, withdraw_secrets

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_gaia_parity.ops.steps import Steps
    from pytest_gaia_parity.ops.workplace import Workplace


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """What a deploy did to one service, and what was there before.

    :param image: what ran before and was good; empty where nothing did.
    :param is_deployed: whether flyctl was started: machines may run the new image.
    :param added: secrets that this deploy wrote and that were not there before; they can be removed again.
    :param changed: secrets that it wrote over; nobody can read what they were.
    :param staged: secrets that others had staged before.
    """

    service: str
    target: str
    app: str
    image: str = ""
    is_deployed: bool = False
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    staged: tuple[str, ...] = ()


def undo(place: Workplace, steps: Steps, done: Undo, *, timeout: float) -> bool:
    """Take back what can be, prove it, and say what cannot; whether it could be done."""
    removed: tuple[str, ...] = ()
    try:
        if done.added:
            with steps.step(f"{done.service}: new secrets removed again") as step:
                withdraw_secrets(place, done.target, done.service, done.added)
                removed = done.added
                step.says = ", ".join(removed)
        if done.is_deployed:
            _return_image(place, steps, done, timeout=timeout)
    except ParityError as failure:
        place.say(f"✖ {done.service} could not be rolled back: {failure}")
        _tell_secrets(place, done, removed=removed)
        return False
    _tell_secrets(place, done, removed=removed)
    return not done.is_deployed or bool(done.image)


def _return_image(place: Workplace, steps: Steps, done: Undo, *, timeout: float) -> None:
    if not done.image:
        place.say(f"✖ {done.service}: there is no good image to go back to")
        return
    with (
        steps.step(f"{done.service}: back to {short_image(done.image)}") as step,
        place.audit.change(
            "rollback", target=done.target, service=done.service, app=done.app, image=done.image
        ) as closing,
    ):
        before = look(place, done.app)
        place.fly.deploy(done.app, folder=bare_folder(place), flags=["--image", done.image], timeout=timeout)
        deadline = time.monotonic() + timeout
        release = await_release(place, done.app, after=before.release, deadline=deadline)
        await_machines(place, done.app, release, deadline=deadline)
        await_checks(place, done.app, deadline=deadline)
        answer = await_answer(place, done.target, done.service, deadline=deadline)
        closing["release"] = release.version
        step.says = f"release v{release.version}, answers {answer}"
    mark_deployed(place, done.app)


def _tell_secrets(place: Workplace, done: Undo, *, removed: tuple[str, ...]) -> None:
    """An image goes back, a value does not: say which names stand how."""
    left = tuple(name for name in done.added if name not in removed)
    if left:
        place.say(f"  {done.service}: new secrets that could not be removed: {', '.join(left)}")
    if done.changed:
        where = "" if done.is_deployed else ", staged for the next deployment"
        place.say(f"  {done.service}: an image goes back, secrets do not: {', '.join(done.changed)} keep")
        place.say(f"    the new value{where}, for Fly shows nobody the one before. If one is the cause, correct")
        place.say(
            f"    '{place.env.path.name}', then: gaia-parity sync-secrets {done.target} --services {done.service}"
        )
    if done.staged and done.is_deployed:
        place.say(f"  {done.service}: staged before this deploy, and in force since: {', '.join(done.staged)}")


def bare_folder(place: Workplace) -> Path:
    """A folder without a fly.toml: an image is deployed with the app's own configuration, not with a file that lies about."""
    folder = place.fingerprints.folder / "deploys"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
