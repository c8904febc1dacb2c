# ruff: noqa: A001 - services call it id too
"""Kinds of resource as the web has them beyond plain rows: links, cursors, signatures, streams, feeds, exports, traces."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.detection.world import World

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"
WORDS = ("stone", "river", "cloud", "wind", "moss", "light", "over", "under", "and", "the", "green", "slowly")


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def graphql(w: World) -> None:
    ids = [b64(f"Asset:{w.number(1000, 9999)}") for _ in range(3)]
    edges = [
        {
            "cursor": b64(f"offset:{n}"),
            "node": {
                "id": id,
                "__typename": "Asset",
                "name": f"Tile {n}",
                "price": {"amount": "4.50", "currency": "EUR"},
            },
        }
        for n, id in enumerate(ids)
    ]
    w.call("POST", "/graphql", {"data": {"assets": {"totalCount": 3, "edges": edges, "pageInfo": {"hasNextPage": False, "endCursor": edges[-1]["cursor"]}}},
                                "extensions": {"requestId": w.uuid(), "cost": {"requested": 12, "actual": 9}, "tracing": {"startTime": w.iso(digits=9 - 3), "duration": w.number(10**6, 10**8)}}},
           sent={"query": "{assets{id}}"})  # fmt: skip


def graphql_error(w: World) -> None:
    w.call("POST", "/graphql", {"data": {"me": None}, "errors": [{"message": "Not authenticated", "path": ["me"], "locations": [{"line": 1, "column": 3}],
                                "extensions": {"code": "UNAUTHENTICATED", "traceId": w.hex(32), "timestamp": w.iso(digits=3)}}]}, sent={"query": "{me{id}}"})  # fmt: skip


def hal(w: World) -> None:
    id = w.number(100, 99_999)
    w.call("GET", f"/orders/{id}", {"id": id, "status": "shipped", "_links": {"self": {"href": f"{w.url}/orders/{id}"}, "items": {"href": f"{w.url}/orders/{id}/items{{?page,size}}", "templated": True},
                                    "payment": {"href": f"{w.pay_url}/payments?order={id}"}}, "_embedded": {"items": [{"sku": sku, "_links": {"self": {"href": f"{w.url}/orders/{id}/items/{n}"}}} for n, sku in enumerate(("oak", "elm"))]}},
           media="application/hal+json")  # fmt: skip


def pages_by_link(w: World) -> None:
    after = w.token(22)
    link = f'<{w.url}/posts?after={after}&limit=3>; rel="next", <{w.url}/posts?limit=3>; rel="first"'
    rows = [{"id": str(1_700_000_000_000_000_000 + w.number(0, 10**17)), "title": f"Post {n}"} for n in range(3)]
    w.call("GET", "/posts", rows, headers=(("link", link), ("x-total-count", "12")), query={"limit": 3})


def presigned(w: World) -> None:
    stamp = w.iso(digits=0).replace("-", "").replace(":", "")
    key = w.uuid()
    url = (f"https://bucket.s3.eu-west-1.amazonaws.com/uploads/{key}/oak.png?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F{stamp[:8]}%2Feu-west-1%2Fs3%2Faws4_request"
           f"&X-Amz-Date={stamp}&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature={w.hex(64)}")  # fmt: skip
    w.call("POST", "/uploads", {"key": f"uploads/{key}/oak.png", "url": url, "method": "PUT", "headers": {"content-type": "image/png"}, "expires_at": w.iso(digits=0, ahead=3600)}, status=201)  # fmt: skip


def sas(w: World) -> None:
    signature = (
        base64.b64encode(bytes(w.rng.getrandbits(8) for _ in range(32)))
        .decode()
        .replace("+", "%2B")
        .replace("/", "%2F")
        .replace("=", "%3D")
    )
    w.call("GET", "/download", {"href": f"https://gaia.blob.core.windows.net/c/oak.bin?sv=2024-08-04&se={w.iso(digits=0, ahead=900).replace(':', '%3A')}&sr=b&sp=r&sig={signature}"})  # fmt: skip


def throttled(w: World) -> None:
    left = w.number(20, 97)
    w.call("GET", "/ping", {"pong": True}, headers=(("ratelimit", f"limit=100, remaining={left}, reset={w.number(1, 59)}"), ("ratelimit-policy", "100;w=60"),
           ("x-ratelimit-remaining", str(left)), ("server-timing", f"db;dur={w.number(1, 900) / 10}, app;dur={w.number(1, 900) / 10}"), ("x-response-time", f"{w.number(10, 9999) / 10}ms")))  # fmt: skip


def too_many(w: World) -> None:
    wait = w.number(2, 59)
    w.call("GET", "/busy", {"error": "too_many_requests", "retry_after": wait, "message": f"Try again in {wait} seconds"}, status=429, headers=(("retry-after", str(wait)),))  # fmt: skip


def german(w: World) -> None:
    minutes = w.number(2, 59)
    w.call("GET", "/de", {"gruss": "Schönen Tag, Größe!", "alter": f"vor {minutes} Minuten", "preis": "1.234,50 €", "datum": "3. März 2026", "leute": "Łukasz, Zoë, 李雷"}, headers=(("content-language", "de"),))  # fmt: skip


def relevance(w: World) -> None:
    scores = sorted((round(w.rng.uniform(0.2, 12), 6) for _ in range(8)), reverse=True)
    names = w.rng.sample(["oak", "elm", "fir", "yew", "ash", "box", "bay", "fig"], 8)
    w.call("GET", "/search", {"total": {"value": 8, "relation": "eq"}, "max_score": scores[0], "took": w.number(1, 80), "hits": [{"_id": w.token(20), "_score": score, "name": name, "highlight": f"a <em>{name}</em> tree"} for score, name in zip(scores, names, strict=True)]})  # fmt: skip


def embedding(w: World) -> None:
    import random  # noqa: PLC0415 - a vector that all sides share

    shared = random.Random(7)
    vector = [round(shared.uniform(-1, 1) + w.rng.uniform(-1, 1) * 1e-7, 9) for _ in range(48)]
    w.call("POST", "/embed", {"model": "gaia-embed-1", "object": "list", "data": [{"index": 0, "embedding": vector}], "usage": {"tokens": 5}}, sent={"input": "oak"})  # fmt: skip


def tokens(w: World) -> None:
    id = f"chatcmpl-{w.token(24)}"
    words = [w.rng.choice(WORDS) for _ in range(w.number(8, 14) + w.run * 3)]
    chunks = [
        {
            "id": id,
            "object": "chunk",
            "created": int(w.now),
            "model": "gaia-1",
            "choices": [{"index": 0, "delta": {"content": f"{word} "}, "finish_reason": None}],
        }
        for word in words
    ]
    chunks.append({"id": id, "object": "chunk", "created": int(w.now), "model": "gaia-1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})  # fmt: skip
    w.call("POST", "/completions", "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n", media="text/event-stream", sent={"stream": True})  # fmt: skip


def multipart(w: World) -> None:
    boundary = w.hex(32)
    text = f'--{boundary}\r\nContent-Type: application/json\r\n\r\n{{"ok": true, "id": "{w.uuid()}"}}\r\n--{boundary}\r\nContent-Type: text/plain\r\nContent-ID: <note>\r\n\r\nhello oak\r\n--{boundary}--\r\n'
    w.call("POST", "/batch", text, media=f"multipart/mixed; boundary={boundary}")


def atom(w: World) -> None:
    entries = "".join(
        f'<entry><id>urn:uuid:{w.uuid()}</id><title>Entry {n}</title><updated>{w.iso(digits=0)}</updated><link href="{w.url}/e/{n}" rel="alternate"/></entry>'
        for n in range(3)
    )
    w.call("GET", "/feed.atom", f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Gaia</title><updated>{w.iso(digits=0)}</updated>{entries}</feed>', media="application/atom+xml; charset=utf-8")  # fmt: skip


def rss(w: World) -> None:
    items = "".join(f'<item><title>News {n}</title><guid isPermaLink="false">{w.hex(40)}</guid><pubDate>{w.http_date()}</pubDate></item>' for n in range(2))  # fmt: skip
    w.call("GET", "/rss", f'<rss version="2.0"><channel><title>News</title><lastBuildDate>{w.http_date()}</lastBuildDate>{items}</channel></rss>', media="application/rss+xml")  # fmt: skip


def secured_page(w: World) -> None:
    nonce = base64.b64encode(bytes(w.rng.getrandbits(8) for _ in range(16))).decode()
    text = f"""<!doctype html><html><head><meta name="csrf-token" content="{w.token(43, BASE58)}"><script nonce="{nonce}" src="/static/app.3f9a1c.js"></script></head>
<body data-request="{w.uuid()}"><form method="post" action="/login"><input type="hidden" name="_csrf" value="{w.token(43, BASE58)}"><input name="email" type="email" required></form>
<p class="ago">rendered in {w.number(3, 900)} ms</p></body></html>"""
    w.call("GET", "/login", text, media="text/html; charset=utf-8", headers=(("content-security-policy", f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; object-src 'none'"), ("x-frame-options", "DENY"), ("strict-transport-security", "max-age=31536000; includeSubDomains"), ("referrer-policy", "no-referrer")))  # fmt: skip


def trace_error(w: World) -> None:
    trace = w.hex(32)
    w.call("GET", "/boom", {"type": "https://gaia.example/problems/not-found", "title": "Not found", "status": 404, "detail": "No asset 17", "instance": f"urn:uuid:{w.uuid()}", "traceId": f"00-{trace}-{w.hex(16)}-01", "timestamp": w.iso(digits=3, zone="+00:00")},
           status=404, media="application/problem+json", headers=(("traceparent", f"00-{trace}-{w.hex(16)}-01"),))  # fmt: skip


def spring_error(w: World) -> None:
    w.call("GET", "/nope", {"timestamp": w.iso(digits=3, zone="+00:00"), "status": 400, "error": "Bad Request", "message": f"Failed to convert value of type 'String' (request {w.token(8, LOWER)})", "path": "/nope"}, status=400)  # fmt: skip


def nullable(w: World) -> None:
    logged_in = None if w.run % 2 else w.iso(digits=0)
    w.call(
        "GET",
        "/me",
        {"name": "Ada", "last_login": logged_in, "bio": None, "tags": [], "settings": {}, "phone": "", "plan": "free"},
    )


def platform(w: World) -> None:
    host = "".join(w.own.choice("0123456789abcdef") for _ in range(12))
    w.call("GET", "/status", {"hostname": host, "uptime_seconds": w.number(10, 10**6), "memory": {"rss": w.number(10**7, 10**9), "percent": round(w.rng.uniform(1, 99), 1)}, "load": [round(w.rng.uniform(0, 4), 2) for _ in range(3)],
                              "threads": 8, "python": "3.12.4", "started": w.iso(ahead=-3600 - w.rng.uniform(0, 9)), "connections": w.number(20, 900)})  # fmt: skip


def histogram(w: World) -> None:
    count = w.number(100, 999)
    lines = ["# HELP latency_seconds Latency.", "# TYPE latency_seconds histogram", f'latency_seconds_bucket{{le="0.1"}} {count}', f'latency_seconds_bucket{{le="+Inf"}} {count + 5}', f"latency_seconds_sum {w.rng.uniform(1, 90):.6f}", f"latency_seconds_count {count + 5}", 'build_info{version="1.4.2"} 1']  # fmt: skip
    w.call("GET", "/metrics", "\n".join(lines) + "\n", media="text/plain; version=0.0.4; charset=utf-8")


def jwks(w: World) -> None:
    key = "".join(w.own.choice(BASE58) for _ in range(86))
    kid = "".join(w.own.choice(LOWER) for _ in range(16))
    w.call("GET", "/.well-known/jwks.json", {"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": kid, "n": key, "e": "AQAB"}]}, headers=(("cache-control", "public, max-age=600"),))  # fmt: skip


def discovery(w: World) -> None:
    w.call("GET", "/.well-known/openid-configuration", {"issuer": w.url, "authorization_endpoint": f"{w.url}/authorize", "token_endpoint": f"{w.url}/token", "jwks_uri": f"{w.url}/.well-known/jwks.json", "scopes_supported": ["openid", "email", "profile"], "response_types_supported": ["code"]})  # fmt: skip


def data_uri(w: World) -> None:
    image = base64.b64encode(bytes(w.rng.getrandbits(8) for _ in range(90))).decode()
    w.call(
        "POST",
        "/totp",
        {
            "secret": w.token(32, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
            "qr": f"data:image/png;base64,{image}",
            "digits": 6,
            "period": 30,
        },
    )


def log_lines(w: World) -> None:
    lines = [
        f"{w.iso(digits=3)} [{w.number(1000, 9999)}] {level:5} gaia.{part}: {text}"
        for level, part, text in (
            ("INFO", "http", "listening on :8000"),
            ("WARN", "db", f"slow query took {w.number(200, 999)}ms"),
            ("INFO", "http", f"GET /assets/{w.uuid()} 200"),
        )
    ]
    w.call("GET", "/logs", "\n".join(lines) + "\n", media="text/plain; charset=utf-8")


def accounting(w: World) -> None:
    w.call("GET", "/usage", {"period": {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}, "rows": [{"day": f"2026-01-{day:02}", "calls": 100 + day, "cost": f"{day * 0.25:.2f}"} for day in range(1, 8)], "total": {"calls": 728, "cost": "7.00"}, "elapsed": f"PT0.{w.number(100, 999)}S"})  # fmt: skip


def snowflakes(w: World) -> None:
    a, b = (1_850_000_000_000_000_000 + w.number(0, 10**16) for _ in range(2))
    w.call(
        "POST",
        "/messages",
        {"id": a, "id_str": str(a), "channel_id": str(b), "content": "hi", "nonce": w.token(12, BASE58)},
        status=201,
    )
    w.call("GET", f"/messages/{a}", {"id": a, "id_str": str(a), "channel_id": str(b), "content": "hi", "edited": None})


def short_ids(w: World) -> None:
    id, slug = w.token(8, BASE58), f"oak-{w.token(6, LOWER)}"
    w.call(
        "POST",
        "/links",
        {
            "id": id,
            "slug": slug,
            "short_url": f"https://gaia.ex/{id}",
            "visits": 0,
            "ksuid": w.token(27),
            "cuid": "c" + w.token(24, LOWER),
        },
        status=201,
    )
    w.call("GET", f"/links/{id}", {"id": id, "slug": slug, "short_url": f"https://gaia.ex/{id}", "visits": 1})


def sequence(w: World) -> None:
    id = 1000 + w.run * 7 + (w.side == "dev") * 312 + w.seed % 90
    w.call("POST", "/posts", {"id": id, "url": f"{w.url}/posts/{id}", "slug": f"a-post-{id}", "position": 3, "author": {"id": 7, "name": "Ada"}}, status=201, headers=(("location", f"/posts/{id}"),))  # fmt: skip
    w.call("GET", f"/posts/{id}", {"id": id, "url": f"{w.url}/posts/{id}", "slug": f"a-post-{id}", "position": 3, "author": {"id": 7, "name": "Ada"}, "comments": []})  # fmt: skip


def graph(w: World) -> None:
    ids = [w.token(12) for _ in range(3)]
    nodes = [{"id": id, "label": label} for id, label in zip(ids, ("root", "left", "right"), strict=True)]
    w.rng.shuffle(nodes)
    w.call("GET", "/graph", {"nodes": nodes, "edges": [{"from": ids[0], "to": ids[1]}, {"from": ids[0], "to": ids[2]}]})


def places(w: World) -> None:
    w.call("GET", "/where", {"type": "FeatureCollection", "features": [{"type": "Feature", "id": w.hex(24), "geometry": {"type": "Point", "coordinates": [3.7174 + n, 51.0543]}, "properties": {"name": name, "seen": w.iso(digits=0), "accuracy": round(w.rng.uniform(1, 30), 2)}} for n, name in enumerate(("Ghent", "Bruges"))]}, media="application/geo+json")  # fmt: skip


def wallet(w: World) -> None:
    w.call("GET", "/wallet", {"balance": "1024.000000000000000001", "amount": 0.1, "big": 9007199254740993, "rate": 1.0, "iban": "BE71 0961 2345 6769", "updated": w.iso()}, headers=(("etag", f'W/"{w.hex(8)}-{w.hex(11)}"'), ("last-modified", w.http_date()), ("vary", "Origin, Accept-Encoding")))  # fmt: skip


def permissions(w: World) -> None:
    scopes = ["assets:read", "assets:write", "chat:read", "users:admin"]
    w.rng.shuffle(scopes)
    w.call("GET", "/permissions", {"scopes": scopes, "roles": ["owner", "editor"], "expires": w.iso(digits=0, ahead=86_400), "matrix": {"assets": {"read": True, "delete": False}}})  # fmt: skip


def progress(w: World) -> None:
    id = w.ulid()
    w.call(
        "POST",
        "/jobs",
        {"id": id, "state": "queued", "percent": 0},
        status=202,
        headers=(("location", f"{w.url}/jobs/{id}"), ("retry-after", "1")),
    )
    w.call("GET", f"/jobs/{id}", {"id": id, "state": "done", "percent": 100, "result": {"url": f"{w.url}/files/{id}.glb", "bytes": 2048, "took": round(w.rng.uniform(0.5, 9), 3)}, "finished_at": w.iso()})  # fmt: skip


def export(w: World) -> None:
    rows = [
        f"{w.token(10)};{name};{amount};{w.iso(digits=0)}"
        for name, amount in (("Zoë", "1,50"), ('"Müller; Sohn"', "2,75"), ("Ada", "10,00"))
    ]
    w.rng.shuffle(rows)
    w.call(
        "GET",
        "/export",
        "\ufeffref;name;amount;at\r\n" + "\r\n".join(rows) + "\r\n",
        media="text/csv; charset=utf-8; header=present",
    )


def envelope(w: World) -> None:
    w.call("GET", "/v2/things", {"ok": True, "warning": "", "response_metadata": {"next_cursor": b64(f"team:C0{w.token(9)}"), "messages": []}, "things": [{"id": f"T0{w.token(9, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789')}", "name": name, "updated": int(w.now) - 5, "is_archived": False} for name in ("general", "random")]},
           headers=(("x-oauth-scopes", "read,write"), ("x-slack-req-id", w.hex(32))))  # fmt: skip


def webhook(w: World) -> None:
    body: dict[str, Any] = {"id": f"evt_{w.token(24)}", "type": "asset.created", "created": int(w.tick()), "livemode": False, "data": {"object": {"id": f"ast_{w.token(14)}", "kind": "mesh"}}, "pending_webhooks": 1, "request": {"idempotency_key": w.uuid()}}  # fmt: skip
    w.call(
        "GET",
        "/events/last",
        body,
        headers=(("x-signature", f"t={int(w.now)},v1={w.hex(64)}"), ("x-webhook-id", f"wh_{w.token(20)}")),
    )


def soap(w: World) -> None:
    w.call("POST", "/soap", f'<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header><id>{w.uuid()}</id></soap:Header><soap:Body><GetPriceResponse xmlns="urn:gaia"><Price currency="EUR">34.50</Price><At>{w.iso(digits=3)}</At><Available>true</Available></GetPriceResponse></soap:Body></soap:Envelope>', media="text/xml; charset=utf-8")  # fmt: skip


def nested_tree(w: World) -> None:
    def node(name: str, children: list[Any]) -> dict[str, Any]:
        return {"uuid": w.uuid(), "name": name, "children": children, "hash": w.hex(8)}

    w.call("GET", "/tree", node("root", [node("a", [node("a1", []), node("a2", [])]), node("b", [])]))


WEB: dict[str, Callable[[World], None]] = {
    make.__name__: make
    for make in (
        graphql, graphql_error, hal, pages_by_link, presigned, sas, throttled, too_many, german, relevance, embedding, tokens, multipart, atom, rss,
        secured_page, trace_error, spring_error, nullable, platform, histogram, jwks, discovery, data_uri, log_lines, accounting, snowflakes, short_ids,
        sequence, graph, places, wallet, permissions, progress, export, envelope, webhook, soap, nested_tree,
    )
}  # fmt: skip
