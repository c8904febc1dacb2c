"""What takes several services: the gateway's calls, end to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

    from pytest_gaia_parity.run.handle import Handle


def test_login_through_the_gateway(gateway: httpx.Client, credentials: dict[str, str]) -> None:
    login = gateway.post("/api/auth/login", json=credentials)
    assert login.status_code == 200
    bearer = {"Authorization": f"Bearer {login.json()['access_token']}"}
    assert gateway.get("/api/me", headers=bearer).json()["user"]["email"] == credentials["email"]


def test_wrong_login_is_refused_through_the_gateway(gateway: httpx.Client, credentials: dict[str, str]) -> None:
    response = gateway.post("/api/auth/login", json={**credentials, "password": "wrong-password"})
    assert response.status_code == 401


def test_asset_made_through_the_gateway_is_in_asset(
    gateway: httpx.Client, asset: httpx.Client, bearer: dict[str, str], unique: str
) -> None:
    body = {"name": "Oak", "kind": "mesh", "collection": unique}
    made = gateway.post("/api/asset/assets", json=body, headers=bearer)
    assert made.status_code == 201
    through = gateway.get(made.headers["location"], headers=bearer)
    direct = asset.get(f"/assets/{made.json()['id']}", headers=bearer)
    assert through.json() == direct.json()


def test_scene_is_an_asset_and_a_conversation(
    gateway: httpx.Client, asset: httpx.Client, chat: httpx.Client, bearer: dict[str, str], unique: str
) -> None:
    scene = gateway.post("/api/scenes", json={"name": "Glade", "collection": unique}, headers=bearer)
    assert scene.status_code == 201
    listed = asset.get("/assets", params={"collection": unique}, headers=bearer).json()["items"]
    assert [item["id"] for item in listed] == [scene.json()["asset"]]
    conversation = chat.get(f"/conversations/{scene.json()['conversation']}", headers=bearer)
    assert conversation.json()["title"] == "About Glade"


def test_answer_streams_through_the_gateway(gateway: httpx.Client, bearer: dict[str, str], parity: Handle) -> None:
    made = gateway.post("/api/chat/conversations", json={"title": "Moss"}, headers=bearer)
    headers = {**bearer, "Accept": "text/event-stream"}
    url = f"{made.headers['location']}/messages"
    with gateway.stream("POST", url, json={"text": "one two three"}, headers=headers) as response:
        events = [line for line in response.iter_lines() if line.startswith("event: ")]
    parity.observe("events", len(events))
    assert events.count("event: token") == 8


def test_refusal_of_a_service_comes_through(gateway: httpx.Client, bearer: dict[str, str]) -> None:
    response = gateway.post("/api/scenes", json={"name": "Glade", "kind": "smell"}, headers=bearer)
    assert response.status_code == 422
    assert response.json()["error"]["details"][0]["field"] == "kind"


def test_unknown_service_is_not_found(gateway: httpx.Client) -> None:
    assert gateway.get("/api/weather/today").status_code == 404


def test_usage_is_for_operators(gateway: httpx.Client) -> None:
    assert gateway.get("/usage", headers={"X-Api-Key": "guessed"}).status_code == 403
