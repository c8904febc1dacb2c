"""Proves that a deploy did what it should: neither flyctl's exit code nor its prose is trusted (design section 5)."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pytest_gaia_parity.clients.probe import ProbeTarget, probe
from pytest_gaia_parity.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_gaia_parity.adapters.fly_json import Machine, Release
    from pytest_gaia_parity.ops.workplace import Workplace

#: seconds between two looks: Fly allows one request a second and machine
INTERVAL = 2.0

T = TypeVar("T")


class NotProvedError(CommandError):
    """What was deployed is not what runs, or does not serve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What runs of an app, as far as it can be told.

    :param image: the exact image if all machines have the same, else empty.
    :param release: the number of the newest release, 0 if there is none.
    """

    machines: tuple[Machine, ...]
    releases: tuple[Release, ...]

    @property
    def release(self) -> int:
        """The number of the newest release, 0 if there is none."""
        return self.releases[0].version if self.releases else 0

    @property
    def images(self) -> tuple[str, ...]:
        """The images of the machines, each once."""
        return tuple(dict.fromkeys(one.image_ref.exact or one.settings.image for one in self.machines))

    @property
    def image(self) -> str:
        """The exact image if all machines have the same, else empty."""
        return self.images[0] if len(self.images) == 1 else ""

    def good_image(self) -> str:
        """The image to return to: what all machines run, if a complete release brought it, else that of the last one."""
        complete = [release for release in self.releases if release.is_complete and release.image_ref]
        if self.image and self.releases and self.releases[0].is_complete:
            return self.image
        return complete[0].image_ref if complete else ""

    def previous_release(self) -> Release | None:
        """The newest one whose image differs from what runs; a restart for secrets makes a release too."""
        current = {*self.images, *(release.image_ref for release in self.releases[:1])}
        tags = {one.settings.image for one in self.machines}
        for release in self.releases[1:]:
            if release.is_complete and release.image_ref and release.image_ref not in current | tags:
                return release
        return None


def look(place: Workplace, app: str) -> Running:
    """What runs of an app now."""
    machines = tuple(one for one in place.fly.machines(app) if one.is_serving_kind)
    return Running(machines=machines, releases=place.fly.releases(app))


def await_release(place: Workplace, app: str, *, after: int, deadline: float) -> Release:
    """Wait for a complete release newer than *after*.

    :raises NotProvedError: there is none in time, or it failed.
    """

    def found() -> Release | None:
        newest = next(iter(place.fly.releases(app)), None)
        if newest is None or newest.version <= after:
            return None
        if newest.status in {"failed", "interrupted", "cancelled"}:
            raise NotProvedError(
                f"release v{newest.version} of '{app}' is {newest.status}",
                hint=f"fly releases -a {app}; fly logs -a {app}",
            )
        return newest if newest.is_complete else None

    release = _await(found, deadline)
    if release is None:
        raise NotProvedError(f"'{app}' has no complete release newer than v{after}", hint=f"fly releases -a {app}")
    return release


def await_machines(place: Workplace, app: str, release: Release, *, deadline: float) -> tuple[Machine, ...]:
    """Wait until every machine was updated by the release and at least one is started.

    :raises NotProvedError: not in time.
    """
    says = "there are no machines"

    def found() -> tuple[Machine, ...] | None:
        nonlocal says
        machines = tuple(one for one in place.fly.machines(app) if one.is_serving_kind)
        says = _behind(machines, release)
        return None if says else machines

    machines = _await(found, deadline)
    if machines is None:
        raise NotProvedError(f"'{app}': {says}", hint=f"fly machine list -a {app}")
    return machines


def _behind(machines: Sequence[Machine], release: Release) -> str:
    behind = [one.id for one in machines if one.release is not None and one.release < release.version]
    if behind:
        return f"not updated to release v{release.version}: {', '.join(behind)}"
    images = {one.image_ref.exact or one.settings.image for one in machines}
    if len(images) > 1:
        return f"machines run different images: {', '.join(sorted(images))}"
    if not any(one.state == "started" for one in machines):
        states = ", ".join(f"{one.id} is {one.state}" for one in machines) or "there are no machines"
        return f"the new release has never run: {states}; .internal starts no machine"
    return ""


def await_checks(place: Workplace, app: str, *, deadline: float) -> int:
    """Wait until every check of every started machine passes; returns how many there are.

    :raises NotProvedError: not in time; names the checks.
    """
    says = ""

    def found() -> int | None:
        nonlocal says
        machines = [one for one in place.fly.machines(app) if one.is_serving_kind and one.state == "started"]
        results = [(one.id, result) for one in machines for result in one.checks or ()]
        bad = [
            f"{result.name} on {machine}: {result.status}, {result.output}"
            for machine, result in results
            if result.status != "passing"
        ]
        bad += [f"{one.id} has no result yet" for one in machines if one.settings.check_count and not one.checks]
        says = "; ".join(bad)
        return None if bad else len(results)

    count = _await(found, deadline)
    if count is None:
        raise NotProvedError(f"'{app}': {says}", hint=f"fly checks list -a {app}; fly logs -a {app}")
    return count


def await_answer(place: Workplace, target: str, service: str, *, deadline: float) -> str:
    """Wait until the service answers well under its private name; returns its version.

    :raises NotProvedError: not in time.
    """
    url, health = place.config.url(target, service), place.config.service(service).health
    network = place.open_network(place.config, target)
    says = ""

    def found() -> str | None:
        nonlocal says
        asked = {service: ProbeTarget(url=url, health=health)}
        facts = probe(target=target, services=asked, network=network, timeout=5.0)[service]
        if facts.failure:
            says = facts.failure
            network.failed(*_host_and_port(url))
            return None
        says = f"answers {facts.health}"
        return f"{facts.health} {facts.version}".strip() if facts.health is not None and facts.health < 300 else None

    try:
        network.open()
        answer = _await(found, deadline)
    finally:
        network.close()
    if answer is None:
        raise NotProvedError(f"{url}{health}: {says}", hint=f"gaia-parity verify {target} --services {service}")
    return answer


def _host_and_port(url: str) -> tuple[str, int]:
    host, _, port = url.partition("//")[2].partition("/")[0].rpartition(":")
    return (host, int(port)) if port.isdigit() else (port, 80)


def _await(found: Callable[[], T | None], deadline: float) -> T | None:
    """Look until something is found or the deadline has passed; at least once."""
    pause = threading.Event()
    while (result := found()) is None:
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        pause.wait(min(INTERVAL, left))
    return result
