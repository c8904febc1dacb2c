"""What is wrong is refused alike, and says what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

    from pytest_gaia_parity.clients.factory import Clients


@pytest.mark.parametrize("name", ["gateway", "auth", "asset", "chat"])
def test_unknown_path_is_not_found(services: Clients, name: str) -> None:
    response = services[name].get("/no/such/path")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"


def test_wrong_method_names_the_right_ones(asset: httpx.Client) -> None:
    response = asset.delete("/kinds")
    assert response.status_code == 405
    assert {method.strip() for method in response.headers["allow"].split(",")} == {"GET", "HEAD"}


@pytest.mark.parametrize(
    "content",
    [pytest.param(b'{"name": ', id="cut"), pytest.param(b"\xff\xfe", id="bytes"), pytest.param(b"", id="empty")],
)
def test_invalid_json_is_refused(asset: httpx.Client, bearer: dict[str, str], content: bytes) -> None:
    headers = {**bearer, "Content-Type": "application/json"}
    response = asset.post("/assets", content=content, headers=headers)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_json"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "mesh"}, "name"),
        ({"name": 7, "kind": "mesh"}, "name"),
        ({"name": "  ", "kind": "mesh"}, "name"),
        ({"name": "Oak", "kind": "smell"}, "kind"),
        ({"name": "Oak", "kind": "mesh", "tags": "green"}, "tags"),
        ({"name": "Oak", "kind": "mesh", "colour": "green"}, "colour"),
    ],
)
def test_invalid_asset_names_the_field(
    asset: httpx.Client, bearer: dict[str, str], body: dict[str, object], field: str
) -> None:
    response = asset.post("/assets", json=body, headers=bearer)
    assert response.status_code == 422
    assert [detail["field"] for detail in response.json()["error"]["details"]] == [field]


def test_body_that_is_too_large_is_refused(asset: httpx.Client, bearer: dict[str, str]) -> None:
    response = asset.post("/assets", json={"name": "x" * 1_000_001, "kind": "mesh"}, headers=bearer)
    assert response.status_code == 413
