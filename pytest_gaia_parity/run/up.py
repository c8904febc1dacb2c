"""`--up`: the Compose stacks of a run's targets, up before preflight and down again after the run, however it ends."""

from __future__ import annotations

import functools
import sys
import time
from typing import TYPE_CHECKING

from pytest_gaia_parity.adapters.docker import Docker
from pytest_gaia_parity.adapters.process import Runner
from pytest_gaia_parity.clients.probe import ProbeTarget, probe
from pytest_gaia_parity.errors import ConfigError, ParityError
from pytest_gaia_parity.network.docker import is_inside
from pytest_gaia_parity.network.up import PAUSE, ComposeStack

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from pytest_gaia_parity.run.state import Run

#: seconds until services answer whose containers have no healthcheck; what does not by then is preflight's to tell
PATIENCE = 30.0
#: seconds that one question for health may take
TIMEOUT = 2.0


def bring_up(run: Run, config: pytest.Config, write: Callable[[str], None]) -> None:
    """Bring up the stacks of all targets that are Compose's; each is taken down when pytest ends.

    :raises ConfigError: no target is a Compose stack, or there is no Compose file.
    :raises UnreachableError: a stack does not come up.
    """
    if run.options.lab:  # the lab is up by itself
        return
    table = run.config.table.targets
    targets = [name for name in run.plan.targets if table[name].network == "docker"]
    if not targets:
        raise ConfigError(
            f'--up brings Compose stacks up, and of {", ".join(run.plan.targets)} none has network = "docker"',
            hint="leave --up out",
        )
    if is_inside():
        raise ConfigError(
            "--up is for the host; this process is in a container of the stack's network", hint="leave --up out"
        )
    for target in targets:
        stack = ComposeStack(
            runner=Runner(run.redactor.text),
            docker=Docker(),
            target=target,
            root=run.config.root,
            configured=table[target].compose,
            project=table[target].project,
            mask=run.redactor.text,
        )
        write(f"up: bringing up the Compose stack of {stack.folder}")
        config.add_cleanup(functools.partial(_take_down, stack))
        ran, brought = stack.bring_up()
        write(f"up: {', '.join(brought) or 'nothing had to be brought up'}" + _said_of(ran))
        _await_answers(run, target, stack)


def _said_of(ran: list[str]) -> str:
    return f"; {', '.join(ran)} ran before and will stay" if ran else ""


def _take_down(stack: ComposeStack) -> None:
    """When pytest has ended nobody else would show the error."""
    try:
        stack.take_down()
    except ParityError as error:
        sys.stderr.write(f"\n--up: the stack of {stack.folder} was not taken down: {error}\n")


def _await_answers(run: Run, target: str, stack: ComposeStack) -> None:
    """Wait until each service answers its health with something good; preflight tells of those that never do.

    :raises UnreachableError: a container ends meanwhile: without a healthcheck Compose is content with one that has begun.
    """
    services = {
        name: ProbeTarget(url=url, health=run.config.service(name).health) for name, url in run.urls(target).items()
    }
    deadline = time.monotonic() + PATIENCE
    network = run.network(target)
    while services and time.monotonic() < deadline:
        seen = probe(target=target, services=services, network=network, timeout=TIMEOUT)
        services = {
            name: service
            for name, service in services.items()
            if seen[name].failure or (seen[name].health or 500) >= 500
        }
        if services:
            stack.require_none_lost()
            time.sleep(PAUSE)  # between two questions
