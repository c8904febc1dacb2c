"""What all tests share: a clean environment, real servers on loopback, projects for pytester."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import httpcore  # noqa: F401 - imported here, or pytester imports it anew for each run in this process: httpx keeps its exceptions in a table
import httpx  # noqa: F401 - likewise
import hypothesis  # its plugin wants it in each run
import jinja2  # noqa: F401 - likewise
import pytest

import pytest_gaia_parity.run.controller  # noqa: F401 - likewise
from tests.servers import Project, Routes, Server, start_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import ThreadingHTTPServer

pytest_plugins = ["pytester"]

# in CI the same examples each time: what a property finds by chance is for whoever works on it, not for whoever lands something else
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI") == "true":
    hypothesis.settings.load_profile("ci")


def pytest_configure() -> None:
    """Take Ctrl-C, and let children take it: who starts us in the background has it ignored, and that is inherited."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pin width and colour, and keep what the caller's shell says out of the tests."""
    monkeypatch.setenv("COLUMNS", "100")
    for name in (
        "PYTEST_ADDOPTS",
        "FORCE_COLOR",
        "GAIA_PARITY_MASK_KEY",
        "GAIA_PARITY_SHARD",
        "CI_NODE_INDEX",
        "GITHUB_ACTIONS",
        "GITHUB_STEP_SUMMARY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Serve routes until the test ends: `serve({"/health": {"status": "ok"}})`."""
    running: list[ThreadingHTTPServer] = []

    def start(routes: Routes, address: str = "127.0.0.1") -> Server:
        server, process = start_server(routes, address)
        running.append(process)
        return server

    yield start
    for process in running:
        process.shutdown()
        process.server_close()


@pytest.fixture
def project(pytester: pytest.Pytester, serve: Callable[..., Server]) -> Callable[..., Project]:
    """Make a project whose two targets serve routes: `project({"/x": …}, dev={"/x": …})`."""

    def make(
        routes: Routes | None = None, *, dev: Routes | None = None, config: str = "", address: str = "127.0.0.1"
    ) -> Project:
        local = serve(routes or {}, address)
        made = Project(pytester, local, serve({**(routes or {}), **(dev or {})}, address))
        made.configure(config)
        return made

    return make


@pytest.fixture(params=["plain", "n2"])
def workers(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Without pytest-xdist, and with two of its workers."""
    return {"plain": ("-p", "no:xdist"), "n2": ("-n", "2")}[request.param]
