"""What a service of the lab is told by its environment, read once into a value."""

from __future__ import annotations

import datetime as dt
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: what each service cannot work without, as Gaia's deployment guide lays down
REQUIRED = {
    "gateway": (
        "SUPABASE_URL",
        "SUPABASE_ANON_KEY",
        "SUPABASE_JWT_SECRET",
        "DATABASE_URL",
        "API_KEY",
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
    ),
    "auth": ("SUPABASE_URL", "SUPABASE_ANON_KEY", "SUPABASE_JWT_SECRET", "DATABASE_URL"),
    "asset": ("DATABASE_URL", "OPENAI_API_KEY"),
    "chat": ("DATABASE_URL", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "SUPABASE_URL", "SUPABASE_JWT_SECRET"),
}
SERVICES = tuple(REQUIRED)
#: the services that the gateway calls, each over NAME_SERVICE_URL
CALLED = ("auth", "asset", "chat")

Address = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One service's settings.

    Variables that begin with LAB_ stand for what surrounds a service: LAB_PLATFORM (`compose` or `fly`), LAB_REGION,
    LAB_CLOCK_OFFSET (seconds), LAB_HOSTS (names and where they lead, in the lab in place of a DNS server), LAB_QUIRKS
    (misbehaviours by name, see `faults`).
    """

    service: str
    version: str
    commit: str
    database_url: str
    nats_url: str
    supabase_url: str
    jwt_secret: str
    api_key: str
    #: required names that are not set
    missing: tuple[str, ...]
    #: service → URL
    urls: Mapping[str, str]
    #: `host:port` of a URL → where to connect
    hosts: Mapping[str, Address]
    platform: str
    region: str
    clock_offset: float
    quirks: frozenset[str]

    @classmethod
    def from_env(cls, service: str, env: Mapping[str, str]) -> Settings:
        """Read the settings of *service* from *env*, by which it is told everything."""
        hosts = json.loads(env.get("LAB_HOSTS") or "{}")
        return cls(
            service=service,
            version=env.get("GAIA_VERSION", "0.0.0"),
            commit=env.get("GAIA_COMMIT", ""),
            database_url=env.get("DATABASE_URL", ""),
            nats_url=env.get("NATS_URL", ""),
            supabase_url=env.get("SUPABASE_URL", "").rstrip("/"),
            jwt_secret=env.get("SUPABASE_JWT_SECRET", ""),
            api_key=env.get("API_KEY", ""),
            missing=tuple(name for name in REQUIRED[service] if not env.get(name)),
            urls={name: env.get(f"{name.upper()}_SERVICE_URL", f"http://{name}:8000").rstrip("/") for name in CALLED},
            hosts={name: (host, int(port)) for name, (host, port) in hosts.items()},
            platform=env.get("LAB_PLATFORM", "compose"),
            region=env.get("LAB_REGION", ""),
            clock_offset=float(env.get("LAB_CLOCK_OFFSET") or 0),
            quirks=frozenset(filter(None, env.get("LAB_QUIRKS", "").split(","))),
        )

    def now(self) -> float:
        """Seconds since 1970 by this service's clock."""
        return time.time() + self.clock_offset

    def timestamp(self) -> str:
        """The service's time as it appears in bodies: ISO 8601, UTC, milliseconds."""
        moment = dt.datetime.fromtimestamp(self.now(), tz=dt.UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
