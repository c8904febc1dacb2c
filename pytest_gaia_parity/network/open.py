"""Network by name: from a target's configuration to the network that routes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_gaia_parity.network.direct import DirectNetwork
from pytest_gaia_parity.network.guard import GuardedNetwork

if TYPE_CHECKING:
    from pytest_gaia_parity.config.schema import Config
    from pytest_gaia_parity.network.route import Network


def open_network(config: Config, target: str) -> Network:
    """Make the network of a target; the caller opens and closes it."""
    settings = config.table.targets[target]
    if settings.network == "docker":
        return GuardedNetwork(via="docker-dns", target=target)
    if settings.network == "fly":
        return GuardedNetwork(via="fly-dns", target=target)
    return DirectNetwork()
