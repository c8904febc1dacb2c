"""Preflight: every service of every side is asked for its health, all at once, before the first test."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from pytest_gaia_parity.clients.probe import ProbeTarget, probe
from pytest_gaia_parity.clients.tape import mask_facts
from pytest_gaia_parity.compare.causes import cause_of_failure
from pytest_gaia_parity.model.exchange import Reason
from pytest_gaia_parity.model.recording import ServiceFacts
from pytest_gaia_parity.network.route import Platform

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_gaia_parity.network.route import Network
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
        run.network(target.partition("@")[0])
    with ThreadPoolExecutor(max_workers=len(targets)) as pool:
        if run.plan.instances:
            first = _probe(run, targets[0])
            return _masked(run, {targets[0]: first, targets[1]: _probe_instances(run, first)})
        facts = dict(zip(targets, pool.map(lambda target: _probe(run, target), targets), strict=True))
    return _masked(run, facts)


def without_preflight(run: Run) -> Facts:
    """What the configuration alone knows."""
    facts = {
        target: {name: ServiceFacts(url=url) for name, url in run.urls(target).items()} for target in run.plan.targets
    }
    return _masked(run, facts)


def _masked(run: Run, facts: Facts) -> Facts:
    return {
        target: {name: mask_facts(one, run.redactor) for name, one in services.items()}
        for target, services in facts.items()
    }


def _probe_instances(run: Run, first: dict[str, ServiceFacts]) -> dict[str, ServiceFacts]:
    """What is seen of each service's further instances, told by one that fails or differs from the first."""
    with ThreadPoolExecutor(max_workers=min(32, len(run.plan.instances))) as pool:
        target = run.plan.targets[1]
        seen = list(pool.map(lambda instance: _probe(run, target, instance), run.plan.instances))
    return {name: _standing_for_all(first[name], [facts[name] for facts in seen]) for name in first}


def _standing_for_all(first: ServiceFacts, further: list[ServiceFacts]) -> ServiceFacts:
    told = {
        one.details["instance"]: {"version": one.version, "image": one.image, "address": one.address}
        for one in further
        if "instance" in one.details
    }
    chosen = min(further, key=lambda one: (not one.failure, (one.version, one.image) == (first.version, first.image)))
    return msgspec.structs.replace(chosen, details={**chosen.details, "instances": told})


def instance_lines(facts: Facts) -> list[str]:
    """A line for each service with its instances and the version of each, the baseline's first."""
    lines = []
    first, further = (list(table.items()) for table in facts.values())
    for (name, baseline), (_, candidate) in zip(first, further, strict=True):
        told = {baseline.details.get("instance", name): {"version": baseline.version}}
        told |= candidate.details.get("instances", {})
        shown = [f"{instance} ({one['version']})" if one["version"] else instance for instance, one in told.items()]
        lines.append(f"{name}: {', '.join(shown)}")
    return lines


def _probe(run: Run, target: str, instance: str = "") -> dict[str, ServiceFacts]:
    services = {
        name: ProbeTarget(url=url, health=run.config.service(name).health) for name, url in run.urls(target).items()
    }
    network = run.network(target, instance)
    seen = probe(target=target, services=services, network=network, timeout=TIMEOUT)
    is_lab = run.stack is not None
    return {
        name: _with_cause(
            target,
            name,
            _told(facts, {"calls": run.config.service(name).calls, **platform}),
            # who knows the place knows better than the cause in general
            keeps_hint="hint" in platform or (facts.details.get("stage") == "route" and not is_lab),
        )
        for (name, facts), platform in zip(seen.items(), _platform(run, target, network, seen), strict=True)
    }


def _platform(run: Run, target: str, network: Network, seen: Mapping[str, ServiceFacts]) -> Iterable[Mapping[str, Any]]:
    """What the platform says of each service, in their order."""
    if run.stack is not None:  # the lab's platform is the lab
        machines = run.stack.machines(target)
        return [{"machines": machines[name]} if name in machines else {} for name in seen]
    if not isinstance(network, Platform):
        return [{} for _ in seen]
    with ThreadPoolExecutor(max_workers=max(1, min(32, len(seen)))) as pool:
        return list(
            pool.map(
                lambda facts: network.about(urlsplit(facts.url).hostname or "", failed=bool(facts.failure)),
                seen.values(),
            )
        )


def _told(facts: ServiceFacts, platform: Mapping[str, Any]) -> ServiceFacts:
    """Add what the platform says of a service to what was seen of it."""
    rest = {key: value for key, value in platform.items() if key not in {"image", "reason"}}
    failure = "; ".join(filter(None, (facts.failure, facts.failure and platform.get("reason"))))
    return msgspec.structs.replace(
        facts, image=str(platform.get("image", "")) or facts.image, failure=failure, details={**facts.details, **rest}
    )


def _with_cause(target: str, service: str, facts: ServiceFacts, *, keeps_hint: bool) -> ServiceFacts:
    """Say why a service could not be reached, where that is known."""
    reason = facts.details.get("reason")
    cause = cause_of_failure(service, target, Reason(reason) if reason else None, facts)
    if not facts.failure or cause is None:
        return facts
    told = {"cause": f"{cause.says} ({cause.id})"} | ({} if keeps_hint else {"hint": cause.hint})
    return msgspec.structs.replace(facts, details={**facts.details, **told})


def failures(facts: Facts) -> list[tuple[str, str, ServiceFacts]]:
    """The services that could not be reached: target, service, what was seen."""
    return [(target, name, seen) for target, table in facts.items() for name, seen in table.items() if seen.failure]
