"""Logins, tokens and users; what is refused, and how."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

    from pytest_gaia_parity.clients.factory import Clients
    from pytest_gaia_parity.run.handle import Handle


def claims_of(token: str) -> dict[str, object]:
    payload = token.split(".")[1]
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def test_login_grants_tokens(auth: httpx.Client, credentials: dict[str, str]) -> None:
    response = auth.post("/login", json=credentials)
    assert response.status_code == 200
    assert response.json()["expires_in"] == 3600
    assert response.json()["user"]["email"] == credentials["email"]


def test_token_says_whom_and_how_long(auth: httpx.Client, credentials: dict[str, str], parity: Handle) -> None:
    claims = claims_of(auth.post("/login", json=credentials).json()["access_token"])
    parity.observe("claims", {name: claims[name] for name in ("aud", "email", "iss", "role")})
    parity.observe("lifetime", int(str(claims["exp"])) - int(str(claims["iat"])))
    assert claims["aud"] == "authenticated"


def test_wrong_password_is_refused(auth: httpx.Client, credentials: dict[str, str]) -> None:
    response = auth.post("/login", json={**credentials, "password": "wrong-password"})
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_credentials"


def test_unknown_user_is_refused_like_a_wrong_password(auth: httpx.Client) -> None:
    response = auth.post("/login", json={"email": "nobody@gaia.example", "password": "wrong-password"})
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_credentials"


def test_login_names_what_is_missing(auth: httpx.Client) -> None:
    response = auth.post("/login", json={"email": "ada@gaia.example"})
    assert response.status_code == 422
    assert response.json()["error"]["details"] == [{"field": "password", "message": "required"}]


def test_login_takes_no_form(auth: httpx.Client, credentials: dict[str, str]) -> None:
    assert auth.post("/login", data=credentials).status_code == 415


def test_refresh_token_works_once(auth: httpx.Client, credentials: dict[str, str]) -> None:
    refresh = {"refresh_token": auth.post("/login", json=credentials).json()["refresh_token"]}
    renewed = auth.post("/refresh", json=refresh)
    assert renewed.status_code == 200
    assert renewed.json()["refresh_token"] != refresh["refresh_token"]
    assert auth.post("/refresh", json=refresh).status_code == 401


def test_session_is_a_cookie(auth: httpx.Client, credentials: dict[str, str]) -> None:
    response = auth.post("/sessions", json=credentials)
    auth.cookies.clear()  # the client is shared by all tests of this side
    assert response.status_code == 201
    assert "HttpOnly" in response.headers["set-cookie"]


def test_registered_user_can_be_read(auth: httpx.Client, bearer: dict[str, str], unique: str) -> None:
    made = auth.post("/users", json={"email": f"{unique}@gaia.example", "password": "long-enough", "name": "Grace"})
    assert made.status_code == 201
    read = auth.get(made.headers["location"], headers=bearer)
    assert read.json() == made.json()


def test_email_can_be_registered_once(auth: httpx.Client, unique: str) -> None:
    user = {"email": f"{unique}@gaia.example", "password": "long-enough"}
    assert auth.post("/users", json=user).status_code == 201
    assert auth.post("/users", json=user).status_code == 409


def test_registration_names_every_wrong_field(auth: httpx.Client) -> None:
    response = auth.post("/users", json={"email": "no-address", "password": "short"})
    assert response.status_code == 422
    assert [detail["field"] for detail in response.json()["error"]["details"]] == ["email", "password"]


def test_own_user_needs_a_token(auth: httpx.Client, bearer: dict[str, str]) -> None:
    assert auth.get("/users/me", headers=bearer).json()["name"] == "Ada"
    refused = auth.get("/users/me")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == 'Bearer realm="gaia", error="missing_token"'


@pytest.mark.parametrize(
    ("service", "path"),
    [("auth", "/users/me"), ("asset", "/assets"), ("chat", "/conversations/1"), ("gateway", "/api/me")],
)
def test_token_of_nobody_is_refused_everywhere(services: Clients, service: str, path: str) -> None:
    response = services[service].get(path, headers={"Authorization": "Bearer not-a-token"})
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_token"


def test_forged_token_is_refused(asset: httpx.Client, token: str) -> None:
    head, payload, _ = token.split(".")
    forged = f"{head}.{payload}.{'A' * 43}"
    response = asset.get("/assets", headers={"Authorization": f"Bearer {forged}"})
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_signature"
