"""The life of an asset: made, listed, changed, filled, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

    from pytest_gaia_parity.run.handle import Handle


@pytest.fixture
def made(asset: httpx.Client, bearer: dict[str, str], unique: str) -> dict[str, str]:
    response = asset.post("/assets", json={"name": "Harp", "kind": "sound", "collection": unique}, headers=bearer)
    response.raise_for_status()
    body: dict[str, str] = response.json()
    return body


def test_made_asset_says_where_it_is(asset: httpx.Client, bearer: dict[str, str], unique: str) -> None:
    body = {"name": "Oak", "kind": "mesh", "collection": unique, "tags": ["tree", "green"]}
    response = asset.post("/assets", json=body, headers=bearer)
    assert response.status_code == 201
    assert response.headers["location"] == response.json()["links"]["self"]
    assert asset.get(response.headers["location"], headers=bearer).json() == response.json()


def test_life_of_an_asset(asset: httpx.Client, bearer: dict[str, str], made: dict[str, str]) -> None:
    path = f"/assets/{made['id']}"
    changed = asset.patch(path, json={"name": "Great harp", "tags": ["new"]}, headers=bearer)
    assert (changed.json()["name"], changed.json()["version"]) == ("Great harp", 2)
    assert asset.get(path, headers=bearer).json() == changed.json()
    assert asset.delete(path, headers=bearer).status_code == 204
    assert asset.get(path, headers=bearer).status_code == 404


def test_change_is_refused_if_somebody_was_quicker(
    asset: httpx.Client, bearer: dict[str, str], made: dict[str, str]
) -> None:
    path = f"/assets/{made['id']}"
    tag = asset.get(path, headers=bearer).headers["etag"]
    first = asset.patch(path, json={"name": "First"}, headers={**bearer, "If-Match": tag})
    second = asset.patch(path, json={"name": "Second"}, headers={**bearer, "If-Match": tag})
    assert (first.status_code, second.status_code) == (200, 412)


def test_file_comes_back_byte_for_byte(asset: httpx.Client, bearer: dict[str, str], made: dict[str, str]) -> None:
    content = bytes(range(256)) * 8
    headers = {**bearer, "Content-Type": "model/gltf-binary"}
    stored = asset.put(f"/assets/{made['id']}/file", content=content, headers=headers)
    assert stored.json()["size"] == len(content)
    file = asset.get(f"/assets/{made['id']}/file", headers=bearer)
    assert file.content == content
    assert file.headers["content-type"] == "model/gltf-binary"


def test_asset_without_a_file_has_none(asset: httpx.Client, bearer: dict[str, str], made: dict[str, str]) -> None:
    assert asset.get(f"/assets/{made['id']}/file", headers=bearer).status_code == 404


def test_asset_of_somebody_else_is_forbidden(
    asset: httpx.Client, made: dict[str, str], stranger: dict[str, str]
) -> None:
    assert asset.get(f"/assets/{made['id']}", headers=stranger).status_code == 403
    assert asset.delete(f"/assets/{made['id']}", headers=stranger).status_code == 403


def test_list_comes_in_pages(asset: httpx.Client, bearer: dict[str, str], unique: str, parity: Handle) -> None:
    for number in range(5):
        body = {"name": f"Sound {number}", "kind": "sound", "collection": unique}
        asset.post("/assets", json=body, headers=bearer).raise_for_status()
    names, sizes = [], []
    page: str | None = f"/assets?collection={unique}&limit=2"
    while page:
        response = asset.get(page, headers=bearer)
        sizes.append(len(response.json()["items"]))
        names += [item["name"] for item in response.json()["items"]]
        page = response.json()["next"]
    parity.observe("pages", sizes)
    assert names == [f"Sound {number}" for number in range(5)]


def test_collection_that_is_empty_has_no_next_page(asset: httpx.Client, bearer: dict[str, str], unique: str) -> None:
    page = asset.get("/assets", params={"collection": unique}, headers=bearer)
    assert page.json() == {"items": [], "total": 0, "next": None}
    assert "link" not in page.headers


@pytest.mark.parametrize("limit", ["0", "51", "-1", "many"])
def test_page_size_has_bounds(asset: httpx.Client, bearer: dict[str, str], limit: str) -> None:
    response = asset.get("/assets", params={"limit": limit}, headers=bearer)
    assert response.status_code == 422
    assert response.json()["error"]["details"] == [{"field": "limit", "message": "must be a number from 1 to 50"}]


def test_unknown_asset_is_not_found(asset: httpx.Client, bearer: dict[str, str]) -> None:
    response = asset.get("/assets/00000000-0000-4000-8000-000000000000", headers=bearer)
    assert response.status_code == 404
    assert response.json() == {"error": {"code": "not_found", "message": "there is no such asset"}}
