"""Every service is up, and tells what it depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

    from pytest_gaia_parity.clients.factory import AsyncClients, Clients

NAMES = ("gateway", "auth", "asset", "chat")


@pytest.mark.parametrize("name", NAMES)
def test_service_is_healthy(services: Clients, name: str) -> None:
    response = services[name].get("/health")
    assert response.status_code == 200
    assert response.json()["service"] == name
    assert set(response.json()["checks"].values()) == {"ok"}


@pytest.mark.parametrize("name", NAMES)
def test_health_answers_head(services: Clients, name: str) -> None:
    response = services[name].head("/health")
    assert response.status_code == 200
    assert response.content == b""


def test_gateway_sees_every_service(gateway: httpx.Client) -> None:
    states = gateway.get("/status").json()["services"]
    assert {name: state["status"] for name, state in states.items()} == {"auth": "ok", "asset": "ok", "chat": "ok"}


@pytest.mark.anyio
async def test_all_services_answer_at_once(async_services: AsyncClients) -> None:
    import anyio  # noqa: PLC0415 - only tests of this kind need it

    seen: dict[str, int] = {}

    async def ask(name: str) -> None:
        seen[name] = (await async_services[name].get("/health")).status_code

    async with anyio.create_task_group() as group:
        for name in NAMES:
            group.start_soon(ask, name)
    assert seen == dict.fromkeys(NAMES, 200)
