"""What tests of --parity-jobs share: what a run told, and a service with cookies."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.servers import Reply

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

    import pytest

    from tests.servers import Routes


def outcomes(result: pytest.RunResult) -> list[str]:
    """The lines of -v without their percentages, and what failures say; not what -v adds about jobs."""
    lines = [line for line in result.outlines if ("::" in line and line[:2] != "  ") or line[:2] == "E "]
    return [line.partition(" [")[0] for line in lines]


def cookie_routes() -> Routes:
    was_shown = threading.Event()

    def show(handler: BaseHTTPRequestHandler) -> Reply:
        cookie = handler.headers.get("cookie", "")
        if cookie:
            was_shown.set()
        return Reply(cookie)

    def when_set(_: BaseHTTPRequestHandler) -> Reply:
        return Reply({"came": was_shown.wait(20)})

    return {"/set": Reply({}, headers=(("set-cookie", "session=s1; Path=/"),)), "/show": show, "/when-set": when_set}
