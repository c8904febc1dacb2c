"""Services of a Compose stack: by Docker's own DNS inside its network, by the labels of containers from the host."""

from __future__ import annotations

import ipaddress
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.errors import NameNotFoundError, UnreachableError, nearest
from pytest_gaia_parity.network.compose import choose_project
from pytest_gaia_parity.network.guard import GuardedNetwork
from pytest_gaia_parity.network.instances import Instances
from pytest_gaia_parity.network.route import Endpoint, Route

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pytest_gaia_parity.adapters.docker import Container, Docker

#: seconds that the list of containers is kept; a restart gives a container another published port
TIME_TO_LIVE = 5.0
_RESOLVER = Path("/etc/resolv.conf")
_DOCKER_DNS = "nameserver 127.0.0.11"
#: where a port that is published on every address is connected
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what Docker says, not what is bound


def is_inside(resolver: Path = _RESOLVER) -> bool:
    """Whether this process asks Docker's DNS: the process runs in a container on a network of Compose."""
    try:
        return _DOCKER_DNS in resolver.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


class DockerNetwork:
    """Routes a service's name to its published port, else on Linux to the container's own address."""

    def __init__(self, *, docker: Docker, target: str, root: Path, hosts: Collection[str], project: str = "") -> None:
        """Prepare; nothing is asked yet.

        :param root: the folder of the configuration, by which the Compose project is found.
        :param hosts: the names that will be asked for.
        :param project: the configured project, empty where it is to be found.
        """
        self._docker = docker
        self._target = target
        self._root = root
        self._hosts = hosts
        self._project = project
        self._plain = GuardedNetwork(via="system-resolver", target=target)
        self._seen: tuple[float, tuple[Container, ...]] | None = None
        self._routes: dict[tuple[str, int], tuple[float, Route]] = {}
        self._reaches: bool | None = None

    def open(self) -> None:
        """Find the project; a Docker or a stack that is not there is told once and not for each service.

        :raises UnreachableError: the engine does not answer, or no project is up.
        :raises ConfigError: more than one project could be meant.
        """
        if all(_is_address(host) for host in self._hosts):
            return
        self._project = choose_project(
            self._containers(),
            root=self._root,
            configured=self._project,
            target=self._target,
            hosts=self._hosts,
        )

    def route(self, host: str, port: int) -> Route:
        """Where a service's port is.

        :raises UnreachableError: there is no such service, it does not run, or it cannot be reached from here.
        """
        known = self._routes.get((host, port))
        if known is not None and time.monotonic() - known[0] < TIME_TO_LIVE:
            return known[1]
        if _is_address(host):
            return self._plain.route(host, port)
        started = time.perf_counter()
        found = self._find(host, port)
        route = Route(found.via, found.endpoints, time.perf_counter() - started)
        self._routes[host, port] = (time.monotonic(), route)
        return route

    def failed(self, host: str, port: int) -> None:
        """Ask the engine anew: a container that was started again has another address and port."""
        self._seen = None
        self._routes.pop((host, port), None)

    def about(self, host: str, *, failed: bool = False) -> Mapping[str, Any]:
        """The image, health and number of the containers behind a name."""
        try:
            found = self._replicas(host)
        except UnreachableError:
            return {}
        first = found[0]
        facts: dict[str, Any] = {"image": f"{first.image} {first.image_id[:19]}".strip(), "container": first.name}
        if first.health:
            facts["container_health"] = first.health
        if failed and first.health in {"unhealthy", "starting"}:
            facts["reason"] = f"its container is {first.health}"
            facts["hint"] = f"docker compose -p {first.project} logs {first.service}"
        if len(found) > 1:
            facts["replicas"] = len(found)
        return facts

    def logs(self, host: str, *, since: float, until: float) -> list[str]:
        """What the containers behind a name wrote between two moments.

        :raises UnreachableError: the engine does not tell.
        """
        return [line for one in self._replicas(host) for line in self._docker.logs(one, since=since, until=until)]

    def instances(self, host: str) -> Instances:
        """The replicas of a service by their containers' names."""
        found = self._replicas(host)
        return Instances(
            tuple(one.name for one in found if one.is_running),
            tuple(f"{one.name} does not run: {one.status or one.state}" for one in found if not one.is_running),
        )

    def close(self) -> None:
        """Forget what was seen."""
        self._seen = None
        self._routes.clear()

    def _containers(self) -> tuple[Container, ...]:
        if self._seen is None or time.monotonic() - self._seen[0] >= TIME_TO_LIVE:
            self._seen = (time.monotonic(), self._docker.containers())
        return self._seen[1]

    def _replicas(self, host: str) -> list[Container]:
        """The containers that a name means, in the order of their numbers."""
        project = self._project
        mine = [one for one in self._containers() if one.project == project]
        found = [one for one in mine if host in (one.service, one.name)] or [
            one for one in mine if one.is_running and host in self._docker.aliases(one)
        ]
        if not found:
            raise NameNotFoundError(
                f"target '{self._target}': Compose project '{project}' has no service '{host}'; "
                f"{nearest(host, [one.service for one in mine])}",
                hint=f"docker compose -p {project} up -d {host}, or correct 'url' of the target",
            )
        return sorted(found, key=lambda one: one.number)

    def _find(self, host: str, port: int) -> Route:
        replicas = self._replicas(host)
        running = [one for one in replicas if one.is_running]
        if not running:
            first = replicas[0]
            raise UnreachableError(
                f"target '{self._target}': service '{first.service}' of Compose project '{first.project}' does not run: "
                f"{first.status or first.state}",
                hint=f"docker compose -p {first.project} logs {first.service}, then "
                f"docker compose -p {first.project} up -d {first.service}",
            )
        published = [
            self._published(one.address, one.port)
            for each in running
            for one in each.published
            if one.container_port == port
        ]
        if published:
            return Route("published-port", tuple(dict.fromkeys(published)))
        if self._reaches is None:
            self._reaches = self._docker.reaches_containers()
        addresses = [Endpoint(address, port) for each in running for address in each.addresses]
        if self._reaches and addresses:
            return Route("container-address", tuple(addresses))
        raise self._unpublished(running[0], port)

    def _published(self, address: str, port: int) -> Endpoint:
        endpoint = self._docker.endpoint
        return Endpoint(_LOOPBACK.get(address, address) if endpoint.is_local else endpoint.host, port)

    def _unpublished(self, container: Container, port: int) -> UnreachableError:
        ports: Sequence[str] = [f"{one.container_port}" for one in container.published]
        has = f"publishes only {', '.join(dict.fromkeys(ports))}" if ports else "publishes no port"
        return UnreachableError(
            f"target '{self._target}': service '{container.service}' {has}, and container addresses cannot be reached "
            "from here",
            hint=f'add ports: ["127.0.0.1::{port}"] to the service, or run the tests inside the Compose network',
        )


def _is_address(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
