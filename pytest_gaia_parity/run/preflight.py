"""Preflight: every service of every side is asked for its health, all at once, before the first test."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec

from pytest_gaia_parity.clients.probe import ProbeTarget, probe
from pytest_gaia_parity.model.recording import ServiceFacts

if TYPE_CHECKING:
    from pytest_gaia_parity.run.state import Run

#: seconds that one service may take to be resolved, connected and to answer
TIMEOUT = 5.0

Facts = dict[str, dict[str, ServiceFacts]]


def run_preflight(run: Run) -> Facts:
    """Probe all targets side by side; returns what was seen by target and service.

    :raises UnreachableError: a target's network is not there at all.
    """
    targets = run.plan.targets
    for target in targets:
        run.network(target)
    with ThreadPoolExecutor(max_workers=len(targets)) as pool:
        return dict(zip(targets, pool.map(lambda target: _probe(run, target), targets), strict=True))


def without_preflight(run: Run) -> Facts:
    """What the configuration alone knows."""
    return {
        target: {name: ServiceFacts(url=url) for name, url in run.urls(target).items()} for target in run.plan.targets
    }


def _probe(run: Run, target: str) -> dict[str, ServiceFacts]:
    services = {
        name: ProbeTarget(url=url, health=run.config.service(name).health) for name, url in run.urls(target).items()
    }
    seen = probe(target=target, services=services, network=run.network(target), timeout=TIMEOUT)
    # what the platform says of machines; the lab's platform is the lab
    machines = {} if run.stack is None else run.stack.machines(target)
    return {
        name: msgspec.structs.replace(facts, details={**facts.details, "machines": machines[name]})
        if name in machines
        else facts
        for name, facts in seen.items()
    }


def failures(facts: Facts) -> list[tuple[str, str, ServiceFacts]]:
    """The services that could not be reached: target, service, what was seen."""
    return [(target, name, seen) for target, table in facts.items() for name, seen in table.items() if seen.failure]
