"""What a Fly organisation holds while the simulated API serves it: apps, machines, releases, secrets, tokens, faults."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any

ORGANIZATION = {"id": "org_lab", "name": "Gaia", "slug": "gaia"}
TOKEN = "a token of the organisation"
HEALTH = {"health": {"type": "http", "port": 8000, "path": "/health", "interval": "15s", "timeout": "2s"}}


class ApiError(Exception):
    """A refusal with its HTTP status; each kind of API words it in its own way."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def now() -> str:
    """The moment as the servers write it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(slots=True, kw_only=True)
class Secret:
    """A value, which no endpoint gives back, and what is told of it."""

    value: str
    digest: str
    created_at: str
    updated_at: str


@dataclass(slots=True, kw_only=True)
class Lease:
    """The right of one client to change a machine."""

    nonce: str
    owner: str
    expires: dt.datetime

    @property
    def is_held(self) -> bool:
        return self.expires > dt.datetime.now(dt.UTC)


@dataclass(slots=True, kw_only=True)
class Machine:
    """A machine, with the secrets that it got when it was last updated."""

    id: str
    config: dict[str, Any]
    digest: str
    state: str = "started"
    secrets: dict[str, str] = field(default_factory=dict)
    lease: Lease | None = None
    updates: int = 0
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)

    @property
    def image(self) -> str:
        return str(self.config["image"]).partition("@")[0]

    @property
    def release(self) -> int:
        return int(self.config.get("metadata", {}).get("fly_release_version", 0))


@dataclass(slots=True, kw_only=True)
class Release:
    """One release of an app."""

    version: int
    image: str
    status: str = "running"
    strategy: str = "ROLLING"
    definition: dict[str, Any] = field(default_factory=dict)
    created_at: str = field(default_factory=now)

    def id_in(self, app: App) -> str:
        return f"rel_{app.name}_{self.version}"


@dataclass(slots=True, kw_only=True)
class App:
    """An app; its releases are newest first."""

    name: str
    number: int
    secrets: dict[str, Secret] = field(default_factory=dict)
    secrets_version: int = 0
    machines: dict[str, Machine] = field(default_factory=dict)
    releases: list[Release] = field(default_factory=list)

    @property
    def status(self) -> str:
        return "deployed" if self.machines else "pending"

    def write(self, values: dict[str, str | None]) -> None:
        """Set values and, where one is null, remove it; all or none."""
        for name in values:
            if not name.replace("_", "a").isalnum() or not name.isascii():
                raise ApiError(422, f"invalid secret name: {name}")
        self.secrets_version += 1
        for name, value in values.items():
            before = self.secrets.pop(name, None)
            if value is not None:
                moment = now()
                created = before.created_at if before else moment
                self.secrets[name] = Secret(
                    value=value, digest=self.digest_of(value), created_at=created, updated_at=moment
                )

    def digest_of(self, value: str) -> str:
        """Sixteen hexadecimal digits, keyed: nobody can tell a value from them."""
        return hmac.new(f"key of {self.name}".encode(), value.encode(), hashlib.sha256).hexdigest()[:16]

    def statuses(self) -> dict[str, str]:
        """What flyctl makes of each secret: it is deployed where every machine's release is younger."""
        created = {one.version: one.created_at for one in self.releases}
        found = {}
        for name, secret in self.secrets.items():
            covered = [secret.updated_at <= created.get(one.release, "") for one in self.machines.values()]
            found[name] = "Deployed" if covered and all(covered) else "Partial" if any(covered) else "Staged"
        return found

    def release(self, image: str, definition: dict[str, Any], strategy: str = "ROLLING") -> Release:
        """Begin a release."""
        version = max((one.version for one in self.releases), default=0) + 1
        made = Release(version=version, image=image, definition=definition, strategy=strategy)
        self.releases.insert(0, made)
        return made


@dataclass(slots=True, kw_only=True)
class Fault:
    """What strikes requests instead of their answer."""

    path: str
    status: int
    times: int = 1
    method: str = ""


@dataclass(slots=True)
class World:
    """Everything that the API knows. `tokens` maps each to the apps it reaches, None being all of them."""

    apps: dict[str, App] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, frozenset[str] | None] = field(default_factory=lambda: {TOKEN: None})
    faults: list[Fault] = field(default_factory=list)
    #: requests in their order: method and path, of GraphQL the squeezed text; never a body
    calls: list[str] = field(default_factory=list)
    #: what was asked for and is not served, for whoever runs a newer flyctl against it
    unserved: list[str] = field(default_factory=list)

    def reached(self, token: str, name: str) -> App | None:
        """The app, if it exists and the token covers it."""
        scope = self.tokens[token]
        return self.apps.get(name) if scope is None or name in scope else None

    def digest(self, image: str) -> str | None:
        """The digest of an image that the registry still has; it may be named by tag, digest or both."""
        name, _, digest = image.partition("@")
        for known, exact in self.images.items():
            if (name == known and digest in {"", exact}) or (digest == exact and name == known.rpartition(":")[0]):
                return exact
        return None

    def add(self, name: str, image: str, machine_ids: tuple[str, ...]) -> App:
        """Add an app that runs an image by its first release."""
        app = App(name=name, number=len(self.apps) + 1)
        self.apps[name] = app
        self.images.setdefault(image, f"sha256:{hashlib.sha256(image.encode()).hexdigest()}")
        app.release(image, {"app": name, "checks": HEALTH}).status = "complete"
        for machine_id in machine_ids:
            metadata = {
                "fly_platform_version": "v2",
                "fly_process_group": "app",
                "fly_release_id": app.releases[0].id_in(app),
                "fly_release_version": "1",
                "fly_flyctl_version": "0.4.87",
            }
            config = {
                "init": {},
                "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 256},
                "metadata": metadata,
                "checks": HEALTH,
                "image": image,
                "restart": {"policy": "on-failure", "max_retries": 10},
            }
            app.machines[machine_id] = Machine(id=machine_id, config=config, digest=self.images[image])
        return app
