"""The instances of services: replicas of a Compose service, machines of a Fly app; and a network that leads to one of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from pytest_gaia_parity.errors import NothingToCompareError
from pytest_gaia_parity.network.route import Platform

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_gaia_parity.network.route import Network, Route


class Instances(NamedTuple):
    """What stands behind one name: the names that lead to one instance each, and words on those that do not run."""

    hosts: tuple[str, ...]
    absent: tuple[str, ...] = ()


@runtime_checkable
class Replicated(Protocol):
    """A network that can tell the instances behind a name apart."""

    def instances(self, host: str) -> Instances:
        """The instances behind a name, in an order that stays.

        :raises UnreachableError: there is none, or they cannot be told.
        """
        ...


def find_instances(network: Network, hosts: Iterable[str], *, target: str, what: str) -> dict[str, list[str]]:
    """Name → the names of its instances.

    :param what: `replica` or `machine`, for messages.
    :raises NothingToCompareError: no name has more than one that runs.
    """
    assert isinstance(network, Replicated), "options were checked against the target's network"  # noqa: S101
    found = {host: network.instances(host) for host in dict.fromkeys(hosts)}
    if all(len(one.hosts) < 2 for one in found.values()):
        absent = [words for one in found.values() for words in one.absent]
        raise NothingToCompareError(
            f"target '{target}': nothing to compare: each of {', '.join(found)} has one {what} that runs"
            + (f"; {', '.join(absent)}" if absent else ""),
            hint="docker compose up --detach --scale SERVICE=2" if what == "replica" else "fly scale count 2 -a APP",
        )
    return {host: list(one.hosts) for host, one in found.items()}


def labels_of(instances: Mapping[str, list[str]]) -> tuple[str, ...]:
    """What each further instance is called in node ids: its own name where one service has so many, else its number.

    >>> labels_of({"auth": ["gaia-auth-1", "gaia-auth-2", "gaia-auth-3"], "chat": ["gaia-chat-1", "gaia-chat-2"]})
    ('2', 'gaia-auth-3')
    """
    labels = []
    for number in range(1, max(map(len, instances.values()))):
        names = [hosts[number] for hosts in instances.values() if len(hosts) > number]
        labels.append(short(names[0]) if len(names) == 1 else str(number + 1))
    return tuple(labels)


def short(host: str) -> str:
    """An instance's own name: of a machine its id.

    >>> short("148e21b2c3d489.vm.gaia-auth-dev.internal"), short("gaia-auth-2")
    ('148e21b2c3d489', 'gaia-auth-2')
    """
    return host.partition(".vm.")[0]


class InstanceNetwork:
    """Leads each name to one of its instances, through a network that others use too, and that is theirs to close."""

    def __init__(self, network: Network, instances: Mapping[str, list[str]], number: int) -> None:
        """Lead to the instance of a number, counted from nought; where a name has not so many, to its first."""
        self._network = network
        self.hosts = {
            host: names[number] if number < len(names) else names[0] for host, names in instances.items() if names
        }

    def open(self) -> None:
        """Nothing to start."""

    def route(self, host: str, port: int) -> Route:
        """Where this name's instance is."""
        return self._network.route(self.hosts.get(host, host), port)

    def failed(self, host: str, port: int) -> None:
        """Have the instance looked up anew."""
        self._network.failed(self.hosts.get(host, host), port)

    def about(self, host: str, *, failed: bool = False) -> Mapping[str, Any]:
        """What the platform tells of this name's instance."""
        instance = self.hosts.get(host, host)
        if not isinstance(self._network, Platform):
            return {"instance": short(instance)}
        told = {
            name: value for name, value in self._network.about(instance, failed=failed).items() if name != "replicas"
        }
        return {"instance": short(instance), **told}

    def close(self) -> None:
        """Nothing to end."""
