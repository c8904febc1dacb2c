"""Puts a service together: its routes, its health body, the platform around it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pytest_gaia_parity.lab import asset, auth, chat, gateway
from pytest_gaia_parity.lab.platform import Platform
from pytest_gaia_parity.lab.replies import ApiError, on_api_error, on_http_error
from pytest_gaia_parity.lab.store import Store, check_server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from pytest_gaia_parity.lab.service import Service
    from pytest_gaia_parity.lab.settings import Settings

#: what a NATS server says first
NATS_GREETING = b"INFO "

_MAKERS: Mapping[str, Callable[[Settings, Store], Service]] = {
    "gateway": gateway.make,
    "auth": auth.make,
    "asset": asset.make,
    "chat": chat.make,
}
_SCHEMAS = {"gateway": gateway.SCHEMA, "auth": auth.SCHEMA, "asset": asset.SCHEMA, "chat": chat.SCHEMA}
#: the services that use NATS
_ON_NATS = frozenset({"gateway", "chat"})


@dataclass(frozen=True, slots=True)
class Built:
    """A service that can be served, and how to let go of what it holds."""

    app: ASGIApp
    close: Callable[[], Awaitable[None]]


def build(settings: Settings) -> Built:
    """Make the app of `settings.service`."""
    store = Store(settings.database_url, _SCHEMAS[settings.service])
    service = _MAKERS[settings.service](settings, store)
    app = Starlette(
        routes=[Route("/health", _Health(settings, store)), *service.routes],
        exception_handlers={ApiError: on_api_error, HTTPException: on_http_error},
    )

    async def close() -> None:
        await service.close()
        store.close()

    return Built(Platform(_RequestIds(app), settings), close)


class _Health:
    """`GET /health`: version, commit, and a line for each thing the service depends on."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer()
        await response(scope, receive, send)

    async def _answer(self) -> Response:
        settings = self._settings
        checks = {"database": await self._store.check()}
        if settings.service in _ON_NATS:
            checks["nats"] = await check_server(settings.nats_url, settings.hosts, greeting=NATS_GREETING)
        checks["secrets"] = f"missing: {', '.join(settings.missing)}" if settings.missing else "ok"
        healthy = all(check == "ok" for check in checks.values())
        body = {
            "status": "ok" if healthy else "degraded",
            "service": settings.service,
            "version": settings.version,
            "commit": settings.commit,
            "checks": checks,
        }
        if settings.service == "gateway":
            body["services"] = dict(settings.urls)
        return JSONResponse(body, status_code=200 if healthy else 503)


class _RequestIds:
    """Gives each answer an id, as most services do for their logs; the caller's is kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"x-request-id", request_id)]}
            await send(message)

        given = [value for name, value in scope.get("headers", ()) if name == b"x-request-id"]
        request_id = given[0] if given else str(uuid.uuid4()).encode()
        await self._app(scope, receive, send_with_id)
