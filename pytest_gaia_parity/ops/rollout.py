"""The deploy of one service: step by step, each step proved (design section 5)."""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_gaia_parity.adapters.fly_errors import FlyError, FlyFailure
from pytest_gaia_parity.adapters.process import Command
from pytest_gaia_parity.errors import CommandError, ParityError, RefusedError
from pytest_gaia_parity.ops.plan import ChangeKind, short_image
from pytest_gaia_parity.ops.proof import NotProvedError, await_answer, await_checks, await_machines, await_release, look
from pytest_gaia_parity.ops.secrets import apply_secrets, mark_deployed, plan_secrets, wanted_secrets
from pytest_gaia_parity.ops.undo import Undo, bare_folder
from pytest_gaia_parity.ops.verify import verify
from pytest_gaia_parity.ops.workplace import require_fly

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_gaia_parity.adapters.process import Outcome
    from pytest_gaia_parity.ops.plan import ServiceSecrets
    from pytest_gaia_parity.ops.proof import Running
    from pytest_gaia_parity.ops.steps import Steps
    from pytest_gaia_parity.ops.workplace import Workplace

#: seconds for building, releasing and updating, and as many again for the proof
TIMEOUT = 900.0
#: what flyctl reports as failed, though the deploy may have gone through
_DOUBTFUL = frozenset({FlyFailure.TRANSIENT, FlyFailure.TIMEOUT})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployOptions:
    """How to deploy.

    :param image: deploy this image and build nothing.
    :param fly_config: a fly.toml, in place of the service's own.
    :param roll_back: on failure return to the image that was good before.
    """

    image: str = ""
    fly_config: Path | None = None
    remote_only: bool = True
    roll_back: bool = False
    sync: bool = True
    test: bool = True
    yes: bool = False
    timeout: float = TIMEOUT
    #: seconds that the proof may take, once flyctl has ended
    proof: float = TIMEOUT
    #: what the journal and the messages call this run
    command: str = ""
    #: what the audit log calls it: deploy, rollback, promote
    verb: str = "deploy"
    #: goes into the audit log
    forced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release that was proved to serve."""

    service: str
    target: str
    app: str
    version: int
    image: str
    #: what ran before, by digest where known
    previous: str = ""
    answer: str = ""
    warnings: tuple[str, ...] = field(default=())


class Rollout:
    """The deploy of one service."""

    def __init__(self, place: Workplace, steps: Steps, service: str, target: str, options: DeployOptions) -> None:
        self._place = place
        self._steps = steps
        self._service = service
        self._target = target
        self._options = options
        self._app = place.app(target, service)
        self._before: Running | None = None
        self._secrets: ServiceSecrets | None = None
        self._has_begun = False

    def run(self) -> Release:
        """All steps in order."""
        warnings = self._preflight()
        if self._options.sync:
            self._stage_secrets()
        with self._place.audit.change(
            self._options.verb, target=self._target, service=self._service, app=self._app, image=self._options.image,
            forced=self._options.forced,
        ) as closing:  # fmt: skip
            self._has_begun = True
            failure = self._deploy()
            release = self._prove(failure)
            closing |= {"release": release.version, "image": release.image}
        mark_deployed(self._place, self._app)
        self._verify()
        if self._options.test:
            run_parity_tests(self._place, self._steps, self._service, self._target)
        return Release(
            service=self._service, target=self._target, app=self._app, version=release.version, image=release.image,
            previous=release.previous, answer=release.answer, warnings=warnings,
        )  # fmt: skip

    def undo(self) -> Undo:
        """What it takes to take back what was done so far."""
        secrets = self._secrets
        return Undo(
            service=self._service,
            target=self._target,
            app=self._app,
            image=self._before.good_image() if self._has_begun and self._before is not None else "",
            is_deployed=self._has_begun,
            added=secrets.names(ChangeKind.ADD) if secrets else (),
            changed=tuple(name for name in secrets.written if name not in secrets.names(ChangeKind.ADD))
            if secrets
            else (),
            staged=secrets.staged if secrets else (),
        )

    def _preflight(self) -> tuple[str, ...]:
        with self._steps.step(f"{self._service}: preflight") as step:
            require_fly(self._place)
            if not self._options.image and not self._place.is_lab:
                fly_toml(self._place, self._service, self._target, self._options)
            self._before = look(self._place, self._app)
            warnings = unclean(self._place)
            step.says = f"{self._app} runs {short_image(self._before.image) or 'nothing of one image'}, release v{self._before.release}"
        for warning in warnings:
            self._place.say(f"warning: {warning}")
        return warnings

    def _stage_secrets(self) -> None:
        with self._steps.step(f"{self._service}: secrets") as step:
            wanted = wanted_secrets(self._place, self._target, [self._service])
            plan = plan_secrets(self._place, self._target, wanted)
            (self._secrets,) = plan.services
            plan = apply_secrets(self._place, plan, stage=True)
            if plan.failures:
                raise CommandError(f"secrets of {self._service}: {plan.failures[self._service]}")
            step.says = f"{plan.writes} staged" if plan.writes else "unchanged"

    def _deploy(self) -> FlyError | None:
        """Run flyctl; a failure that may be none is returned, and what runs decides."""
        with self._steps.step(f"{self._service}: fly deploy") as step:
            flags, folder = self._flags()
            try:
                self._place.fly.deploy(
                    self._app,
                    folder=folder,
                    flags=flags,
                    timeout=self._options.timeout,
                    on_line=lambda _, line: self._place.live(line),
                )
            except FlyError as error:
                if error.failure not in _DOUBTFUL:
                    self._tell_images()
                    raise
                step.says = f"in doubt: {error.message}"
                return error
        return None

    def _tell_images(self) -> None:
        """Say which machine runs what where a rolling deploy ended half way: Fly itself takes nothing back."""
        found: dict[str, list[str]] = {}
        with contextlib.suppress(ParityError):  # what failed is told anyway
            for machine in self._place.fly.machines(self._app):
                found.setdefault(short_image(machine.image_ref.exact), []).append(machine.id)
        if len(found) > 1:
            told = "; ".join(f"{image}: {', '.join(ids)}" for image, ids in found.items())
            self._place.say(f"warning: the machines of {self._service} run different images now: {told}")

    def _flags(self) -> tuple[list[str], Path]:
        options = self._options
        flags = ["--wait-timeout", f"{int(min(options.timeout, 600))}s"]
        if options.image:
            flags += ["--image", options.image]
        elif not self._place.is_lab:
            flags += ["--remote-only"] if options.remote_only else ["--local-only"]
        if options.fly_config is not None or not (options.image or self._place.is_lab):
            file = fly_toml(self._place, self._service, self._target, options)
            return [*flags, "--config", str(file)], file.parent
        return flags, bare_folder(self._place)

    def _prove(self, failure: FlyError | None) -> Release:
        before = self._before
        assert before is not None, "preflight has looked"  # noqa: S101
        # a deploy in doubt has had its time
        deadline = time.monotonic() + (self._options.proof if failure is None else min(self._options.proof, 30.0))
        try:
            with self._steps.step(f"{self._service}: complete release") as step:
                release = await_release(self._place, self._app, after=before.release, deadline=deadline)
                step.says = f"v{release.version}"
            with self._steps.step(f"{self._service}: machines on it") as step:
                machines = await_machines(self._place, self._app, release, deadline=deadline)
                image = machines[0].image_ref.exact or release.image_ref
                step.says = f"{len(machines)} on {short_image(image)}"
            with self._steps.step(f"{self._service}: checks") as step:
                count = await_checks(self._place, self._app, deadline=deadline)
                step.says = f"{count} passing" if count else "none are configured"
            with self._steps.step(f"{self._service}: answers") as step:
                step.says = answer = await_answer(self._place, self._target, self._service, deadline=deadline)
        except NotProvedError as error:
            if failure is not None:
                raise CommandError(f"{failure.message}; and {error.message}", hint=error.hint) from None
            raise
        return Release(
            service=self._service, target=self._target, app=self._app, version=release.version, image=image,
            previous=before.good_image(), answer=answer,
        )  # fmt: skip

    def _verify(self) -> None:
        with self._steps.step(f"{self._service}: verify") as step:
            checks = verify(self._place, self._target, services=[self._service])
            bad = [f"{one.name}: {one.says}" for one in checks if one.is_bad]
            if bad:
                raise NotProvedError(
                    f"'{self._service}' is deployed, and wrong: {'; '.join(bad)}",
                    hint=f"gaia-parity verify {self._target} --services {self._service}",
                )
            step.says = f"{len(checks)} checks"


def fly_toml(place: Workplace, service: str, target: str, options: DeployOptions) -> Path:
    """The service's own fly.toml.

    :raises RefusedError: there is none.
    """
    if options.fly_config is not None:
        return options.fly_config
    root = place.config.root
    folders = (root / service, root / "services" / service, root)
    for folder in folders:
        for name in (f"fly.{target}.toml", "fly.toml"):
            if (folder / name).is_file():
                return folder / name
    looked = ", ".join(f"'{folder.relative_to(root) or '.'}'" for folder in folders)
    raise RefusedError(
        f"'{service}' has no fly.{target}.toml and no fly.toml in {looked}",
        hint="name it with --fly-config FILE, or deploy what is built with --image REF",
    )


def run_parity_tests(place: Workplace, steps: Steps, service: str, target: str) -> None:
    """Run the parity tests of a service: the files that are named after it.

    :raises NotProvedError: they do not pass.
    """
    with steps.step(f"{service}: parity tests") as step:
        files = parity_test_files(place, service)
        if not files or place.is_lab:
            step.status = "skipped"
            step.says = "run them with pytest --parity NAME --lab" if place.is_lab else f"no test_{service}*.py"
            return
        argv = (sys.executable, "-m", "pytest", "--parity", target, "-q", *map(str, files))
        outcome = place.runner.run(
            Command(argv=argv, cwd=place.config.root, timeout=3600, tethered=True),
            on_line=lambda _, line: place.live(line),
        )
        step.says = _last_line(outcome)
        if not outcome.is_good:
            raise NotProvedError(
                f"the parity tests of '{service}' do not pass: {step.says}",
                hint=f"pytest --parity {target} {' '.join(str(file.relative_to(place.config.root)) for file in files)}",
            )


def parity_test_files(place: Workplace, service: str) -> list[Path]:
    """The files of parity tests that are named after a service."""
    folders = [place.config.root / name for name in place.config.table.parity_tests]
    return sorted(file for folder in folders for file in folder.rglob(f"test_{service.replace('-', '_')}*.py"))


def _last_line(outcome: Outcome) -> str:
    return outcome.out.strip().rpartition("\n")[2].strip("= ")


def unclean(place: Workplace) -> tuple[str, ...]:
    """A warning if what is deployed is not what is committed."""
    argv = ("git", "status", "--porcelain", "--untracked-files=no")
    try:
        outcome = place.runner.run(Command(argv=argv, cwd=place.config.root, timeout=20))
    except CommandError:
        return ()
    changed = outcome.out.strip().splitlines() if outcome.is_good else []
    return (f"{len(changed)} files are not committed; the image will have them all the same",) if changed else ()
