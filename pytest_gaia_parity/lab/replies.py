"""How services of the lab answer: JSON, refusals of one form, validated input."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

#: a JSON body may not be larger than this
LARGEST_BODY = 1_000_000


class ApiError(Exception):
    """A refusal: status, a code for programs, a message for people."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers = headers


def not_found(what: str) -> ApiError:
    """The refusal for a thing that is not there."""
    return ApiError(404, "not_found", f"there is no such {what}")


def error_response(error: ApiError) -> Response:
    """Write a refusal."""
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.details is not None:
        body["details"] = error.details
    return JSONResponse({"error": body}, status_code=error.status, headers=error.headers)


async def on_api_error(_request: Request, error: Exception) -> Response:
    """Starlette's handler for refusals."""
    if not isinstance(error, ApiError):
        raise error
    return error_response(error)


async def on_http_error(_request: Request, error: Exception) -> Response:
    """Starlette's handler for its own refusals: unknown path, method not allowed."""
    if not isinstance(error, HTTPException):
        raise error
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    return error_response(ApiError(error.status_code, code, str(error.detail), headers=error.headers))


async def read_json(request: Request, **fields: type | tuple[type, object]) -> dict[str, Any]:
    """Read a JSON object with the given fields: `name=str` is required, `tags=(list, [])` has a default.

    :raises ApiError: 413, 415, 400, or 422 with every field that is wrong.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise ApiError(415, "unsupported_media_type", "the body must be application/json")
    raw = await request.body()
    if len(raw) > LARGEST_BODY:
        raise ApiError(413, "too_large", f"the body is larger than {LARGEST_BODY} bytes")
    try:
        body = json.loads(raw)
    except ValueError:
        raise ApiError(400, "invalid_json", "the body is not valid JSON") from None
    if not isinstance(body, dict):
        raise ApiError(422, "invalid", "the body must be an object")
    return _checked(body, fields)


def _checked(body: dict[str, Any], fields: Mapping[str, type | tuple[type, object]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    wrong = [{"field": name, "message": "unknown field"} for name in body if name not in fields]
    for name, wanted in fields.items():
        kind, default = wanted if isinstance(wanted, tuple) else (wanted, ...)
        value = body.get(name, default)
        if value is ...:
            wrong.append({"field": name, "message": "required"})
        elif name in body and (not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool)):
            wrong.append({"field": name, "message": f"must be {_PLAIN[kind]}"})
        elif name in body and kind is str and not value.strip():
            wrong.append({"field": name, "message": "must not be empty"})
        else:
            values[name] = value
    if wrong:
        raise ApiError(422, "invalid", "the body is not valid", details=wrong)
    return values


_PLAIN = {str: "a string", int: "a number", list: "an array", dict: "an object", bool: "true or false"}


def query_number(request: Request, name: str, *, default: int, least: int, most: int) -> int:
    """Read a number from the query.

    :raises ApiError: 422, it is none or outside its bounds.
    """
    text = request.query_params.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        detail = {"field": name, "message": f"must be a number from {least} to {most}"}
        raise ApiError(422, "invalid", "the query is not valid", details=[detail])
    return int(text)
