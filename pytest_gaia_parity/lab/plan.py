"""What a side of the lab is to serve: plain values that travel to the process which serves it."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Door(StrEnum):
    """How a service can be reached."""

    #: it listens where the side's platform expects it
    OPEN = "open"
    #: it listens on IPv4 only, though the platform's network is IPv6
    IPV4_ONLY = "ipv4-only"
    #: nothing listens
    CLOSED = "closed"
    #: it accepts connections and never answers
    SILENT = "silent"
    #: its name leads nowhere
    UNKNOWN = "unknown"


class ServicePlan(msgspec.Struct, frozen=True, kw_only=True):
    """One service: its environment, and its door."""

    env: dict[str, str]
    #: host and port of the URL by which others know it
    name: tuple[str, int]
    door: Door = Door.OPEN
    #: whether the platform says that its machine runs
    stopped: bool = False


class SidePlan(msgspec.Struct, frozen=True, kw_only=True):
    """One side: where it listens, and its services by name."""

    target: str
    #: `127.0.0.1` or `::1`
    address: str
    services: dict[str, ServicePlan]
    #: whether its NATS server runs
    nats: bool = True
    #: further names that lead to a service: `host:port` → service
    aliases: dict[str, str] = {}

    def with_env(self, service: str, **changes: str | None) -> SidePlan:
        """The plan with variables of one service changed; None removes one."""
        plan = self.services[service]
        env = {name: value for name, value in {**plan.env, **changes}.items() if value is not None}
        return self._with(service, msgspec.structs.replace(plan, env=env))

    def with_quirk(self, service: str, quirk: str) -> SidePlan:
        """The plan with one service misbehaving."""
        quirks = filter(None, (self.services[service].env.get("LAB_QUIRKS", ""), quirk))
        return self.with_env(service, LAB_QUIRKS=",".join(quirks))

    def with_door(self, service: str, door: Door) -> SidePlan:
        """The plan with one service reached differently."""
        return self._with(service, msgspec.structs.replace(self.services[service], door=door))

    def with_stopped(self, service: str) -> SidePlan:
        """The plan with the machine of one service stopped: the platform's DNS no longer knows its name."""
        plan = msgspec.structs.replace(self.services[service], stopped=True, door=Door.UNKNOWN)
        return self._with(service, plan)

    def with_alias(self, name: str, service: str) -> SidePlan:
        """The plan with one more name, `host:port`, that leads to a service."""
        return msgspec.structs.replace(self, aliases={**self.aliases, name: service})

    def without_nats(self) -> SidePlan:
        """The plan with no NATS server."""
        return msgspec.structs.replace(self, nats=False)

    def _with(self, service: str, plan: ServicePlan) -> SidePlan:
        return msgspec.structs.replace(self, services={**self.services, service: plan})


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """What the process answers once its services listen."""

    #: service → where to connect, those with a name alone
    addresses: dict[str, tuple[str, int]]
    #: a Unix socket that takes restarts
    control: str


class Restart(msgspec.Struct, frozen=True, kw_only=True):
    """What the control socket takes, a line of JSON: a service that shall start anew with another environment."""

    restart: str
    env: dict[str, str]


class Restarted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What it answers, a line of JSON."""

    ok: bool
    error: str = ""
