"""The log of a service, as services write it: a line for each request, with the trace that it came with."""

from __future__ import annotations

import datetime as dt
import time
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Logged:
    """An app that tells its log of each request."""

    def __init__(self, app: ASGIApp, service: str, out: TextIO) -> None:
        self._app = app
        self._service = service
        self._out = out

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and write it down."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0

        async def send_and_see(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        started = time.perf_counter()
        try:
            await self._app(scope, receive, send_and_see)
        except Exception:
            self._write(scope, "ERROR", f"failed\n{traceback.format_exc()}")
            raise
        level = "ERROR" if status >= 500 else "WARNING" if status >= 400 else "INFO"
        self._write(scope, level, f"{status} in {(time.perf_counter() - started) * 1000:.1f} ms")

    def _write(self, scope: Scope, level: str, said: str) -> None:
        headers = dict(scope.get("headers", ()))
        trace = headers.get(b"traceparent", b"-").decode("latin-1")
        run = headers.get(b"x-parity-run", b"-").decode("latin-1")
        moment = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        path = scope["path"].replace("\n", "\\n")
        self._out.write(
            f"{moment} {level} {self._service} {scope['method']} {path} {said} traceparent={trace} run={run}\n"
        )
        self._out.flush()
