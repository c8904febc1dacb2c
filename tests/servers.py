"""Real HTTP servers on loopback, and a user's project that tests them."""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pytest


@dataclass(slots=True)
class Reply:
    """What a served path answers; `body` that is not bytes is sent as JSON."""

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()

    def encoded(self) -> tuple[bytes, str]:
        """The bytes, and their type where the headers name none."""
        if isinstance(self.body, bytes):
            return self.body, "application/octet-stream"
        return json.dumps(self.body).encode(), "application/json"


Answer = Reply | dict[str, Any] | list[Any]
Routes = dict[str, "Answer | Callable[[BaseHTTPRequestHandler], Answer]"]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    routes: Mapping[str, Any]
    seen: list[tuple[str, str, dict[str, str], bytes]]

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def answer(self) -> None:
        """Look the path up and send what is there."""
        body = self._body()
        self.seen.append((self.command, self.path, dict(self.headers.items()), body))
        found = self.routes.get(self.path.partition("?")[0], Reply({"detail": "not found"}, status=404))
        reply = found(self) if callable(found) else found
        if not isinstance(reply, Reply):
            reply = Reply(reply)
        content, media_type = reply.encoded()
        self.send_response(reply.status)
        names = {name.lower() for name, _ in reply.headers}
        for name, value in reply.headers:
            self.send_header(name, value)
        if "content-type" not in names:
            self.send_header("content-type", media_type)
        if "content-length" not in names and "transfer-encoding" not in names:
            self.send_header("content-length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = answer  # noqa: N815 - names of the base class


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing of a connection that a route broke on purpose: stderr may be that of a run that has ended."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@dataclass(slots=True)
class Server:
    """A real HTTP server on loopback; `seen` holds every request: method, path, headers, body."""

    url: str
    seen: list[tuple[str, str, dict[str, str], bytes]]


def start_server(routes: Routes, address: str = "127.0.0.1") -> tuple[Server, ThreadingHTTPServer]:
    """Serve routes; the caller shuts the second value down."""
    seen: list[tuple[str, str, dict[str, str], bytes]] = []
    routes = {"/health": {"status": "ok"}, **routes}
    handler = type("Handler", (_Handler,), {"routes": routes, "seen": seen})
    server = _Listener((address, 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return Server(f"http://{address}:{server.server_port}", seen), server


CONFIG = """
[tool.gaia-parity.targets.local]
network = "direct"
urls = {{ api = "{local}" }}

[tool.gaia-parity.targets.dev]
network = "direct"
urls = {{ api = "{dev}" }}

[tool.gaia-parity.services.api]
"""


@dataclass(slots=True)
class Project:
    """A user's project: two targets with one service `api` each, and parity tests."""

    pytester: pytest.Pytester
    local: Server
    dev: Server

    def write(self, **files: str) -> None:
        """Write parity tests: name without .py → text."""
        folder = self.pytester.path / "parity_tests"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text, encoding="utf-8")

    def configure(self, more: str = "", *, local: str = "", dev: str = "") -> None:
        """Write pyproject.toml."""
        text = CONFIG.format(local=local or self.local.url, dev=dev or self.dev.url) + more
        (self.pytester.path / "pyproject.toml").write_text(text, encoding="utf-8")

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run pytest in this process, without confirmation unless asked for: most tests are about something else."""
        confirm = () if any("--parity-confirm" in one for one in arguments) else ("--parity-confirm=0",)
        return self.pytester.runpytest(*arguments, *(confirm if "--parity=dev" in arguments else ()))

    def results(self, name: str = "parity-dev") -> dict[str, Any]:
        """The results file."""
        text = (self.pytester.path / "reports" / f"{name}.json").read_text(encoding="utf-8")
        results: dict[str, Any] = json.loads(text)
        return results

    def verdicts(self) -> dict[str, str]:
        """Verdict by test, without its file."""
        return {one["test"].rpartition("::")[2]: one["verdict"] for one in self.results()["comparisons"]}

    def recording(self, target: str) -> list[dict[str, Any]]:
        """The lines of a recording."""
        text = (self.pytester.path / "reports" / f"{target}.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]
