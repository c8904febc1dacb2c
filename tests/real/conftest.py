"""httpbin by two different servers: gunicorn, and uvicorn with a bridge from ASGI to WSGI."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UVICORN = """
import socket, sys
import uvicorn
from a2wsgi import WSGIMiddleware
from httpbin import app

config = uvicorn.Config(WSGIMiddleware(app), lifespan="off", log_level="critical")
uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])
"""


def listener() -> socket.socket:
    """A listening socket: who connects before the server serves waits instead of being refused."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    bound.listen(128)
    return bound


@pytest.fixture(scope="session")
def gunicorn() -> Iterator[str]:
    """The URL of httpbin served by gunicorn."""
    yield from _served(lambda fd: ["-m", "gunicorn", "--bind", f"fd://{fd}", "--threads", "4", "httpbin:app"])


@pytest.fixture(scope="session")
def uvicorn() -> Iterator[str]:
    """The URL of httpbin served by uvicorn."""
    yield from _served(lambda fd: ["-c", UVICORN, str(fd)])


def _served(arguments: Callable[[int], list[str]]) -> Iterator[str]:
    with listener() as bound:
        port = bound.getsockname()[1]
        process = subprocess.Popen(  # noqa: S603 - the arguments are above
            [sys.executable, *arguments(bound.fileno())],
            pass_fds=[bound.fileno()],
            stderr=subprocess.DEVNULL,
        )
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=10)
