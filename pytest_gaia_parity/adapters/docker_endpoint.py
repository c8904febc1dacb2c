"""Where Docker's engine listens, found as its own program finds it: DOCKER_HOST, the chosen context, the usual socket."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_gaia_parity.errors import ConfigError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULT = "unix:///var/run/docker.sock"
_PORTS = {True: 2376, False: 2375}


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerEndpoint:
    """An address of an engine.

    :param path: the Unix socket, empty for TCP.
    :param certificates: the folder with ca.pem, cert.pem and key.pem, None without TLS.
    """

    path: str = ""
    host: str = ""
    port: int = 0
    certificates: Path | None = None

    def __str__(self) -> str:
        return f"unix://{self.path}" if self.path else f"tcp://{self.host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether the engine is on this machine."""
        return bool(self.path)

    def connect(self, timeout: float) -> http.client.HTTPConnection:
        """A connection, not yet opened."""
        if self.path:
            return _UnixConnection(self.path, timeout)
        if self.certificates is None:
            return http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        return http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=_tls(self.certificates))


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def find_endpoint(env: Mapping[str, str]) -> DockerEndpoint:
    """The engine that the `docker` program would use with this environment.

    :raises ConfigError: what is configured cannot be used.
    """
    if host := env.get("DOCKER_HOST", ""):
        certificates = Path(env.get("DOCKER_CERT_PATH") or _folder(env)) if env.get("DOCKER_TLS_VERIFY") else None
        return _parse(host, certificates, said_by="DOCKER_HOST")
    context = env.get("DOCKER_CONTEXT") or _chosen_context(env)
    if context and context != "default":
        return _of_context(context, env)
    home = Path(env.get("HOME", "")) / ".docker" / "run" / "docker.sock"
    if sys.platform == "darwin" and home.exists():  # Docker Desktop, where no link in /var/run was allowed
        return DockerEndpoint(path=str(home))
    return _parse(_DEFAULT, None, said_by="the default")


def _folder(env: Mapping[str, str]) -> str:
    return env.get("DOCKER_CONFIG") or str(Path(env.get("HOME", "")) / ".docker")


def _chosen_context(env: Mapping[str, str]) -> str:
    return str(_json(Path(_folder(env)) / "config.json").get("currentContext", ""))


def _of_context(name: str, env: Mapping[str, str]) -> DockerEndpoint:
    contexts = Path(_folder(env)) / "contexts"
    key = hashlib.sha256(name.encode()).hexdigest()
    host = _json(contexts / "meta" / key / "meta.json").get("Endpoints", {}).get("docker", {}).get("Host", "")
    if not host:
        known = [str(_json(file).get("Name", "")) for file in contexts.glob("meta/*/meta.json")]
        raise ConfigError(
            f"there is no Docker context '{name}'; {nearest(name, ['default', *filter(None, known)])}",
            hint="docker context use NAME, or export DOCKER_CONTEXT",
        )
    certificates = contexts / "tls" / key / "docker"
    return _parse(str(host), certificates if certificates.is_dir() else None, said_by=f"the Docker context '{name}'")


def _parse(text: str, certificates: Path | None, *, said_by: str) -> DockerEndpoint:
    parts = urlsplit(text)
    if parts.scheme == "unix":
        return DockerEndpoint(path=parts.path)
    if parts.scheme in {"tcp", "http", "https"} and parts.hostname:
        port = parts.port or _PORTS[certificates is not None]
        return DockerEndpoint(host=parts.hostname, port=port, certificates=certificates)
    if parts.scheme == "ssh":
        raise ConfigError(
            f"{said_by} is {text}; an engine behind SSH is not asked directly",
            hint="ssh -nNT -L ./docker.sock:/var/run/docker.sock HOST, then export DOCKER_HOST=unix://$PWD/docker.sock",
        )
    raise ConfigError(f"{said_by} is '{text}'; valid: unix:///path, tcp://host:port", hint="docker context ls")


def _tls(certificates: Path) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(certificates / "ca.pem"))
        if (certificates / "cert.pem").exists():
            context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
    except OSError as error:
        raise ConfigError(
            f"Docker's certificates in {certificates} cannot be read: {error.strerror or error}",
            hint="export DOCKER_CERT_PATH to the folder of ca.pem, cert.pem and key.pem",
        ) from None
    return context


def _json(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
