"""What HTTP itself promises: redirects, headers, caching, compression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx


def test_home_leads_to_the_documentation(gateway: httpx.Client) -> None:
    first = gateway.get("/")
    assert (first.status_code, first.headers["location"]) == (302, "/docs")
    page = gateway.get("/", follow_redirects=True)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>Gaia</h1>" in page.text


def test_short_link_leads_to_the_asset(asset: httpx.Client, bearer: dict[str, str], unique: str) -> None:
    body = {"name": "Oak", "kind": "mesh", "collection": unique}
    made = asset.post("/assets", json=body, headers=bearer).json()
    response = asset.get(f"/a/{made['id']}", headers=bearer, follow_redirects=True)
    assert [step.status_code for step in response.history] == [307]
    assert response.json()["id"] == made["id"]


def test_old_path_has_moved_for_good(asset: httpx.Client) -> None:
    response = asset.get("/v0/kinds", follow_redirects=True)
    assert [step.status_code for step in response.history] == [308]
    assert "mesh" in response.json()["kinds"]


def test_kinds_may_be_kept(asset: httpx.Client) -> None:
    first = asset.get("/kinds")
    assert first.headers["cache-control"] == "public, max-age=3600"
    again = asset.get("/kinds", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_every_answer_has_an_id(gateway: httpx.Client) -> None:
    first, second = gateway.get("/docs"), gateway.get("/docs")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


def test_id_of_the_caller_is_kept(gateway: httpx.Client, unique: str) -> None:
    response = gateway.get("/docs", headers={"X-Request-Id": unique})
    assert response.headers["x-request-id"] == unique


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_catalogue_comes_in_the_coding_that_is_accepted(asset: httpx.Client, coding: str) -> None:
    response = asset.get("/catalogue", headers={"Accept-Encoding": coding})
    assert response.headers.get("content-encoding", "identity") == coding
    assert response.json()["total"] == 200


def test_catalogue_comes_compressed_in_whatever_both_speak(asset: httpx.Client) -> None:
    response = asset.get("/catalogue")
    assert response.headers["content-encoding"] in {"br", "gzip", "zstd"}
    assert len(response.json()["items"]) == 200


def test_small_bodies_are_not_compressed(asset: httpx.Client) -> None:
    assert "content-encoding" not in asset.get("/kinds").headers
