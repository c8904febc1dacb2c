"""What tests see of the side they run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_gaia_parity.errors import ConfigError, nearest

if TYPE_CHECKING:
    from pytest_gaia_parity.run.sides import Side
    from pytest_gaia_parity.run.state import Run


class Target:
    """The side this test runs on now: `name`, `network`, `is_baseline`, `url(service)`."""

    __slots__ = ("run", "side")

    def __init__(self, side: Side, run: Run) -> None:
        self.side = side
        #: for the plugin's own fixtures
        self.run = run

    @property
    def name(self) -> str:
        """The target's name in the configuration."""
        return self.side.target_name

    @property
    def network(self) -> str:
        """`docker`, `fly` or `direct`, as configured."""
        return self.run.config.table.targets[self.name].network

    @property
    def is_baseline(self) -> bool:
        """Whether this is the side that is compared with."""
        return self.side.is_baseline

    def url(self, service: str) -> str:
        """The URL that services use for *service* on this target.

        :raises ConfigError: there is no such service.
        """
        config = self.run.config
        names = config.service_names
        if service not in names:
            raise ConfigError(
                f"'{service}' is no service of {config.file}; {nearest(service, names)}",
                hint=f"correct the test, or add [tool.gaia-parity.services.{service}]",
            )
        return config.url(self.name, service)

    def __repr__(self) -> str:
        return f"<Target {self.side.id}>"
