"""Logins and users: passwords in, tokens out."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pytest_gaia_parity.lab import tokens
from pytest_gaia_parity.lab.replies import ApiError, not_found, read_json
from pytest_gaia_parity.lab.service import Service

if TYPE_CHECKING:
    from starlette.requests import Request

    from pytest_gaia_parity.lab.settings import Settings
    from pytest_gaia_parity.lab.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, email TEXT UNIQUE, name TEXT, password TEXT, created_at TEXT);
CREATE TABLE IF NOT EXISTS refresh_tokens (token TEXT PRIMARY KEY, user_id TEXT);
"""
#: a user that every stack has, for logins in tests
EMAIL = "ada@gaia.example"
PASSWORD = "analytical-engine"
SHORTEST_PASSWORD = 8


def make(settings: Settings, store: Store) -> Service:
    """The service on its database."""
    auth = _Auth(settings, store)
    return Service(
        routes=[
            Route("/login", auth.login, methods=["POST"]),
            Route("/refresh", auth.refresh, methods=["POST"]),
            Route("/sessions", auth.open_session, methods=["POST"]),
            Route("/users", auth.register, methods=["POST"]),
            Route("/users/me", auth.me),
            Route("/users/{id}", auth.user),
        ]
    )


class _Auth:
    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    async def login(self, request: Request) -> Response:
        """Exchange email and password for tokens."""
        return JSONResponse(self._granted(await self._checked_login(request)))

    async def open_session(self, request: Request) -> Response:
        """Exchange email and password for a cookie, as browsers want it."""
        row = await self._checked_login(request)
        response = JSONResponse({"user": _shown(row)}, status_code=201)
        token = tokens.issue(self._settings, _user(row))
        response.set_cookie("gaia_session", token, max_age=tokens.LIFETIME, httponly=True, samesite="lax")
        return response

    async def refresh(self, request: Request) -> Response:
        """Exchange a refresh token, once."""
        body = await read_json(request, refresh_token=str)
        sql = "DELETE FROM refresh_tokens WHERE token = :token RETURNING user_id"
        spent = self._store.row(sql, token=body["refresh_token"])
        if spent is None:
            raise ApiError(401, "invalid_refresh_token", "the refresh token is not known, or was used before")
        return JSONResponse(self._granted(self._row(id=spent["user_id"])))

    async def register(self, request: Request) -> Response:
        """Make a user."""
        body = await read_json(request, email=str, password=str, name=(str, ""))
        wrong = []
        if "@" not in body["email"]:
            wrong.append({"field": "email", "message": "must be an email address"})
        if len(body["password"]) < SHORTEST_PASSWORD:
            wrong.append({"field": "password", "message": f"must have at least {SHORTEST_PASSWORD} characters"})
        if wrong:
            raise ApiError(422, "invalid", "the body is not valid", details=wrong)
        if self._store.row("SELECT id FROM users WHERE email = :email", email=body["email"]):
            raise ApiError(409, "conflict", "there is a user with this email")
        row = self._insert(body["email"], body["password"], body["name"])
        return JSONResponse(_shown(row), status_code=201, headers={"Location": f"/users/{row['id']}"})

    async def me(self, request: Request) -> Response:
        """The user whose token it is."""
        user = tokens.user_of(self._settings, request)
        return JSONResponse(_shown(self._row(id=user.id)))

    async def user(self, request: Request) -> Response:
        """Any user, to those who are logged in."""
        tokens.user_of(self._settings, request)
        return JSONResponse(_shown(self._row(id=request.path_params["id"])))

    async def _checked_login(self, request: Request) -> dict[str, Any]:
        body = await read_json(request, email=str, password=str)
        row = self._store.row("SELECT * FROM users WHERE email = :email", email=body["email"])
        if row is None and body["email"] == EMAIL:
            row = self._insert(EMAIL, PASSWORD, "Ada")
        if row is None or row["password"] != _hashed(row["id"], body["password"]):
            raise ApiError(401, "invalid_credentials", "email or password is wrong")
        return row

    def _row(self, **where: str) -> dict[str, Any]:
        row = self._store.row("SELECT * FROM users WHERE id = :id", **where)
        if row is None:
            raise not_found("user")
        return row

    def _insert(self, email: str, password: str, name: str) -> dict[str, Any]:
        user_id = str(uuid.uuid4())
        rows = self._store.rows(
            "INSERT INTO users VALUES (:id, :email, :name, :password, :created_at) RETURNING *",
            id=user_id,
            email=email,
            name=name,
            password=_hashed(user_id, password),
            created_at=self._settings.timestamp(),
        )
        return rows[0]

    def _granted(self, row: dict[str, Any]) -> dict[str, Any]:
        refresh = uuid.uuid4().hex
        self._store.rows("INSERT INTO refresh_tokens VALUES (:token, :user)", token=refresh, user=row["id"])
        wrong = "wrong-value" in self._settings.quirks
        return {
            "access_token": tokens.issue(self._settings, _user(row)),
            "token_type": "Bearer" if wrong else "bearer",
            "expires_in": tokens.LIFETIME,
            "refresh_token": refresh,
            "user": _shown(row),
        }


def _user(row: dict[str, Any]) -> tokens.User:
    return tokens.User(id=row["id"], email=row["email"])


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "email", "name", "created_at")}


def _hashed(user_id: str, password: str) -> str:
    """One quick round: these passwords are invented, and a login should cost a test nothing."""
    return hashlib.sha256(f"{user_id}:{password}".encode()).hexdigest()
