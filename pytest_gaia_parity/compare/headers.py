"""Headers by meaning: which are compared at all, and what of them."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.compare.decode import media_type

if TYPE_CHECKING:
    from pytest_gaia_parity.compare.addresses import Addresses
    from pytest_gaia_parity.model.exchange import Headers

#: hop by hop, of the platform, of one moment, or a consequence of something that is compared anyway
IGNORED = frozenset(
    {
        "age", "alt-svc", "connection", "content-length", "date", "keep-alive", "proxy-connection", "server", "te",
        "trailer", "transfer-encoding", "upgrade", "via", "x-powered-by", "nel", "report-to", "reporting-endpoints",
        "server-timing", "x-runtime", "x-response-time", "x-process-time", "x-request-id", "x-correlation-id",
        "x-amzn-trace-id", "x-amzn-requestid", "x-amz-cf-id", "x-amz-cf-pop", "x-amz-request-id", "cf-ray", "cf-cache-status",
        "x-cache", "x-cache-hits", "x-served-by", "x-timer", "x-trace-id", "traceparent", "tracestate", "x-b3-traceid",
        "x-b3-spanid", "x-cloud-trace-context", "x-envoy-upstream-service-time", "x-parity-run", "request-id",
        "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "forwarded", "x-real-ip",
        "content-encoding",  # compared by itself: equal bodies in another coding are a note
    }
)  # fmt: skip
IGNORED_PREFIXES = ("fly-", "x-fly-", "x-railway-", "x-vercel-", "x-render-")

#: sent by the client itself, so that they say nothing of the test
OF_CLIENT = IGNORED | {"host", "user-agent", "accept-encoding", "accept", "content-type"}

_SETS = frozenset({"cache-control", "vary", "allow", "access-control-allow-methods", "access-control-allow-headers",
                   "access-control-expose-headers", "content-language", "accept-ranges"})  # fmt: skip
_FIELD_NAMES = frozenset({"vary", "access-control-allow-headers", "access-control-expose-headers"})


def is_ignored(name: str, ignored: frozenset[str]) -> bool:
    """Whether a header field, in lower case, is not compared."""
    return name in ignored or name.startswith(IGNORED_PREFIXES)


def meaning(headers: Headers, addresses: Addresses, *, ignored: frozenset[str] = IGNORED) -> dict[str, Any]:
    """A message's headers as a tree: name in lower case → value, repeated fields as a list, structured ones by their parts."""
    fields: dict[str, list[str]] = {}
    for name, value in headers:
        if not is_ignored(name.lower(), ignored):
            fields.setdefault(name.lower(), []).append(addresses.neutral(value.strip()))
    return {name: _parsed(name, values, headers) for name, values in fields.items()}


def _parsed(name: str, values: list[str], headers: Headers) -> Any:
    if name == "content-type":
        kind, parameters = media_type(headers)
        return {
            "type": kind,
            **{key: value.lower() if key == "charset" else value for key, value in parameters.items()},
        }
    if name == "set-cookie":
        return _cookies(values)
    if name == "cookie":
        return dict(part.strip().partition("=")[::2] for value in values for part in value.split(";"))
    if name in _SETS:
        parts = [part.strip() for value in values for part in value.split(",") if part.strip()]
        return sorted({part.lower() if name in _FIELD_NAMES else part for part in parts})
    if name == "etag":
        return {"weak": values[0].startswith("W/"), "tag": values[0].removeprefix("W/").strip('"')}
    return values[0] if len(values) == 1 else values


def _cookies(values: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for value in values:
        # a mask has characters that a cookie's value must quote
        name, _, rest = value.partition("=")
        content, _, attributes = rest.partition(";")
        jar: SimpleCookie = SimpleCookie()
        try:
            jar.load(f"x=x; {attributes}")
        except CookieError:
            jar = SimpleCookie()
        morsel = jar.get("x")
        found[name.strip()] = {
            "value": content.strip(),
            **({key: part for key, part in morsel.items() if part} if morsel is not None else {}),
        }
    return found
