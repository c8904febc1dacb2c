"""The simulated Fly API as one server, at which flyctl's base addresses can point: who may ask, faults, errors."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.flyctl.machines_api import MachinesApi
from tests.flyctl.platform_api import GraphQl, Rest, refused
from tests.flyctl.world import ApiError, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

REQUEST_ID = {"fly-request-id": "01LAB-ams"}
WORDS = {401: "unauthenticated", 404: "not_found", 408: "deadline_exceeded", 409: "aborted", 422: "invalid_argument"}


def build(world: World) -> ASGIApp:
    """The API of this world."""
    graphql = GraphQl(world)

    async def answer(request: Request) -> Response:
        return await graphql(request)

    async def unserved(request: Request, _error: Exception) -> Response:
        world.unserved.append(f"{request.method} {request.url.path}")
        return _error_of(ApiError(404, "404 page not found"))

    async def failed(_request: Request, error: Exception) -> Response:
        return _error_of(error if isinstance(error, ApiError) else ApiError(500, "internal"))

    routes = [Route("/graphql", answer, methods=["POST"]), *MachinesApi(world).routes, *Rest(world).routes]
    return _Door(world, Starlette(routes=routes, exception_handlers={404: unserved, ApiError: failed}))


def _error_of(error: ApiError) -> Response:
    body = {"error": error.message, "status": WORDS.get(error.status, "unknown")}
    return JSONResponse(body, error.status, REQUEST_ID)


class _Door:
    """Stands before all endpoints: lets planted faults strike, and asks for a token."""

    def __init__(self, world: World, app: ASGIApp) -> None:
        self._world = world
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path != "/graphql":
            self._world.calls.append(f"{method} {path}")
        response = self._struck(method, path)
        if response is None:
            headers = dict(scope["headers"])
            token = headers.get(b"authorization", b"").decode().removeprefix("Bearer ").removeprefix("FlyV1 ")
            if token in self._world.tokens:
                scope.setdefault("state", {})["token"] = token
                await self._app(scope, receive, send)
                return
            error = ApiError(401, "You must be authenticated to view this.")
            response = refused(error) if path == "/graphql" else _error_of(error)
        await response(scope, receive, send)

    def _struck(self, method: str, path: str) -> Response | None:
        for fault in self._world.faults:
            if fault.times > 0 and path.startswith(fault.path) and fault.method in {"", method}:
                fault.times -= 1
                return _error_of(ApiError(fault.status, "planted"))
        return None


class Server:
    """One server for many worlds, one after another: starting it takes longer than most tests."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._app: ASGIApp | None = None

    def show(self, world: World) -> None:
        """Serve this world from now on."""
        self._app = build(world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            await JSONResponse({"error": "no world is shown"}, 500)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    """Serve on loopback while the block runs."""
    # with its protocol named, or asyncio leaves Nagle's algorithm on and each answer takes 40 ms
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        shown = Server(f"http://127.0.0.1:{listener.getsockname()[1]}")
        server = uvicorn.Server(uvicorn.Config(shown, lifespan="off", log_level="critical", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield shown
        finally:
            server.should_exit = True
            thread.join()
