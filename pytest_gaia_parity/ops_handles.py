"""What the fixtures secret_sync, deploy and verify hand out. None changes anything without --allow-deploy."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

import pytest

from pytest_gaia_parity.config.load import load_config
from pytest_gaia_parity.errors import CommandError
from pytest_gaia_parity.ops.deploy import DeployOptions, deploy
from pytest_gaia_parity.ops.rehearse import rehearse
from pytest_gaia_parity.ops.secrets import sync_secrets
from pytest_gaia_parity.ops.verify import verify
from pytest_gaia_parity.ops.workplace import open_workplace
from pytest_gaia_parity.run.state import run_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pytest_gaia_parity.ops.check import Check
    from pytest_gaia_parity.ops.deploy import Release
    from pytest_gaia_parity.ops.plan import Plan
    from pytest_gaia_parity.ops.workplace import Workplace
    from pytest_gaia_parity.run.target import Target


class SecretSync:
    """Call it to sync secrets: `secret_sync()`, `secret_sync(["auth"], stage=True)`."""

    def __init__(self, place: Workplace, target: str, config: pytest.Config) -> None:
        self._place = place
        self._target = target
        self._config = config

    def __call__(self, services: Sequence[str] | None = None, *, prune: bool = False, stage: bool = False) -> Plan:
        """Plan, and apply unless --dry-run was given.

        :raises ParityError: nothing could be done, or it failed for a service.
        """
        plan = sync_secrets(
            self._place,
            self._target,
            services=services,
            dry_run=self._config.getoption("dry_run"),
            prune=prune,
            stage=stage,
            yes=self._config.getoption("yes"),
        )
        for service, failure in plan.failures.items():
            raise CommandError(f"{service}: {failure}")
        return plan


class Deploy:
    """Call it to deploy: `deploy("gateway")`, `deploy("gateway", image="registry.fly.io/gaia:v2")`."""

    def __init__(self, place: Workplace, target: str, config: pytest.Config) -> None:
        self._place = place
        self._target = target
        self._config = config

    def __call__(self, service: str, *, image: str = "", rollback: bool = True, sync: bool = True) -> Release:
        """Deploy, and prove that it serves; with --dry-run plan, and skip the test.

        :raises ParityError: a step failed; with *rollback* what was good is back.
        """
        options = DeployOptions(
            image=image, roll_back=rollback, sync=sync, test=False, yes=self._config.getoption("yes")
        )
        if self._config.getoption("dry_run"):
            self._rehearse(service, options)
        return deploy(self._place, [service], self._target, options)[0]

    def _rehearse(self, service: str, options: DeployOptions) -> NoReturn:
        """Show the plan in the test's output, and skip the test; fail it if something stands in the way."""
        found = rehearse(self._place, [service], self._target, options)
        lines = found.lines()
        for line in lines:
            self._place.say(line)
        if not found.is_good:
            pytest.fail("\n".join(lines), pytrace=False)
        pytest.skip(f"dry run: {service} of {self._target} would be deployed, with {found.writes} secrets to write")


class Verify:
    """Call it to check what is deployed: `verify()`, `verify(["auth"])`."""

    def __init__(self, place: Workplace, target: str) -> None:
        self._place = place
        self._target = target

    def __call__(self, services: Sequence[str] | None = None) -> list[Check]:
        """Make all checks; it changes nothing."""
        return verify(self._place, self._target, services=services)


def open_for_run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """What operations work with: the configured targets, or the embedded stack of this run."""
    run = run_of(request.config)
    if not run.options.lab:
        return open_workplace(run.config, say=_say)
    if run.stack is None:
        pytest.skip("the embedded stack is operated by one process: run these tests without -n")
    from pytest_gaia_parity.lab.world import write_world  # noqa: PLC0415 - --lab only

    world = write_world(run.config, run.stack, tmp_path_factory.mktemp("fly"))
    return open_workplace(
        run.config,
        say=_say,
        program=world.program,
        env=world.env,
        state=world.state,
        env_file=world.env_file,
        open_network=lambda _, target: run.network(target),
        lab_targets=world.routes,
    )


def require_consent(target: Target, config: pytest.Config, name: str) -> None:
    """Skip a test whose fixture would change a target, unless the command line says that it may."""
    if target.network != "fly":
        pytest.skip(f"{name} is for targets on Fly, and '{target.name}' has network '{target.network}'")
    if not config.getoption("allow_deploy") and not config.getoption("dry_run"):
        pytest.skip(f"{name} changes '{target.name}': add --allow-deploy, or --dry-run to see what it would do")


def _say(line: str) -> None:
    """Pytest captures it, and shows it with a failure."""
    sys.stdout.write(f"{line}\n")


def open_for_verify(config: pytest.Config, folder: Path) -> tuple[Workplace, Callable[[], None]]:
    """A workplace for --verify, and what ends it; with --lab an embedded stack of its own."""
    settings = load_config(config.invocation_params.dir)
    if not config.getoption("lab") and not config.getoption("lab_fault"):
        return open_workplace(settings, say=_say), lambda: None
    from pytest_gaia_parity.lab.stack import Stack  # noqa: PLC0415 - --lab only
    from pytest_gaia_parity.lab.world import write_world  # noqa: PLC0415 - likewise
    from pytest_gaia_parity.network.lab import LabNetwork  # noqa: PLC0415 - likewise

    target, baseline = config.getoption("verify"), settings.table.baseline
    candidates = () if target == baseline else (target,)
    stack = Stack(settings, baseline=baseline, candidates=candidates, faults=config.getoption("lab_fault"))
    stack.start()
    world = write_world(settings, stack, folder)
    place = open_workplace(
        settings,
        say=_say,
        program=world.program,
        env=world.env,
        state=world.state,
        env_file=world.env_file,
        open_network=lambda _, name: LabNetwork(world.routes.get(name, {})),
        lab_targets=world.routes,
    )
    return place, stack.stop
