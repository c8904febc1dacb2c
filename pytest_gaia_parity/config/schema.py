"""The configuration as typed values: the keys of `[tool.gaia-parity]`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Literal

import msgspec

from pytest_gaia_parity.model.rules import CompareRules, Expected

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: targets of these names are protected without saying so
ALWAYS_PROTECTED = frozenset({"production", "prod"})


class _Table(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    pass


class TargetConfig(_Table, frozen=True):
    """`[tool.gaia-parity.targets.NAME]`: one environment."""

    #: docker, fly, direct; `lab` is what `--lab` puts in their place
    network: Literal["docker", "fly", "direct", "lab"]
    #: URL of a service, with the placeholders {service} and {app}
    url: str = ""
    #: URL of each service by name, instead of `url`
    urls: dict[str, str] = {}
    #: the Fly app of a service, with the placeholder {service}
    app: str = ""
    #: the Compose project; by default the one whose folder this is
    project: str = ""
    #: the Compose file, or its folder; by default the one of this folder or the nearest above
    compose: str = ""
    #: a DNS server for `.internal`, by address
    dns: str = ""
    protected: bool = False
    read_only: bool = False
    #: requests allowed on a read-only target: `METHOD service /path`
    writes: list[str] = []


class ServiceConfig(_Table, frozen=True):
    """`[tool.gaia-parity.services.NAME]`: one service, the same on every target."""

    health: str = "/health"
    #: services it calls; each gives it NAME_SERVICE_URL
    calls: list[str] = []
    #: where the health body tells about a dependency: name → `$.checks.database`
    checks: dict[str, str] = {}
    required: list[str] = []
    optional: list[str] = []


class CompareConfig(_Table, frozen=True):
    """`[tool.gaia-parity.compare]`."""

    ignore: list[str] = []
    shape: list[str] = []
    unordered: list[str] = []
    tolerance: float = 0.0
    repeat: int = 2
    confirm: int = 2

    def rules(self) -> CompareRules:
        """The part that concerns how values are compared."""
        return CompareRules(
            ignore=tuple(self.ignore),
            shape=tuple(self.shape),
            unordered=tuple(self.unordered),
            tolerance=self.tolerance,
        )


class ExpectedConfig(_Table, frozen=True):
    """`[[tool.gaia-parity.expected]]`: a known difference."""

    test: str
    path: str
    kind: str
    reason: str
    until: dt.date
    baseline: Any = msgspec.UNSET
    candidate: Any = msgspec.UNSET
    exchange: str = ""


class ConfigFile(_Table, frozen=True):
    """The table as it is written."""

    baseline: str = "local"
    env_file: str = ".env"
    parity_tests: list[str] = msgspec.field(default_factory=lambda: ["parity_tests"])
    reports: str = "reports"
    #: seconds a request may take
    timeout: float = 30.0
    #: tests whose bodies run at once in one process
    jobs: int = 1
    #: fixtures of function scope that may run at once, beside each other
    concurrent_fixtures: list[str] = []
    #: for what mismatches, fetch what the services of both sides logged of it
    flight_recorder: bool = True
    targets: dict[str, TargetConfig] = {}
    services: dict[str, ServiceConfig] = {}
    compare: CompareConfig = CompareConfig()
    expected: list[ExpectedConfig] = []


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The checked configuration with the folder it was found in; paths in it are relative to that folder."""

    file: Path
    table: ConfigFile

    @property
    def root(self) -> Path:
        """The folder of the configuration file."""
        return self.file.parent

    @property
    def service_names(self) -> tuple[str, ...]:
        """Services that are declared, or given an address by a target."""
        names = dict.fromkeys(self.table.services)
        for target in self.table.targets.values():
            names.update(dict.fromkeys(target.urls))
        return tuple(names)

    def expected(self) -> tuple[Expected, ...]:
        """The known differences, as values for the comparison."""
        return tuple(
            Expected(
                test=one.test,
                path=one.path,
                kind=one.kind,
                reason=one.reason,
                until=one.until.isoformat(),
                baseline=one.baseline,
                candidate=one.candidate,
                exchange=one.exchange,
            )
            for one in self.table.expected
        )

    def service(self, name: str) -> ServiceConfig:
        """A service's settings, the defaults where it has no table."""
        return self.table.services.get(name, ServiceConfig())

    def url(self, target: str, service: str) -> str:
        """The URL that services use for *service* on *target*, without a trailing slash."""
        settings = self.table.targets[target]
        if service in settings.urls:
            return settings.urls[service].rstrip("/")
        app = settings.app.format(service=service)
        return settings.url.format(service=service, app=app).rstrip("/")
