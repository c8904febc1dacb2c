"""The gateway: the way in, calls the other services by the URLs it was given."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from pytest_gaia_parity.lab import tokens
from pytest_gaia_parity.lab.replies import ApiError, read_json
from pytest_gaia_parity.lab.service import Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.requests import Request

    from pytest_gaia_parity.lab.settings import Settings
    from pytest_gaia_parity.lab.store import Store

SCHEMA = "CREATE TABLE IF NOT EXISTS scenes (id TEXT PRIMARY KEY, owner TEXT, name TEXT);"
#: seconds that a called service has
PATIENCE = 2.0
#: what goes on to the called service; a trace must not break here
FORWARDED = (
    "authorization",
    "content-type",
    "accept",
    "if-match",
    "if-none-match",
    "traceparent",
    "tracestate",
    "x-request-id",
    "x-parity-run",
)
#: what comes back from it
RETURNED = ("content-type", "etag", "cache-control", "www-authenticate", "content-disposition", "link")
DOCS = """<!DOCTYPE html>
<html lang="en"><head><title>Gaia</title></head>
<body><h1>Gaia</h1><p>Log in at <code>POST /api/auth/login</code>.</p></body></html>
"""


def make(settings: Settings, _store: Store) -> Service:
    """The service with its own pooled client."""
    upstream = _Upstream(settings)
    gateway = _Gateway(settings, upstream)
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return Service(
        routes=[
            Route("/", gateway.home),
            Route("/docs", gateway.docs),
            Route("/status", gateway.status),
            Route("/usage", gateway.usage),
            Route("/api/me", gateway.me),
            Route("/api/scenes", gateway.create_scene, methods=["POST"]),
            Route("/api/{service}/{path:path}", gateway.forward, methods=methods),
        ],
        close=upstream.close,
    )


class _Upstream:
    """Calls services by their URLs; where the lab stands in for DNS, only the connection goes elsewhere."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = httpx.AsyncClient(timeout=PATIENCE, trust_env=False)

    async def send(
        self, service: str, method: str, path: str, *, headers: Mapping[str, str], **keywords: Any
    ) -> httpx.Response:
        """Send a request; the body is not read yet.

        :raises ApiError: 502 or 504, the service cannot be reached.
        """
        url = httpx.URL(self._settings.urls[service] + path)
        default = {"https": 443}.get(url.scheme, 80)
        known = self._settings.hosts.get(f"{url.host}:{url.port or default}")
        host = url.netloc.decode()
        if known is not None:
            url = url.copy_with(host=known[0], port=known[1])
        request = self._client.build_request(method, url, headers={**headers, "host": host}, **keywords)
        try:
            return await self._client.send(request, stream=True)
        except httpx.TimeoutException:
            raise _unreachable(504, service, "timed out") from None
        except httpx.HTTPError as error:
            raise _unreachable(502, service, _reason(error)) from None

    async def json(self, service: str, path: str, *, request: Request, body: Any = None) -> dict[str, Any]:
        """The JSON that a service answers; its refusal is ours.

        :raises ApiError: it refused, or answered in another form.
        """
        method = "GET" if body is None else "POST"
        keywords = {} if body is None else {"json": body}
        response = await self.send(service, method, path, headers=_forwarded(request), **keywords)
        await _read(service, response)
        try:
            answer = response.json()
        except ValueError:
            raise _unreachable(502, service, f"answered {response.status_code} without JSON") from None
        if response.is_error and isinstance(answer.get("error"), dict):
            error = answer["error"]
            raise ApiError(response.status_code, error["code"], error["message"], details=error.get("details"))
        found: dict[str, Any] = answer
        return found

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


class _Gateway:
    def __init__(self, settings: Settings, upstream: _Upstream) -> None:
        self._settings = settings
        self._upstream = upstream

    async def home(self, _request: Request) -> Response:
        """Leads to the documentation."""
        return RedirectResponse("/docs", status_code=302)

    async def docs(self, _request: Request) -> Response:
        """A page for people."""
        return HTMLResponse(DOCS, headers={"Cache-Control": "public, max-age=60"})

    async def status(self, request: Request) -> Response:
        """The health of every service, asked all at once."""
        names = list(self._settings.urls)
        states = await asyncio.gather(*(self._state(name, request) for name in names))
        return JSONResponse({"services": dict(zip(names, states, strict=True))})

    async def usage(self, request: Request) -> Response:
        """For operators, who hold the API key."""
        given = request.headers.get("x-api-key", "")
        if not self._settings.api_key or not secrets.compare_digest(given, self._settings.api_key):
            raise ApiError(403, "forbidden", "the API key is missing or wrong")
        return JSONResponse({"plan": "lab", "requests_left": 1000})

    async def me(self, request: Request) -> Response:
        """The user, and how many assets are theirs: three services in one answer."""
        user, page = await asyncio.gather(
            self._upstream.json("auth", "/users/me", request=request),
            self._upstream.json("asset", "/assets?limit=1&collection=profile", request=request),
        )
        return JSONResponse({"user": user, "profile_assets": page.get("total")})

    async def create_scene(self, request: Request) -> Response:
        """A scene is an asset and a conversation about it."""
        user = tokens.user_of(self._settings, request)
        body = await read_json(request, name=str, kind=(str, "mesh"), collection=(str, "scenes"))
        asset = await self._upstream.json("asset", "/assets", request=request, body=body)
        about = {"title": f"About {body['name']}"}
        conversation = await self._upstream.json("chat", "/conversations", request=request, body=about)
        scene = {
            "owner": user.id,
            "name": body["name"],
            "asset": asset["id"],
            "asset_url": asset["links"]["self"],
            "conversation": conversation["id"],
        }
        return JSONResponse(scene, status_code=201, headers={"Location": f"/api/asset/assets/{asset['id']}"})

    async def forward(self, request: Request) -> Response:
        """Anything else goes to the service it names."""
        service = request.path_params["service"]
        if service not in self._settings.urls:
            raise ApiError(404, "not_found", "there is no such service")
        path = f"/{request.path_params['path']}"
        if request.url.query:
            path = f"{path}?{request.url.query}"
        response = await self._upstream.send(
            service, request.method, path, headers=_forwarded(request), content=await request.body()
        )
        headers = {name: response.headers[name] for name in RETURNED if name in response.headers}
        if "location" in response.headers:
            headers["location"] = f"/api/{service}{urlsplit(response.headers['location']).path}"
        if headers.get("content-type", "").startswith("text/event-stream"):
            return StreamingResponse(_passed_on(response), status_code=response.status_code, headers=headers)
        content = await _read(service, response)
        return Response(content, status_code=response.status_code, headers=headers)

    async def _state(self, service: str, request: Request) -> dict[str, Any]:
        try:
            answer = await self._upstream.json(service, "/health", request=request)
        except ApiError as error:
            return {"status": "unreachable", "reason": error.message}
        return {"status": answer.get("status"), "version": answer.get("version")}


async def _read(service: str, response: httpx.Response) -> bytes:
    try:
        return await response.aread()
    except httpx.HTTPError as error:
        raise _unreachable(502, service, _reason(error)) from None
    finally:
        await response.aclose()


async def _passed_on(response: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in response.aiter_bytes():
            yield piece
    finally:
        await response.aclose()


def _forwarded(request: Request) -> dict[str, str]:
    return {name: request.headers[name] for name in FORWARDED if name in request.headers}


def _unreachable(status: int, service: str, reason: str) -> ApiError:
    return ApiError(status, "upstream_unreachable", f"{service}: {reason}", details={"service": service})


def _reason(error: httpx.HTTPError) -> str:
    """In words that hold no address, which would differ between any two environments."""
    text = str(error).lower()
    if "name or service" in text or "getaddrinfo" in text or "no address" in text or "name resolution" in text:
        return "name not found"
    if isinstance(error, httpx.ConnectError):
        return "connection refused"
    return "body cannot be decoded" if isinstance(error, httpx.DecodingError) else "connection lost"
