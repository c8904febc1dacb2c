"""The embedded stack's network: a table of names and the loopback addresses behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_gaia_parity.errors import NameNotFoundError, nearest
from pytest_gaia_parity.network.route import Endpoint, Route

if TYPE_CHECKING:
    from collections.abc import Mapping


class LabNetwork:
    """Routes the names of services to where the lab serves them."""

    def __init__(self, table: Mapping[tuple[str, int], tuple[str, int]]) -> None:
        self._routes = {name: Route("lab", (Endpoint(*address),)) for name, address in table.items()}

    def open(self) -> None:
        """Nothing to start: the stack is up."""

    def route(self, host: str, port: int) -> Route:
        """Where the lab serves a name.

        :raises NameNotFoundError: it serves no such name.
        """
        try:
            return self._routes[host, port]
        except KeyError:
            names = [f"{name}:{at}" for name, at in self._routes]
            raise NameNotFoundError(
                f"the lab does not know the name '{host}:{port}'; {nearest(f'{host}:{port}', names)}",
                hint="services reach each other by the names of the configuration",
            ) from None

    def failed(self, host: str, port: int) -> None:
        """Nothing to look up anew."""

    def close(self) -> None:
        """Nothing to end."""
