"""The services as ASGI apps: what they refuse, how they wrap their answers."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import TYPE_CHECKING, Any

import brotli
import httpx
import pytest

from pytest_gaia_parity.lab.app import build
from pytest_gaia_parity.lab.settings import REQUIRED, Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOGIN = {"email": "ada@gaia.example", "password": "analytical-engine"}


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., httpx.Response]:
    """Send one request to a service's app: `ask("auth", "GET", "/health", env={…})`."""

    def send(
        service: str, method: str, path: str, *, env: dict[str, str] | None = None, **keywords: Any
    ) -> httpx.Response:
        known = dict.fromkeys(REQUIRED[service], "x" * 32) | {
            "SUPABASE_JWT_SECRET": "s" * 32,
            "DATABASE_URL": f"sqlite:///{tmp_path / service}.db",
        }
        return asyncio.run(_send(Settings.from_env(service, known | (env or {})), method, path, keywords))

    return send


async def _send(settings: Settings, method: str, path: str, keywords: dict[str, Any]) -> httpx.Response:
    built = build(settings)
    try:
        transport = httpx.ASGITransport(built.app)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{settings.service}:8000") as client:
            return await client.request(method, path, **keywords)
    finally:
        await built.close()


def bearer(ask: Callable[..., httpx.Response], **env: str) -> dict[str, str]:
    token = ask("auth", "POST", "/login", json=LOGIN, env=env).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


def test_health_names_missing_secrets(ask: Callable[..., httpx.Response]) -> None:
    response = ask("auth", "GET", "/health", env={"SUPABASE_JWT_SECRET": "", "SUPABASE_URL": ""})
    assert response.status_code == 503
    assert response.json()["checks"]["secrets"] == "missing: SUPABASE_URL, SUPABASE_JWT_SECRET"


def test_health_tells_a_database_that_is_down(ask: Callable[..., httpx.Response]) -> None:
    response = ask("asset", "GET", "/health", env={"DATABASE_URL": "sqlite:////nowhere/x.db"})
    assert response.status_code == 503
    assert response.json()["checks"]["database"].startswith("down: ")


def test_health_tells_a_database_server_that_is_not_there(ask: Callable[..., httpx.Response]) -> None:
    response = ask("asset", "GET", "/health", env={"DATABASE_URL": "postgresql://gaia@127.0.0.1:1/gaia"})
    assert response.json()["checks"]["database"] == "down: connection refused"


def test_health_tells_nats_that_is_not_there(ask: Callable[..., httpx.Response]) -> None:
    response = ask("chat", "GET", "/health", env={"NATS_URL": "nats://127.0.0.1:1"})
    assert response.json()["checks"] == {"database": "ok", "nats": "down: connection refused", "secrets": "ok"}


def test_without_a_database_data_cannot_be_had(ask: Callable[..., httpx.Response]) -> None:
    headers = bearer(ask)
    response = ask("asset", "GET", "/assets", headers=headers, env={"DATABASE_URL": "sqlite:////nowhere/x.db"})
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "database_unavailable"


def test_a_token_is_worth_nothing_under_another_secret(ask: Callable[..., httpx.Response]) -> None:
    response = ask("asset", "GET", "/assets", headers=bearer(ask), env={"SUPABASE_JWT_SECRET": "t" * 32})
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_signature"


def test_a_service_without_the_secret_says_so(ask: Callable[..., httpx.Response]) -> None:
    response = ask("asset", "GET", "/assets", headers=bearer(ask), env={"SUPABASE_JWT_SECRET": ""})
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "misconfigured"


@pytest.mark.parametrize(
    ("offset", "code"), [("600", "token_not_yet_valid"), ("-4000", "token_expired"), ("10", None), ("-10", None)]
)
def test_times_of_a_token_are_checked_by_the_services_own_clock(
    ask: Callable[..., httpx.Response], offset: str, code: str | None
) -> None:
    response = ask("asset", "GET", "/assets", headers=bearer(ask, LAB_CLOCK_OFFSET=offset))
    assert response.json().get("error", {}).get("code") == code


def test_a_gateway_that_cannot_reach_a_service_says_which(ask: Callable[..., httpx.Response]) -> None:
    env = {"ASSET_SERVICE_URL": "http://127.0.0.1:1"}
    response = ask("gateway", "GET", "/api/asset/kinds", env=env)
    assert response.status_code == 502
    assert response.json()["error"]["message"] == "asset: connection refused"


@pytest.mark.parametrize(
    ("platform", "accepted", "coding"),
    [
        ("fly", "gzip, br", "br"),
        ("fly", "gzip, br;q=0", "gzip"),
        ("compose", "gzip, br", "gzip"),
        ("compose", "identity", None),
    ],
)
def test_platforms_compress_with_what_they_and_the_client_speak(
    ask: Callable[..., httpx.Response], platform: str, accepted: str, coding: str | None
) -> None:
    response = ask("asset", "GET", "/catalogue", env={"LAB_PLATFORM": platform}, headers={"Accept-Encoding": accepted})
    assert response.headers.get("content-encoding") == coding
    assert response.headers["vary"] == "Accept-Encoding"
    assert response.json()["total"] == 200


def test_fly_adds_its_headers_and_compose_does_not(ask: Callable[..., httpx.Response]) -> None:
    fly = ask("asset", "GET", "/kinds", env={"LAB_PLATFORM": "fly", "LAB_REGION": "ams"})
    compose = ask("asset", "GET", "/kinds")
    assert fly.headers["fly-request-id"].endswith("-ams")
    assert set(fly.headers) - set(compose.headers) == {"via", "fly-request-id"}
    assert fly.content == compose.content


def test_the_date_header_is_the_services_clock(ask: Callable[..., httpx.Response]) -> None:
    now, later = (ask("asset", "GET", "/kinds", env={"LAB_CLOCK_OFFSET": offset}) for offset in ("0", "86400"))
    assert now.headers["date"] != later.headers["date"]


def test_compressed_bodies_are_real(ask: Callable[..., httpx.Response]) -> None:
    """The client decodes; the bytes on the wire must be what the header says."""

    async def wire(settings: Settings, coding: str) -> bytes:
        sent: list[bytes] = []

        async def send(message: Any) -> None:
            sent.append(message.get("body", b""))

        async def receive() -> Any:
            return {"type": "http.request", "body": b""}

        built = build(settings)
        headers = [(b"accept-encoding", coding.encode()), (b"host", b"asset")]
        scope = {
            "type": "http", "method": "GET", "path": "/catalogue", "raw_path": b"/catalogue", "root_path": "",
            "query_string": b"", "headers": headers, "scheme": "http", "http_version": "1.1",
        }  # fmt: skip
        await built.app(scope, receive, send)
        await built.close()
        return b"".join(sent)

    plain = ask("asset", "GET", "/catalogue", headers={"Accept-Encoding": "identity"}).content
    settings = Settings.from_env("asset", {"LAB_PLATFORM": "fly"})
    assert gzip.decompress(asyncio.run(wire(settings, "gzip"))) == plain
    assert brotli.decompress(asyncio.run(wire(settings, "br"))) == plain


def test_without_nats_no_question_is_taken(ask: Callable[..., httpx.Response]) -> None:
    headers = bearer(ask)
    made = ask("chat", "POST", "/conversations", json={"title": "x"}, headers=headers).json()
    path = f"/conversations/{made['id']}/messages"
    refused = ask("chat", "POST", path, json={"text": "a b"}, headers=headers)
    assert refused.json()["error"]["code"] == "nats_unavailable"


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"[]", 422), (b"{", 400), (b"\xff", 400), (b'{"email": true, "password": "x"}', 422)],
)
def test_bad_bodies_are_refused(ask: Callable[..., httpx.Response], content: bytes, status: int) -> None:
    response = ask("auth", "POST", "/login", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == status
    assert set(json.loads(response.content)) == {"error"}
