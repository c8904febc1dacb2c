"""An HTTP server on a real Unix socket that answers as Docker's engine 20.10 answered a stack of Compose 1.29."""

from __future__ import annotations

import json
import socketserver
import threading
from contextlib import contextmanager
from copy import deepcopy
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

#: gateway and auth publish a port, asset does not, chat has exited; one container of `docker compose run`
RECORDED = Path(__file__).parent / "unit" / "network" / "containers.json"
LABEL = "com.docker.compose."


class Engine:
    """What the served engine says; tests change it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, Any]] = json.loads(RECORDED.read_text(encoding="utf-8"))
        self.info: dict[str, Any] = {"OperatingSystem": "Debian GNU/Linux 12", "SecurityOptions": ["name=seccomp"]}
        self.aliases: dict[str, list[str]] = {}
        self.status = 200
        self.calls: list[str] = []

    @property
    def env(self) -> dict[str, str]:
        return {"DOCKER_HOST": f"unix://{self.path}"}

    def row(self, service: str, project: str = "gaia") -> dict[str, Any]:
        return next(
            row
            for row in self.rows
            if row["Labels"][f"{LABEL}service"] == service
            and row["Labels"][f"{LABEL}project"] == project
            and row["Labels"][f"{LABEL}oneoff"] == "False"
        )

    def move(self, folder: Path) -> None:
        """Let the stack have been started in another folder."""
        for row in self.rows:
            row["Labels"][f"{LABEL}project.working_dir"] = str(folder)

    def copy_project(self, name: str, folder: str) -> None:
        """Run the same stack a second time under another name."""
        for row in deepcopy(self.rows):
            row["Id"] = f"{name}{row['Id']}"
            row["Names"] = [each.replace("/gaia_", f"/{name}_") for each in row["Names"]]
            row["Labels"] |= {f"{LABEL}project": name, f"{LABEL}project.working_dir": folder}
            self.rows.append(row)

    def answer(self, target: str) -> tuple[int, Any]:
        parts = urlsplit(target)
        self.calls.append(parts.path)
        if self.status != 200:
            return self.status, {"message": "the engine is unwell"}
        if parts.path == "/containers/json":
            asked = parse_qs(parts.query)
            assert json.loads(asked["filters"][0]) == {"label": [f"{LABEL}service"]}
            return 200, [row for row in self.rows if asked.get("all") == ["1"] or row["State"] == "running"]
        if parts.path == "/info":
            return 200, self.info
        row = next(row for row in self.rows if parts.path == f"/containers/{row['Id']}/json")
        name = row["Labels"][f"{LABEL}service"]
        return 200, {"NetworkSettings": {"Networks": {"gaia": {"Aliases": self.aliases.get(name)}}}}


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextmanager
def serving(engine: Engine) -> Iterator[Engine]:
    """Serve the engine until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = engine.answer(self.path)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def address_string(self) -> str:
            return "unix"

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with _Server(str(engine.path), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield engine
        finally:
            server.shutdown()
