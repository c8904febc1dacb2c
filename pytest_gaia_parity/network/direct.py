"""The given URLs, connected as they are."""

from __future__ import annotations

from pytest_gaia_parity.network.route import Route


class DirectNetwork:
    """Leaves every name to the system's resolver."""

    def __init__(self, via: str = "direct") -> None:
        self._route = Route(via)

    def open(self) -> None:
        """Nothing to start."""

    def route(self, host: str, port: int) -> Route:  # noqa: ARG002 - the same for all
        """The URL's own host and port."""
        return self._route

    def failed(self, host: str, port: int) -> None:
        """Nothing to look up anew."""

    def close(self) -> None:
        """Nothing to end."""
