"""Network by name: from a target's configuration to the network that routes it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_gaia_parity.network.direct import DirectNetwork
from pytest_gaia_parity.network.docker import DockerNetwork, is_inside
from pytest_gaia_parity.network.guard import GuardedNetwork

if TYPE_CHECKING:
    from collections.abc import Sequence
    from urllib.parse import SplitResult

    from pytest_gaia_parity.config.schema import Config
    from pytest_gaia_parity.network.route import Network


def open_network(config: Config, target: str, *, shared: Sequence[tuple[str, int, int]] = ()) -> Network:
    """Make the network of a target; the caller opens and closes it.

    :param shared: what another process of this machine has opened for it, and told by `Shareable.share`.
    """
    settings = config.table.targets[target]
    if settings.network == "docker":
        return GuardedNetwork(via="docker-dns", target=target) if is_inside() else _docker(config, target)
    if settings.network == "fly":
        return _fly(config, target, shared)
    return DirectNetwork()


def _docker(config: Config, target: str) -> Network:
    from pytest_gaia_parity.adapters.docker import Docker  # noqa: PLC0415 - http.client and ssl, for few

    compose = config.root / config.table.targets[target].compose
    return DockerNetwork(
        docker=Docker(),
        target=target,
        root=compose.parent if compose.is_file() else compose,
        hosts=tuple(url.hostname or "" for url in _urls(config, target).values()),
        project=config.table.targets[target].project,
    )


def _fly(config: Config, target: str, shared: Sequence[tuple[str, int, int]]) -> Network:
    from pytest_gaia_parity.adapters.fly import Fly  # noqa: PLC0415 - not where Docker is compared with Docker
    from pytest_gaia_parity.adapters.process import Runner  # noqa: PLC0415 - likewise
    from pytest_gaia_parity.network.fly import FlyNetwork  # noqa: PLC0415 - likewise
    from pytest_gaia_parity.network.name_server import NameServerNetwork  # noqa: PLC0415 - likewise
    from pytest_gaia_parity.network.proxies import Place  # noqa: PLC0415 - likewise

    server = config.table.targets[target].dns
    program = next((name for name in ("fly", "flyctl") if shutil.which(name)), "")
    return FlyNetwork(
        target=target,
        places=[
            Place(url.hostname or "", url.port or (443 if url.scheme == "https" else 80), config.service(name).health)
            for name, url in _urls(config, target).items()
        ],
        name_server=NameServerNetwork(server=server, target=target) if server else None,
        dns=server,
        fly=Fly(Runner(), program=(program,)) if program else None,
        shared=shared,
    )


def _urls(config: Config, target: str) -> dict[str, SplitResult]:
    """The URLs of a target's services."""
    settings = config.table.targets[target]
    names = [name for name in config.service_names if settings.url or name in settings.urls]
    return {name: urlsplit(config.url(target, name)) for name in names}
