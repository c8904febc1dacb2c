"""status: what runs where, in which version, how it is, and what it lacks; one row per service."""

from __future__ import annotations

import collections
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.adapters.docker import Docker
from pytest_gaia_parity.clients.probe import ProbeTarget, probe
from pytest_gaia_parity.errors import ParityError
from pytest_gaia_parity.model.recording import ServiceFacts
from pytest_gaia_parity.network.compose import choose_project
from pytest_gaia_parity.ops.deploy import journal_file
from pytest_gaia_parity.ops.plan import short_image
from pytest_gaia_parity.ops.proof import look
from pytest_gaia_parity.ops.secrets import service_url_name
from pytest_gaia_parity.ops.steps import read_journal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_gaia_parity.adapters.docker import Container
    from pytest_gaia_parity.ops.workplace import Workplace

TIMEOUT = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """One service on one target.

    :param machines: `state region` → how many.
    :param problem: why something could not be found out.
    """

    service: str
    target: str
    app: str = ""
    health: str = ""
    version: str = ""
    commit: str = ""
    image: str = ""
    machines: dict[str, int]
    checks: str = ""
    release: str = ""
    deployed: str = ""
    missing: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The state of a target, the local services with it.

    :param under_way: the deploy that runs now, empty if none does.
    :param cut_off: the deploy that ended without a word, empty if none did.
    """

    target: str
    services: tuple[ServiceStatus, ...]
    under_way: str = ""
    cut_off: str = ""


def status(place: Workplace, target: str, *, services: Sequence[str] | None = None) -> Status:
    """Look at all services of a target at once, and at the local ones beside them.

    :raises ConfigError: target or service is not configured.
    """
    place.target(target)
    chosen = place.services(services)
    local = place.config.table.baseline
    targets = [local, target] if local in place.config.table.targets and local != target else [target]
    with ThreadPoolExecutor(max_workers=16) as pool:
        rows = [row for found in pool.map(lambda one: _of_target(place, one, chosen), targets) for row in found]
    journal = read_journal(journal_file(place, target))
    runs = journal is not None and journal.outcome == "running"
    summary = journal.summary() if journal is not None else ""
    is_cut_off = journal is not None and journal.is_cut_off
    return Status(
        target=target,
        services=tuple(rows),
        under_way=summary if runs and not is_cut_off else "",
        cut_off=summary if is_cut_off else "",
    )


def _of_target(place: Workplace, target: str, services: Sequence[str]) -> list[ServiceStatus]:
    asked = {
        service: ProbeTarget(url=place.config.url(target, service), health=place.config.service(service).health)
        for service in services
    }
    network = place.open_network(place.config, target)
    try:
        network.open()
        facts: Mapping[str, ServiceFacts] = probe(target=target, services=asked, network=network, timeout=TIMEOUT)
    except ParityError as error:
        facts = {service: ServiceFacts(failure=error.message) for service in services}
    finally:
        network.close()
    local = _containers(place, target, services)
    with ThreadPoolExecutor(max_workers=8) as pool:
        return list(pool.map(lambda service: _row(place, target, service, facts=facts[service], local=local), services))


def _containers(place: Workplace, target: str, services: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What Docker says of a Compose stack's services."""
    settings = place.config.table.targets[target]
    if settings.network != "docker" or place.is_lab:
        return {}
    try:
        containers = Docker().containers()
        project = choose_project(
            containers, root=place.config.root, configured=settings.project, target=target, hosts=services
        )
    except ParityError as error:
        return {service: {"problem": error.message} for service in services}
    mine = [one for one in containers if one.project == project]
    return {service: _compose_row([one for one in mine if one.service == service]) for service in services}


def _compose_row(containers: Sequence[Container]) -> dict[str, Any]:
    healths = [one.health for one in containers if one.health]
    return {
        "machines": dict(collections.Counter(one.state for one in containers)),
        "image": " + ".join(dict.fromkeys(one.image for one in containers)),
        "checks": f"{healths.count('healthy')}/{len(healths)} passing" if healths else "",
    }


def _row(
    place: Workplace, target: str, service: str, *, facts: ServiceFacts, local: Mapping[str, dict[str, Any]]
) -> ServiceStatus:
    body = facts.health_body if isinstance(facts.health_body, dict) else {}
    known: dict[str, Any] = {
        "service": service,
        "target": target,
        "health": facts.failure or str(facts.health),
        "version": facts.version,
        "commit": str(body.get("commit", ""))[:12],
        "machines": {},
    }
    wanted = place.config.service(service).required
    if place.config.table.targets[target].network != "fly":
        missing = tuple(name for name in wanted if not place.env.values.get(name))
        return ServiceStatus(**{**known, "missing": missing, **local.get(service, {})})
    app = place.app(target, service)
    try:
        return ServiceStatus(**{**known, **_remote(place, app, service, wanted)})
    except ParityError as error:
        return ServiceStatus(**known, app=app, problem=error.message)


def _remote(place: Workplace, app: str, service: str, wanted: Sequence[str]) -> dict[str, Any]:
    running = look(place, app)
    names = {secret.name for secret in place.fly.secrets(app)}
    wanted = [*wanted, *(service_url_name(called) for called in place.config.service(service).calls)]
    results = [result.status for one in running.machines if one.state == "started" for result in one.checks or ()]
    newest = running.releases[0] if running.releases else None
    return {
        "app": app,
        "image": running.image or " + ".join(running.images),
        "machines": dict(collections.Counter(f"{one.state} {one.region}" for one in running.machines)),
        "checks": f"{results.count('passing')}/{len(results)} passing" if results else "none",
        "release": f"v{newest.version} {newest.status}" if newest else "none",
        "deployed": newest.created_at if newest else "",
        "missing": tuple(name for name in wanted if name not in names),
    }


def status_json(found: Status) -> str:
    """The status as JSON."""
    return json.dumps({"schema": 1, **asdict(found)}, indent=2)


def status_lines(found: Status) -> list[str]:
    """A table for people; below it what is missing or in doubt."""
    head = ("SERVICE", "HEALTH", "VERSION", "COMMIT", "MACHINES", "CHECKS", "RELEASE", "DEPLOYED", "IMAGE")
    rows = [head, *(_cells(one) for one in found.services)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    for one in found.services:
        name = f"{one.target}/{one.service}"
        if one.missing:
            lines.append(f"{name} lacks secrets: {', '.join(one.missing)}")
        if one.problem:
            lines.append(f"{name}: {one.problem}")
    if found.under_way:
        lines.append(f"under way: {found.under_way}")
    if found.cut_off:
        lines.append(f"cut off: {found.cut_off}; run the same command again to complete it")
    return lines


def _cells(one: ServiceStatus) -> tuple[str, ...]:
    machines = ", ".join(f"{count} {state}" for state, count in one.machines.items())
    health = one.health if len(one.health) <= 32 else f"{one.health[:31]}…"
    cells = (
        health,
        one.version,
        one.commit,
        machines,
        one.checks,
        one.release,
        one.deployed[:19],
        short_image(one.image),
    )
    return (f"{one.target}/{one.service}", *(cell or "-" for cell in cells))
