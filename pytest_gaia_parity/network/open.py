"""Network by name: from a target's configuration to the network that routes it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_gaia_parity.network.direct import DirectNetwork
from pytest_gaia_parity.network.docker import DockerNetwork, is_inside
from pytest_gaia_parity.network.guard import GuardedNetwork

if TYPE_CHECKING:
    from pytest_gaia_parity.config.schema import Config
    from pytest_gaia_parity.network.route import Network


def open_network(config: Config, target: str) -> Network:
    """Make the network of a target; the caller opens and closes it."""
    settings = config.table.targets[target]
    if settings.network == "docker":
        return GuardedNetwork(via="docker-dns", target=target) if is_inside() else _docker(config, target)
    if settings.network == "fly":
        return GuardedNetwork(via="fly-dns", target=target)
    return DirectNetwork()


def _docker(config: Config, target: str) -> Network:
    from pytest_gaia_parity.adapters.docker import Docker  # noqa: PLC0415 - http.client and ssl, for few

    return DockerNetwork(
        docker=Docker(),
        target=target,
        root=config.root,
        hosts=_hosts(config, target),
        project=config.table.targets[target].project,
    )


def _hosts(config: Config, target: str) -> tuple[str, ...]:
    """The names in the URLs of a target's services."""
    settings = config.table.targets[target]
    names = [name for name in config.service_names if settings.url or name in settings.urls]
    return tuple(urlsplit(config.url(target, name)).hostname or "" for name in names)
