# ruff: noqa: ARG005 - a table of small functions, each given the value and the world
"""The planted faults: one change to what the candidate answers, and the place where it must be found."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from pytest_gaia_parity.model.exchange import Body, Exchange
from pytest_gaia_parity.model.path import parse_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.detection.world import World


class Fault(NamedTuple):
    """A change to one run of the candidate."""

    kind: str
    name: str
    #: where it must be found; what is above or below it counts too
    path: str
    plant: Callable[[World], None]


GONE = object()


def _at(tree: Any, path: str, change: Callable[[Any], Any]) -> Any:
    *above, last = parse_path(path)
    place = tree
    for part in above:
        place = place[part]
    value = change(place.get(last) if isinstance(place, dict) else place[last])
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return tree


def _answer(world: World, index: int, **changes: Any) -> None:
    exchange: Exchange = world.exchanges[index]
    assert exchange.response is not None
    response = msgspec.structs.replace(exchange.response, **changes)
    world.exchanges[index] = msgspec.structs.replace(exchange, response=response)


def _body(text: str | None = None, data: bytes | None = None) -> Body:
    size = len(data if data is not None else (text or "").encode())
    return Body(text=text, data=data, size=size, wire_size=size)


def js(kind: str, name: str, index: int, path: str, change: Callable[[Any, World], Any]) -> Fault:
    """A change to one place of a JSON body."""

    def plant(world: World) -> None:
        response = world.exchanges[index].response
        tree = json.loads((response.body.text if response else None) or "null")
        tree = _at(tree, path, lambda value: change(value, world))
        _answer(world, index, body=_body(json.dumps(tree)))

    return Fault(kind, name, f"body.{path}".replace(".[", "["), plant)


def tx(kind: str, name: str, index: int, path: str, change: Callable[[str, World], str]) -> Fault:
    """A change to a body's text."""

    def plant(world: World) -> None:
        response = world.exchanges[index].response
        before = (response.body.text if response else "") or ""
        after = change(before, world)
        assert after != before, f"{kind}/{name} changes nothing"
        _answer(world, index, body=_body(after))

    return Fault(kind, name, path, plant)


def hd(kind: str, name: str, index: int, header: str, change: Callable[[str, World], Any]) -> Fault:
    """A change to one header."""

    def plant(world: World) -> None:
        response = world.exchanges[index].response
        headers = () if response is None else response.headers
        changed = [(n, change(v, world) if n == header else v) for n, v in headers]
        if header not in dict(headers):
            changed.append((header, change("", world)))
        _answer(world, index, headers=tuple((n, v) for n, v in changed if v is not GONE))

    return Fault(kind, name, f"headers.{header}", plant)


def raw(kind: str, name: str, index: int, path: str, **changes: Any) -> Fault:
    """Another answer."""
    return Fault(kind, name, path, lambda world: _answer(world, index, **changes))


def drop(kind: str, name: str, index: int) -> Fault:
    """A call that is not made."""
    return Fault(kind, name, "exchange", lambda world: world.exchanges.__delitem__(index))


def _sub(pattern: str, to: str) -> Callable[[Any, World], str]:
    return lambda value, _: re.sub(pattern, to, value, count=1)


def _claims(value: str, **changes: Any) -> str:
    head, payload, signature = value.split(".", 2)
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    for name, change in changes.items():
        if change is GONE:
            del claims[name]
        else:
            claims[name] = change(claims[name]) if callable(change) else change
    return f"{head}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.{signature}"


FAULTS: tuple[Fault, ...] = (
    js("user", "id as a number", 1, "id", lambda v, w: 17),
    js("user", "id of somebody else", 1, "id", lambda v, w: w.uuid()),
    js("user", "id in capitals", 0, "id", lambda v, w: v.upper()),
    js("user", "id without dashes", 0, "id", lambda v, w: v.replace("-", "")),
    js("user", "time without zone", 0, "created_at", lambda v, w: v.rstrip("Z")),
    js("user", "time without fraction", 0, "created_at", lambda v, w: v[:19] + "Z"),
    js("user", "time with an offset", 0, "created_at", lambda v, w: v.replace("Z", "+00:00")),
    js("user", "time as epoch", 0, "created_at", lambda v, w: int(w.now)),
    js("user", "time an hour off", 0, "created_at", lambda v, w: w.iso(ahead=3600)),
    js("user", "time changes between reads", 1, "created_at", lambda v, w: w.iso()),
    js("user", "time with a space", 0, "created_at", lambda v, w: v.replace("T", " ")),
    js("user", "name changed", 1, "name", lambda v, w: "ada"),
    js("user", "null is missing", 0, "nickname", lambda v, w: GONE),
    js("user", "null is empty", 0, "nickname", lambda v, w: ""),
    js("user", "number as text", 0, "age", lambda v, w: "36"),
    js("user", "whole as decimal", 0, "age", lambda v, w: 36.0),
    js("user", "true as text", 0, "active", lambda v, w: "true"),
    js("user", "true is false", 0, "active", lambda v, w: False),
    js("user", "true is 1", 0, "active", lambda v, w: 1),
    js("user", "extra field", 0, "password", lambda v, w: "hash"),
    js("user", "e-mail of another domain", 0, "email", _sub("example.org", "example.com")),
    js("user", "link over https", 0, "links.self", _sub("http:", "https:")),
    js("user", "link to the baseline's host", 0, "links.self", _sub(r"//[^/]+", "//shop:8000")),
    js("user", "link to another id", 1, "links.self", lambda v, w: f"{w.url}/users/{w.uuid()}"),
    js("user", "link to another path", 0, "links.self", _sub("/users/", "/people/")),
    hd("user", "location relative", 0, "location", lambda v, w: v.replace(w.url, "")),
    hd("user", "location of another id", 0, "location", lambda v, w: f"{w.url}/users/{w.uuid()}"),
    raw("user", "200 for 201", 0, "status", status=200),
    raw("user", "500", 1, "status", status=500),
    js("order", "id as text", 0, "id", lambda v, w: str(v)),
    js("order", "id of another order", 1, "id", lambda v, w: v + 1),
    js("order", "element missing", 0, "items", lambda v, w: v[:2]),
    js("order", "element twice", 0, "items", lambda v, w: [*v, v[-1]]),
    js("order", "order lost", 0, "items", lambda v, w: v[::-1]),
    js("order", "fields swapped", 0, "items[1]", lambda v, w: {**v, "quantity": v["price"], "price": v["quantity"]}),
    js(
        "order",
        "one line id for two",
        0,
        "items[1].line_id",
        lambda v, w: body(w)["items"][0]["line_id"],
    ),
    js("order", "price rounded", 0, "items[0].price", lambda v, w: 5),
    js("order", "time in seconds", 0, "placed_at", lambda v, w: v[:19] + "Z"),
    js("order", "message of another order", 3, "message", _sub(r"\d+", "7")),
    js("order", "another message", 3, "message", _sub("does not exist", "not found")),
    raw("order", "still there", 3, "status", status=200),
    drop("order", "not deleted", 2),
    js("login", "expires after a day", 0, "access_token", lambda v, w: _claims(v, exp=lambda e: e + 82_800)),
    js("login", "claim gone", 0, "access_token", lambda v, w: _claims(v, scope=GONE)),
    js("login", "scope widened", 0, "access_token", lambda v, w: _claims(v, scope="read write admin")),
    js("login", "subject of somebody else", 0, "access_token", lambda v, w: _claims(v, sub=w.uuid())),
    js("login", "expiry in ms", 0, "access_token", lambda v, w: _claims(v, exp=lambda e: e * 1000)),
    js("login", "opaque token for a JWT", 0, "access_token", lambda v, w: w.token(40)),
    js("login", "signature too short", 0, "access_token", lambda v, w: v.replace("b64url43", "b64url22")),
    js("login", "refresh token cut", 0, "refresh_token", lambda v, w: v[:32]),
    js("login", "refresh token in hex", 0, "refresh_token", lambda v, w: w.hex(43)),
    js("login", "refresh token empty", 0, "refresh_token", lambda v, w: ""),
    js("login", "Bearer", 0, "token_type", lambda v, w: "Bearer"),
    js("login", "expires_in as text", 0, "expires_in", lambda v, w: "3600"),
    hd("session", "cookie not HttpOnly", 0, "set-cookie", lambda v, w: v.replace(" HttpOnly;", "")),
    hd("session", "cookie not Secure", 0, "set-cookie", lambda v, w: v.replace(" Secure;", "")),
    hd("session", "cookie SameSite", 0, "set-cookie", lambda v, w: v.replace("Lax", "None")),
    hd("session", "cookie lives longer", 0, "set-cookie", lambda v, w: v.replace("3600", "36000")),
    hd("session", "cookie renamed", 0, "set-cookie", lambda v, w: v.replace("sid=", "session=")),
    hd("session", "cookie gone", 0, "set-cookie", lambda v, w: GONE if v.startswith("lang") else v),
    hd("session", "cookie path", 0, "set-cookie", lambda v, w: v.replace("Path=/;", "Path=/app;")),
    js(
        "page",
        "cursor backwards",
        0,
        "next",
        lambda v, w: re.sub(
            "cursor=.*",
            "cursor=" + base64.urlsafe_b64encode(json.dumps({"after": 500, "dir": "prev"}).encode()).decode(),
            v,
        ),
    ),
    js("page", "cursor gone", 0, "next", lambda v, w: v.partition("&cursor")[0]),
    js("page", "limit changed", 0, "next", _sub("limit=5", "limit=50")),
    js("page", "one short", 0, "items", lambda v, w: v[:4]),
    js("page", "starts at the second", 0, "items", lambda v, w: [*v[1:], {**v[4], "id": w.ulid(), "title": "Post 6"}]),
    js("page", "no more", 0, "has_more", lambda v, w: False),
    js("page", "score not rounded", 0, "items[2].score", lambda v, w: w.rng.uniform(0, 9)),
    js("page", "ulid as uuid", 0, "items[0].id", lambda v, w: w.uuid()),
    js("page", "total off by one", 0, "total", lambda v, w: 47),
    hd("page", "link says prev", 0, "link", lambda v, w: v.replace("next", "prev")),
    js("feed", "not sorted", 0, "events", lambda v, w: sorted(v, key=lambda e: e["at"])),
    js("feed", "field of one gone", 0, "events[1].by", lambda v, w: GONE),
    js("feed", "empty", 0, "events", lambda v, w: []),
    js("feed", "kind in capitals", 0, "events[0].kind", lambda v, w: "LIKE"),
    js("feed", "id of another form", 0, "events[0].id", lambda v, w: w.uuid()),
    js("feed", "local time", 0, "events[1].at", lambda v, w: v.replace("Z", "+02:00")),
    js("feed", "seen as text", 0, "events[0].seen", lambda v, w: "no"),
    js("growing", "size as text", 0, "assets[0].size", lambda v, w: str(v)),
    js("growing", "extra field", 0, "assets[1].path", lambda v, w: "/srv/oak"),
    js("growing", "element twice", 0, "assets", lambda v, w: [*v, v[0]]),
    js("growing", "element null", 0, "assets[0]", lambda v, w: None),
    js("tags", "missing", 0, "tags", lambda v, w: v[1:]),
    js("tags", "twice", 0, "tags", lambda v, w: [*v, v[0]]),
    js("tags", "other case", 0, "tags[3]", lambda v, w: v.title()),
    js("members", "role changed", 0, "members[2].role", lambda v, w: "root"),
    js("members", "missing", 0, "members", lambda v, w: v[:-1]),
    js("members", "one id for two", 0, "members[1].id", lambda v, w: body(w)["members"][0]["id"]),
    js("health", "uptime in text", 0, "uptime", lambda v, w: f"{v} s"),
    js("health", "degraded", 0, "status", lambda v, w: "degraded"),
    js("health", "database down", 0, "checks.database", lambda v, w: "error"),
    js("health", "other version", 0, "version", lambda v, w: "1.4.1"),
    js("health", "pid as decimal", 0, "pid", lambda v, w: v + 0.5),
    tx("metrics", "name changed", 0, "body", lambda v, w: v.replace("memory_bytes", "memory_kib")),
    tx("metrics", "line gone", 0, "body", lambda v, w: v.replace("workers 4\n", "")),
    tx("metrics", "label changed", 0, "body", lambda v, w: v.replace('"200"', '"500"')),
    tx("metrics", "decimal counter", 0, "body", lambda v, w: re.sub(r"(memory_bytes \d+)", r"\1.5", v)),
    js("error", "another code", 0, "error.code", lambda v, w: "invalid_request"),
    js("error", "message changed", 0, "error.message", lambda v, w: "E-mail is required"),
    js("error", "request id without prefix", 0, "error.request_id", lambda v, w: v[4:]),
    js("error", "details gone", 0, "error.details", lambda v, w: GONE),
    js("error", "details empty", 0, "error.details", lambda v, w: []),
    js("error", "field path", 0, "error.details[0].field", lambda v, w: "body.email"),
    tx("html", "title changed", 0, "body", lambda v, w: v.replace("<title>Shop", "<title>Store")),
    tx("html", "escaped twice", 0, "body", lambda v, w: v.replace("&amp;", "&amp;amp;")),
    tx("html", "attribute gone", 0, "body", lambda v, w: v.replace(' lang="en"', "")),
    tx("html", "item gone", 0, "body", lambda v, w: v.replace("<li>Fir</li>", "")),
    tx(
        "html", "nonce too short", 0, "body", lambda v, w: re.sub(r'nonce" value="(.{16}).*?"', r'nonce" value="\1"', v)
    ),
    tx("html", "time without zone", 0, "body", lambda v, w: re.sub(r"(\d\d)Z\.", r"\1.", v)),
    hd("html", "charset", 0, "content-type", lambda v, w: "text/html; charset=iso-8859-1"),
    hd("html", "language gone", 0, "content-language", lambda v, w: GONE),
    js("greeting", "name lost", 0, "text", _sub("Ada", "{name}")),
    js("greeting", "number lost", 0, "text", _sub(r"\d+", "many")),
    js("greeting", "locale", 0, "locale", lambda v, w: "en_GB"),
    tx("table", "price not padded", 0, "body", lambda v, w: v.replace("4.50", "4.5")),
    tx("table", "decimal comma", 0, "body", lambda v, w: v.replace("9.00", '"9,00"')),
    tx("table", "column renamed", 0, "body", lambda v, w: v.replace("price", "cost")),
    tx("table", "row gone", 0, "body", lambda v, w: re.sub(r"[^\n]*elm[^\n]*\n", "", v)),
    tx("table", "byte order mark", 0, "body", lambda v, w: "\ufeff" + v),
    hd("table", "shown and not saved", 0, "content-disposition", lambda v, w: v.replace("attachment", "inline")),
    tx("invoice", "currency", 0, "body", lambda v, w: v.replace("EUR", "USD")),
    tx("invoice", "line gone", 0, "body", lambda v, w: re.sub(r'<line n="2">.*?</line>', "", v)),
    tx("invoice", "not well-formed", 0, "body", lambda v, w: v.replace("</invoice>", "")),
    tx("invoice", "offset", 0, "body", lambda v, w: v.replace("+00:00", "+02:00")),
    tx("events", "word changed", 0, "body", lambda v, w: v.replace('"two"', '"too"')),
    tx("events", "event gone", 0, "body", lambda v, w: re.sub(r"id: 1\n.*?\n\n", "", v, flags=re.DOTALL)),
    tx(
        "events",
        "order lost",
        0,
        "body",
        lambda v, w: re.sub(r"(id: 0\n.*?\n\n)(id: 1\n.*?\n\n)", r"\2\1", v, flags=re.DOTALL),
    ),
    tx("events", "never done", 0, "body", lambda v, w: re.sub(r"event: done\n.*?\n\n", "", v, flags=re.DOTALL)),
    tx(
        "events",
        "done says another id",
        0,
        "body",
        lambda v, w: re.sub(r'(event: done\ndata: {"id": ")[^"]+', rf"\g<1>{w.uuid()}", v),
    ),
    tx("events", "event renamed", 0, "body", lambda v, w: v.replace("event: start", "event: begin")),
    tx("lines", "level changed", 0, "body", lambda v, w: v.replace('"warn"', '"warning"')),
    tx("lines", "time in seconds", 0, "body", lambda v, w: re.sub(r'"t": (\d{10})\d{3}', r'"t": \1', v, count=1)),
    tx("lines", "cut off", 0, "body", lambda v, w: v[:-10]),
    hd("cached", "weak tag", 0, "etag", lambda v, w: f"W/{v}"),
    hd("cached", "private", 0, "cache-control", lambda v, w: v.replace("public", "private")),
    hd("cached", "age", 0, "cache-control", lambda v, w: v.replace("3600", "60")),
    hd("cached", "vary", 0, "vary", lambda v, w: "Accept-Encoding"),
    hd("cached", "no tag", 0, "etag", lambda v, w: GONE),
    tx("cached", "not JSON", 0, "body", lambda v, w: v.replace('"mesh",', '"mesh",,')),
    tx("cached", "key twice", 0, "body", lambda v, w: v[:-1] + ', "kinds": []}'),
    hd("cached", "media type", 0, "content-type", lambda v, w: "text/json"),
    hd("limited", "other limit", 0, "x-ratelimit-limit", lambda v, w: "600"),
    hd("limited", "remaining gone", 0, "x-ratelimit-remaining", lambda v, w: GONE),
    js("limited", "reset in ms", 0, "resets_at", lambda v, w: v * 1000),
    js("limited", "reset in an hour", 0, "resets_at", lambda v, w: v + 3540),
    raw("redirect", "301", 0, "status", status=301),
    hd("redirect", "query lost", 0, "location", lambda v, w: v.partition("?")[0]),
    hd("redirect", "host of the baseline", 0, "location", _sub(r"//[^/]+", "//shop:8000")),
    js("redirect", "another id", 1, "id", lambda v, w: w.token(10)),
    hd("cors", "origin any", 0, "access-control-allow-origin", lambda v, w: "*"),
    hd("cors", "method gone", 0, "access-control-allow-methods", lambda v, w: "GET, POST"),
    hd("cors", "credentials", 0, "access-control-allow-credentials", lambda v, w: GONE),
    js("payment", "amount in units", 0, "amount", lambda v, w: 19.99),
    js("payment", "other prefix", 0, "id", _sub("pay_", "pi_")),
    js("payment", "secret of another", 0, "client_secret", lambda v, w: f"pay_{w.token(24)}_secret_{w.token(16)}"),
    js("payment", "created in ms", 0, "created", lambda v, w: v * 1000),
    js("payment", "receipt at the wrong service", 0, "receipt", lambda v, w: v.replace(w.pay_url, w.url)),
    js("payment", "another card", 1, "data[0].card.last4", lambda v, w: "1881"),
    js("payment", "last4 as number", 0, "card.last4", lambda v, w: 4242),
    js("payment", "fee not exact", 0, "fee", lambda v, w: 0.29000000000000004),
    js("payment", "listed another", 1, "data[0].id", lambda v, w: f"pay_{w.token(24)}"),
    js("weather", "temperature as text", 0, "temperature", lambda v, w: str(v)),
    js("weather", "temperature not rounded", 0, "temperature", lambda v, w: v + 0.123456),
    js("weather", "humidity null", 0, "humidity", lambda v, w: None),
    js("weather", "hour moved", 0, "forecast[1].hour", lambda v, w: 13),
    js("weather", "unit", 0, "unit", lambda v, w: "F"),
    js(
        "registry",
        "state changed",
        0,
        "jobs",
        lambda v, w: {k: {**x, "state": "running" if n == 1 else x["state"]} for n, (k, x) in enumerate(v.items())},
    ),
    js("registry", "job gone", 0, "jobs", lambda v, w: dict(list(v.items())[:2])),
    js("registry", "keys are numbers", 0, "jobs", lambda v, w: {str(n): x for n, x in enumerate(v.values())}),
    js("parent", "wrong parent", 1, "parent", lambda v, w: body(w, 1)["id"]),
    js("parent", "wrong child", 2, "children[0]", lambda v, w: body(w, 0)["id"]),
    js("parent", "no children", 2, "children", lambda v, w: []),
    js("parent", "listed without parent", 3, "folders[1].parent", lambda v, w: None),
    js("parent", "listed in another order", 3, "folders", lambda v, w: v[::-1]),
    js("parent", "digest cut", 2, "etag", lambda v, w: v[:32]),
    hd("versions", "tag not renewed", 1, "etag", lambda v, w: header(w, "etag")),
    hd("versions", "tag strong", 2, "etag", lambda v, w: v[2:]),
    hd("versions", "tag changes between reads", 2, "etag", lambda v, w: f'W/"{w.hex(16)}"'),
    js("search", "big number rounded", 0, "big", lambda v, w: 12345678901234567000),
    js("search", "big number as decimal", 0, "big", lambda v, w: 1.2345678901234567e19),
    js("search", "score rounded", 0, "hits[1].score", lambda v, w: 0.5),
    js("search", "facet gone", 0, "facets.kind.bush", lambda v, w: GONE),
    js("search", "nested order lost", 0, "hits[2].tags", lambda v, w: v[::-1]),
    js("search", "took as text", 0, "took_ms", lambda v, w: f"{v}ms"),
    js("search", "hit gone", 0, "hits", lambda v, w: v[:1] + v[2:]),
    js("catalogue", "one price", 0, "items[17].price", lambda v, w: v + 0.01),
    js("catalogue", "one missing in the middle", 0, "items", lambda v, w: v[:30] + v[31:]),
    js(
        "catalogue",
        "a field of all",
        0,
        "items",
        lambda v, w: [{k: x for k, x in item.items() if k != "free"} for item in v],
    ),
    js("catalogue", "one inserted", 0, "items", lambda v, w: [*v[:5], {**v[5], "slug": "item-new"}, *v[5:]]),
    js("upload", "another digest", 0, "sha256", lambda v, w: w.hex(64)),
    js("upload", "wrong bucket", 0, "stored_as", _sub("bucket", "bucket-dev")),
    js("upload", "expires in a week", 0, "expires", lambda v, w: w.iso(digits=0, ahead=7 * 86400)),
)


def body(world: World, index: int = 0) -> Any:
    """The JSON body of an exchange."""
    response = world.exchanges[index].response
    return json.loads((response.body.text if response else None) or "null")


def header(world: World, name: str, index: int = 0) -> str:
    """A header of an exchange."""
    response = world.exchanges[index].response
    return "" if response is None else dict(response.headers)[name]
