"""Docker's API over its socket: what runs, of which Compose project, and where; twenty times quicker than its program."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import sys
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode

from pytest_gaia_parity.adapters.docker_endpoint import DockerEndpoint, find_endpoint
from pytest_gaia_parity.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: seconds that the engine may take for one answer
TIMEOUT = 5.0
#: seconds that a container may take to end
STOP = 60.0
#: 304: it is stopped already
_GOOD = (http.client.OK, http.client.NO_CONTENT, http.client.NOT_MODIFIED)
#: lines of a log that are asked for at once
MOST_LINES = 2000
_LABEL = "com.docker.compose."


class Published(NamedTuple):
    """A port of a container that the engine's machine listens on."""

    container_port: int
    address: str
    port: int


class Container(NamedTuple):
    """One container of a Compose project, running or not."""

    id: str
    name: str
    project: str
    service: str
    #: which replica of a scaled service
    number: int
    #: the folder that `docker compose up` ran in
    folder: str
    image: str
    #: digest of the image's configuration: two builds under one name differ in it
    image_id: str
    #: created, restarting, running, removing, paused, exited, dead
    state: str
    #: Docker's own words: `Up 8 minutes (unhealthy)`, `Exited (1) 3 minutes ago`
    status: str
    addresses: tuple[str, ...]
    published: tuple[Published, ...]

    @property
    def is_running(self) -> bool:
        """Whether it can be connected to."""
        return self.state == "running"

    @property
    def health(self) -> str:
        """`healthy`, `unhealthy`, `starting`; empty where no check is defined."""
        said = self.status.rpartition("(")[2].rstrip(")") if self.is_running and "(" in self.status else ""
        return {"health: starting": "starting"}.get(said, said)


class Docker:
    """The few questions that are asked of the engine; each call opens a connection of its own, so it is thread-safe."""

    def __init__(self, env: Mapping[str, str] = os.environ, *, timeout: float = TIMEOUT) -> None:
        self._env = env
        self._timeout = timeout
        self._endpoint: DockerEndpoint | None = None

    @property
    def endpoint(self) -> DockerEndpoint:
        """Where the engine listens, as the `docker` program would find it.

        :raises ConfigError: DOCKER_HOST or the Docker context cannot be used.
        """
        if self._endpoint is None:
            self._endpoint = find_endpoint(self._env)
        return self._endpoint

    def containers(self) -> tuple[Container, ...]:
        """Every container of every Compose project; those of `docker compose run` left out.

        :raises UnreachableError: the engine does not answer.
        """
        filters = json.dumps({"label": [f"{_LABEL}service"]})
        found = self._get("/containers/json?" + urlencode({"all": "1", "filters": filters}))
        return tuple(_container(row) for row in found if row["Labels"].get(f"{_LABEL}oneoff") != "True")

    def aliases(self, container: Container) -> tuple[str, ...]:
        """The further names that Docker's DNS knows a container by.

        :raises UnreachableError: the engine does not answer.
        """
        networks = self._get(f"/containers/{quote(container.id)}/json")["NetworkSettings"]["Networks"] or {}
        return tuple(name for network in networks.values() for name in network.get("Aliases") or ())

    def reaches_containers(self) -> bool:
        """Whether the addresses of containers can be reached from here: only where the engine runs on this very Linux.

        :raises UnreachableError: the engine does not answer.
        """
        if sys.platform != "linux" or not self.endpoint.is_local:
            return False
        info = self._get("/info")
        is_rootless = any("rootless" in option for option in info.get("SecurityOptions") or ())
        return not is_rootless and "Desktop" not in info.get("OperatingSystem", "")

    def logs(self, container: Container, *, since: float, until: float) -> list[str]:
        """The lines that a container wrote between two moments, each with its time, the last of very many.

        :raises UnreachableError: the engine does not answer, or keeps no logs that it can read.
        """
        asked = {"stdout": "1", "stderr": "1", "timestamps": "1", "tail": str(MOST_LINES)}
        query = urlencode({**asked, "since": f"{since:.6f}", "until": f"{until:.6f}"})
        content = self._call("GET", f"/containers/{quote(container.id)}/logs?{query}", timeout=self._timeout)
        return _demultiplexed(content).decode("utf-8", "replace").splitlines()

    def stop(self, container: Container) -> None:
        """Stop a container, in the time that it was given for that when it was made.

        :raises UnreachableError: the engine does not answer.
        """
        self._call("POST", f"/containers/{quote(container.id)}/stop", timeout=STOP)

    def remove(self, container: Container) -> None:
        """Remove a container with the volumes that have no name.

        :raises UnreachableError: the engine does not answer.
        """
        self._call("DELETE", f"/containers/{quote(container.id)}?v=1&force=1", timeout=STOP)

    def _get(self, path: str) -> Any:
        content = self._call("GET", path, timeout=self._timeout)
        try:
            return json.loads(content)
        except ValueError:
            raise UnreachableError(
                f"what answers at {self.endpoint} is not Docker", hint="see DOCKER_HOST and: docker context ls"
            ) from None

    def _call(self, method: str, path: str, *, timeout: float) -> bytes:
        connection = self.endpoint.connect(timeout)
        try:
            connection.request(method, path, headers={"Host": "docker"})
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from None
        finally:
            connection.close()
        is_gone = method == "DELETE" and answer.status == http.client.NOT_FOUND
        if answer.status not in _GOOD and not is_gone:
            raise UnreachableError(
                f"Docker answered {answer.status} to {path.partition('?')[0]}: {_message(content)}",
                hint="see docker info",
            )
        return content

    def _unreachable(self, error: Exception) -> UnreachableError:
        where = self.endpoint
        if isinstance(error, PermissionError):
            return UnreachableError(
                f"no permission on Docker's socket {where}",
                hint="sudo usermod -aG docker $USER, then log in again; or set DOCKER_HOST",
            )
        if isinstance(error, FileNotFoundError) and shutil.which("docker", path=self._env.get("PATH")) is None:
            return UnreachableError(
                f"Docker is not installed: there is neither {where} nor a program 'docker'",
                hint='install Docker, or give the target network = "direct"',
            )
        if isinstance(error, FileNotFoundError | ConnectionRefusedError):
            return UnreachableError(
                f"the Docker daemon does not run: nothing listens on {where}",
                hint="sudo systemctl start docker, or start Docker Desktop; docker context ls shows where it is sought",
            )
        if isinstance(error, TimeoutError | socket.timeout):
            return UnreachableError(
                f"Docker at {where} did not answer within {self._timeout:g} s", hint="sudo systemctl restart docker"
            )
        return UnreachableError(
            f"Docker at {where} cannot be asked: {error or type(error).__name__}",
            hint="see DOCKER_HOST and: docker context ls",
        )


def _demultiplexed(content: bytes) -> bytes:
    """The text of a log: of a container without a terminal, each piece has a head with its stream and length."""
    parts: list[bytes] = []
    at = 0
    while content[at : at + 1] in {b"\x00", b"\x01", b"\x02"} and content[at + 1 : at + 4] == b"\x00\x00\x00":
        length = int.from_bytes(content[at + 4 : at + 8])
        parts.append(content[at + 8 : at + 8 + length])
        at += 8 + length
    return b"".join(parts) if parts else content


def _message(content: bytes) -> str:
    try:
        return str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        return content[:200].decode("utf-8", "replace").strip()


def _container(row: Mapping[str, Any]) -> Container:
    labels = row["Labels"]
    networks = (row.get("NetworkSettings") or {}).get("Networks") or {}
    addresses = [network.get(key) for network in networks.values() for key in ("IPAddress", "GlobalIPv6Address")]
    return Container(
        id=row["Id"],
        name=(row.get("Names") or [row["Id"]])[0].lstrip("/"),
        project=labels.get(f"{_LABEL}project", ""),
        service=labels[f"{_LABEL}service"],
        number=int(labels.get(f"{_LABEL}container-number") or 1),
        folder=labels.get(f"{_LABEL}project.working_dir", ""),
        image=row.get("Image", ""),
        image_id=row.get("ImageID", ""),
        state=row.get("State", ""),
        status=row.get("Status", ""),
        addresses=tuple(address for address in addresses if address),
        published=tuple(
            Published(port["PrivatePort"], port.get("IP") or "0.0.0.0", port["PublicPort"])  # noqa: S104 - Docker's word
            for port in row.get("Ports") or ()
            if port.get("PublicPort") and port.get("Type") == "tcp"
        ),
    )
