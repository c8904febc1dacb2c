"""Headers by meaning: which are compared at all, and what of them."""

from __future__ import annotations

import re
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.compare.decode import media_type
from pytest_gaia_parity.compare.values import Loose, Opaque

if TYPE_CHECKING:
    from pytest_gaia_parity.compare.addresses import Addresses
    from pytest_gaia_parity.model.exchange import Headers

#: hop by hop, of the platform, of one moment, or a consequence of something that is compared anyway
IGNORED = frozenset(
    {
        "age", "alt-svc", "connection", "content-length", "date", "keep-alive", "proxy-connection", "server", "te",
        "trailer", "transfer-encoding", "upgrade", "via", "x-powered-by", "nel", "report-to", "reporting-endpoints",
        "server-timing", "x-runtime", "x-response-time", "x-process-time", "x-response-time-ms", "x-request-id", "x-correlation-id",
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
#: parts between semicolons
_PARAMETERS = frozenset({"content-security-policy", "content-security-policy-report-only", "strict-transport-security",
                         "content-disposition"})  # fmt: skip
_FIELD_NAMES = frozenset({"vary", "access-control-allow-headers", "access-control-expose-headers", "cache-control"})
#: moments and counts of the platform: compared by form only
_COUNTERS = frozenset({"remaining", "reset", "r", "t"})
_OWN = frozenset({"last-modified", "expires", "retry-after"})


def is_ignored(name: str, ignored: frozenset[str]) -> bool:
    """Whether a header field, in lower case, is not compared."""
    return name in ignored or name.startswith(IGNORED_PREFIXES)


def compared(headers: Headers, *, ignored: frozenset[str] = IGNORED) -> list[tuple[str, str]]:
    """The fields that are compared: name in lower case, and value."""
    fields = [(name.lower(), value.strip()) for name, value in headers]
    return [field for field in fields if not is_ignored(field[0], ignored)]


def meaning(
    headers: Headers, addresses: Addresses, *, ignored: frozenset[str] = IGNORED, has_other_coding: bool = False
) -> dict[str, Any]:
    """A message's headers as a tree: name in lower case → value, repeated fields as a list, structured ones by their parts.

    :param has_other_coding: the sides compress differently, so that only one of them need say so in Vary.
    """
    fields: dict[str, list[str]] = {}
    for name, value in compared(headers, ignored=ignored):
        fields.setdefault(name, []).append(addresses.neutral(value))
    found = {name: _parsed(name, values, headers) for name, values in fields.items()}
    if has_other_coding and "vary" in found:
        found["vary"].pop("accept-encoding", None)
        if not found["vary"]:
            del found["vary"]
    return found


def _parsed(name: str, values: list[str], headers: Headers) -> Any:  # noqa: C901, PLR0911 - a line for each kind
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
        return _members(", ".join(values), is_lower=name in _FIELD_NAMES)
    if name == "link":
        return [_link(part) for value in values for part in re.split(r",\s*(?=<)", value)]
    if name in _PARAMETERS:
        return _parameters("; ".join(values))
    if name == "etag":
        weak = values[0].startswith(("W/", "w/"))
        tag = values[0][2:] if weak else values[0]
        return {"weak": weak, "quoted": tag[:1] == tag[-1:] == '"' and len(tag) > 1, "tag": _tag(tag.strip('"'))}
    if name in {"if-none-match", "if-match"}:
        return _tag(values[0].removeprefix("W/").strip('"'))
    if name == "www-authenticate":
        scheme, _, rest = values[0].partition(" ")
        return {"scheme": scheme.lower(), **_members(rest, is_lower=False)}
    if name == "ratelimit":
        members = _members("; ".join(values).replace(";", ","), is_lower=True)
        return {key: Loose(part) if key in _COUNTERS and part is not True else part for key, part in members.items()}
    if name in _OWN or (name.startswith(("ratelimit-", "x-ratelimit-")) and not name.endswith("limit")):
        return Loose(values[0])
    return values[0] if len(values) == 1 else values


def _link(value: str) -> dict[str, Any]:
    match = re.fullmatch(r"<([^>]*)>(.*)", value.strip(), re.DOTALL)
    if match is None:
        return {"url": value}
    return {"url": match[1], **_parameters(match[2])}


def _parameters(text: str) -> dict[str, Any]:
    """Parts between semicolons, by the name that each begins with: their order means nothing."""
    found: dict[str, Any] = {}
    for part in re.findall(r'(?:[^;"]|"(?:[^"\\]|\\.)*")+', text):
        match = re.match(r"([^\s=]+)(?:\s*=\s*|\s+)?(.*)", part.strip(), re.DOTALL)
        if match:
            found[match[1].lower()] = match[2].strip('"') or True
    return found


def _tag(text: str) -> str:
    """What an ETag holds: a digest or a file's time and size are their platform's own, a plain version is not."""
    return Opaque(text) if re.fullmatch(r"(?:W/)?[0-9A-Za-z+/_=-]{6,}", text) and re.search(r"\d", text) else text


def _members(text: str, *, is_lower: bool) -> dict[str, Any]:
    """A list of names or of `name=value`, in no order; a quoted value may hold commas."""
    found: dict[str, Any] = {}
    for part in re.findall(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+', text):
        name, _, value = part.strip().partition("=")
        if name:
            found[name.strip().lower() if is_lower else name.strip()] = value.strip().strip('"') if value else True
    return found


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
