"""What flyctl prints as JSON, as typed values; all shapes that are in the wild."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import msgspec

from pytest_gaia_parity.errors import CommandError


class _Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Unknown keys are let pass: flyctl adds some with every release."""


class Secret(_Shape, frozen=True):
    """A secret's name and what tells one value from another.

    `status` is one of Deployed, Staged, Partial, Unknown, or empty: older versions and very large apps have none.
    """

    name: str
    digest: str = ""
    status: str = ""


class ImageRef(_Shape, frozen=True):
    """An image in a registry."""

    registry: str = ""
    repository: str = ""
    tag: str = ""
    digest: str = ""

    @property
    def exact(self) -> str:
        """The reference by digest where that is known, else by tag; empty if there is no image."""
        if not self.repository:
            return ""
        name = f"{self.registry}/{self.repository}" if self.registry else self.repository
        if self.digest:
            return f"{name}@{self.digest}"
        return f"{name}:{self.tag}" if self.tag else name


class MachineConfig(_Shape, frozen=True):
    """The part of a machine's configuration that matters here."""

    image: str = ""
    env: dict[str, str] | None = None
    metadata: dict[str, str] | None = None
    checks: dict[str, Any] | None = None
    services: list[dict[str, Any]] | None = None

    @property
    def check_count(self) -> int:
        """How many checks are configured, those of services included."""
        return len(self.checks or {}) + sum(len(service.get("checks") or []) for service in self.services or [])


class MachineCheck(_Shape, frozen=True):
    """The last result of one check."""

    name: str = ""
    status: str = ""
    output: str = ""
    updated_at: str | None = None


class Machine(_Shape, frozen=True):
    """One machine of an app."""

    id: str
    name: str = ""
    state: str = ""
    region: str = ""
    image_ref: ImageRef = ImageRef()
    private_ip: str = ""
    created_at: str = ""
    updated_at: str = ""
    config: MachineConfig | None = None
    incomplete_config: MachineConfig | None = None
    checks: list[MachineCheck] | None = None
    host_status: str = ""
    cordoned: bool = False

    @property
    def settings(self) -> MachineConfig:
        """Its configuration; on an unreachable host the incomplete one."""
        return self.config or self.incomplete_config or MachineConfig()

    @property
    def metadata(self) -> dict[str, str]:
        """Labels that flyctl puts on it."""
        return self.settings.metadata or {}

    @property
    def release(self) -> int | None:
        """The number of the release it was last updated by."""
        text = self.metadata.get("fly_release_version", "")
        return int(text) if text.isdigit() else None

    @property
    def is_serving_kind(self) -> bool:
        """Whether it is one of the app's own, not one of a release command, and not gone."""
        group = self.metadata.get("fly_process_group", "")
        return group != "fly_app_release_command" and self.state not in {"destroyed", "destroying", "replaced"}


class Organization(_Shape, frozen=True, rename="pascal"):
    """Who owns an app."""

    name: str = msgspec.field(name="Name", default="")
    slug: str = msgspec.field(name="Slug", default="")


class AppStatus(_Shape, frozen=True, rename="pascal"):
    """What `fly status` says of an app."""

    name: str
    status: str = ""
    deployed: bool = False
    hostname: str = ""
    version: int = 0
    machines: list[Machine] | None = None
    organization: Organization = Organization()


class Release(_Shape, frozen=True, rename="pascal"):
    """One release of an app."""

    version: int
    id: str = msgspec.field(name="ID", default="")
    status: str = ""
    stable: bool = False
    description: str = ""
    reason: str = ""
    created_at: str = ""
    image_ref: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether flyctl brought it to its end."""
        return self.status in {"complete", "succeeded"}


class ImageDetails(_Shape, frozen=True, rename="pascal"):
    """The image of one machine."""

    machine_id: str = msgspec.field(name="MachineID", default="")
    registry: str = ""
    repository: str = ""
    tag: str = ""
    digest: str = ""
    labels: str = ""

    @property
    def exact(self) -> str:
        """The reference by digest where that is known."""
        return ImageRef(registry=self.registry, repository=self.repository, tag=self.tag, digest=self.digest).exact


class App(_Shape, frozen=True, rename="pascal"):
    """One line of `fly apps list`."""

    name: str
    status: str = ""
    deployed: bool = False


class Version(_Shape, frozen=True, rename="pascal"):
    """What `fly version` says."""

    version: str
    name: str = ""
    commit: str = ""

    @property
    def number(self) -> tuple[int, ...]:
        """The version to compare by; empty for a development build, which is taken as new."""
        parts = self.version.removeprefix("v").partition("-")[0].partition("+")[0].split(".")
        return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()


class ExecResult(_Shape, frozen=True):
    """What a command in a machine did."""

    exit_code: int = 0
    stdout: str = ""
    stderr: str = ""


class Deployed(_Shape, frozen=True):
    """The line that `fly deploy` prints with FLY_EMIT_RELEASE_JSON."""

    version: int
    id: str = ""
    image_ref: str = ""


def decode(output: bytes, shape: Any, *, said_by: str) -> Any:
    """Decode what a command printed.

    :raises CommandError: naming the command, and where its output has another shape.
    """
    try:
        return msgspec.json.decode(output or b"null", type=shape)
    except msgspec.MsgspecError as error:
        raise CommandError(
            f"'{said_by}' answered in a shape that is not known: {error}",
            hint="compare 'fly version' with the versions in docs/operations.md",
        ) from None


def decode_secrets(output: bytes, *, said_by: str) -> tuple[Secret, ...]:
    """The list of secrets in any of its three shapes: keys in lower case, with or without digest and status, or capitalised."""
    rows = decode(output, list[dict[str, Any]] | None, said_by=said_by) or []
    lowered = [{key.lower(): value for key, value in row.items() if value is not None} for row in rows]
    try:
        return tuple(msgspec.convert(lowered, list[Secret]))
    except msgspec.ValidationError as error:
        raise CommandError(
            f"'{said_by}' answered in a shape that is not known: {error}",
            hint="compare 'fly version' with the versions in docs/operations.md",
        ) from None


class LogLine(_Shape, frozen=True):
    """A line that a machine wrote."""

    timestamp: str = ""
    level: str = ""
    message: str = ""
    instance: str = ""
    region: str = ""

    @property
    def moment(self) -> float:
        """Seconds since 1970, 0 where it has no time."""
        try:
            # Python reads no nanoseconds
            whole, _, fraction = self.timestamp.rstrip("Z").partition(".")
            return dt.datetime.fromisoformat(f"{whole}.{fraction[:6] or 0:0<6}+00:00").timestamp()
        except ValueError:
            return 0.0

    def __str__(self) -> str:
        return " ".join(filter(None, (self.timestamp, self.region, self.instance, self.level, self.message)))


def decode_logs(content: bytes, *, said_by: str) -> tuple[LogLine, ...]:
    """Read what `fly logs --json` prints: one object behind the other, over one line or several.

    :raises CommandError: it is no JSON.
    """
    decoder, text, at = json.JSONDecoder(), content.decode("utf-8", "replace").strip(), 0
    found: list[LogLine] = []
    while at < len(text):
        try:
            row, at = decoder.raw_decode(text, at)
            found.append(msgspec.convert(row, LogLine, strict=False))
        except (ValueError, msgspec.ValidationError) as error:
            raise CommandError(f"{said_by} printed what is no log: {error}", hint="fly version upgrade") from None
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
    return tuple(found)
