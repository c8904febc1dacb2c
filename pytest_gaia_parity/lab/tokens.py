"""Logins: JWTs as Supabase issues them, checked by every service with the shared secret."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt

from pytest_gaia_parity.lab.replies import ApiError

if TYPE_CHECKING:
    from starlette.requests import Request

    from pytest_gaia_parity.lab.settings import Settings

LIFETIME = 3600
#: seconds that two clocks may differ
LEEWAY = 30
AUDIENCE = "authenticated"
ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who a token speaks for."""

    id: str
    email: str


def issue(settings: Settings, user: User) -> str:
    """Make an access token."""
    now = int(settings.now())
    claims = {
        "iss": f"{settings.supabase_url}/auth/v1",
        "sub": user.id,
        "aud": AUDIENCE,
        "email": user.email,
        "role": AUDIENCE,
        "iat": now,
        "exp": now + LIFETIME,
        "jti": str(uuid.uuid4()),
    }
    return jwt.encode(claims, _secret(settings), algorithm=ALGORITHM)


def user_of(settings: Settings, request: Request) -> User:
    """Whose bearer token came with *request*.

    :raises ApiError: 401 with the reason, or 503 where this service cannot check tokens.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        raise _refused("missing_token", "a bearer token is required")
    if scheme.lower() != "bearer" or not token:
        raise _refused("invalid_token", "the Authorization header is not of the form 'Bearer TOKEN'")
    claims = _claims(settings, token)
    return User(id=claims["sub"], email=claims["email"])


def _claims(settings: Settings, token: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            _secret(settings),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            # times are checked below, by the service's own clock
            options={"require": ["sub", "email", "iat", "exp"], "verify_exp": False, "verify_iat": False},
        )
    except jwt.InvalidSignatureError:
        raise _refused("invalid_signature", "the token's signature does not verify") from None
    except jwt.InvalidTokenError:
        raise _refused("invalid_token", "the token cannot be read") from None
    now = settings.now()
    if claims["iat"] > now + LEEWAY:
        raise _refused("token_not_yet_valid", "the token was issued in the future")
    if claims["exp"] < now - LEEWAY:
        raise _refused("token_expired", "the token has expired")
    return claims


def _secret(settings: Settings) -> str:
    if not settings.jwt_secret:
        raise ApiError(503, "misconfigured", "SUPABASE_JWT_SECRET is not set")
    return settings.jwt_secret


def _refused(code: str, message: str) -> ApiError:
    return ApiError(401, code, message, headers={"WWW-Authenticate": f'Bearer realm="gaia", error="{code}"'})
