# ruff: noqa: A001 - services call it id too
"""The kinds of resources that services serve, each with the noise that is usual for it."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from benchmarks.detection.web import WEB
from benchmarks.detection.world import NAMES, World

if TYPE_CHECKING:
    from collections.abc import Callable


def user(w: World) -> None:
    id = w.uuid()
    made = w.iso()
    row = {"id": id, "name": "Ada", "email": f"user-{w.token(8).lower()}@example.org", "role": "admin", "age": 36,
           "active": True, "nickname": None, "created_at": made, "links": {"self": f"{w.url}/users/{id}"}}  # fmt: skip
    w.call("POST", "/users", row, status=201, headers=(("location", f"{w.url}/users/{id}"),), sent={"name": "Ada"})
    w.call("GET", f"/users/{id}", row)


def order(w: World) -> None:
    id = w.number(10_000, 99_999)
    items = [
        {"sku": sku, "quantity": n + 1, "price": 4.5 * (n + 1), "line_id": w.uuid()}
        for n, sku in enumerate(("oak", "elm", "fir"))
    ]
    row = {"id": id, "items": items, "total": 63.0, "currency": "EUR", "placed_at": w.iso(digits=3), "state": "open"}
    w.call("POST", "/orders", row, status=201)
    w.call("GET", f"/orders/{id}", {**row, "updated_at": w.iso(digits=3)})
    w.call("DELETE", f"/orders/{id}", status=204)
    w.call("GET", f"/orders/{id}", {"error": "not_found", "message": f"order {id} does not exist"}, status=404)


def login(w: World) -> None:
    sub = w.uuid(own=True)
    body = {"access_token": w.jwt(sub=sub, scope="read write"), "token_type": "bearer", "expires_in": 3600, "refresh_token": w.token(43, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"),
            "user": {"id": sub, "email": "ada@gaia.example"}}  # fmt: skip
    w.call("POST", "/login", body, sent={"email": "ada@gaia.example"})


def session(w: World) -> None:
    cookie = f"sid=[masked:{w.hex(8)}:b64url43]; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=3600"
    w.call("POST", "/session", {"ok": True}, headers=(("set-cookie", cookie), ("set-cookie", "lang=en; Path=/")))


def page(w: World) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps({"after": w.number(100, 999), "dir": "next"}).encode()).decode()
    items = [{"id": w.ulid(), "title": f"Post {n}", "score": round(w.rng.uniform(0, 9), 2)} for n in range(1, 6)]
    next_url = f"{w.url}/posts?limit=5&cursor={cursor}"
    w.call("GET", "/posts", {"items": items, "next": next_url, "has_more": True, "total": 48}, query={"limit": 5},
           headers=(("link", f'<{next_url}>; rel="next"'),))  # fmt: skip


def feed(w: World) -> None:
    count = 4 + 2 * w.run + w.number(0, 1)  # differs between the runs: else two samples cannot tell that it varies
    times = sorted((w.iso(digits=0, ahead=-60 * n) for n in range(count)), reverse=True)
    w.call("GET", "/feed", {"events": [{"id": w.object_id(), "kind": "like", "by": w.rng.choice(NAMES), "at": at,
                                        "seen": w.rng.random() < 0.5} for at in times]})  # fmt: skip


def growing(w: World) -> None:
    made = [w.uuid() for _ in range(2 + w.run + (w.side == "dev") * w.number(0, 3))]
    w.call(
        "GET",
        "/assets",
        {
            "assets": [{"id": id, "kind": "mesh", "size": w.number(100, 90_000), "public": False} for id in made],
            "count": len(made),
        },
    )


def tags(w: World) -> None:
    names = ["red", "green", "blue", "cyan", "teal", "pink", "gold"]
    w.rng.shuffle(names)
    w.call("GET", "/tags", {"tags": names, "default": "red"})


def members(w: World) -> None:
    rows = [
        {"id": w.uuid(), "name": name, "role": role}
        for name, role in zip(NAMES[:6], ("owner", "editor", "viewer") * 2, strict=True)
    ]
    w.rng.shuffle(rows)
    w.call("GET", "/members", {"members": rows})


def health(w: World) -> None:
    w.call("GET", "/health", {"status": "ok", "uptime": round(w.rng.uniform(10, 9000), 3), "started_at": w.iso(ahead=-w.rng.uniform(500, 9000)),
                              "checks": {"database": "ok", "nats": "ok"}, "hostname": f"{w.token(8).lower()}", "version": "1.4.2", "pid": w.number(2, 30_000)})  # fmt: skip


def metrics(w: World) -> None:
    lines = [
        "# TYPE requests counter",
        f'requests{{code="200"}} {w.number(100, 9000)}',
        f"memory_bytes {w.number(10**6, 10**8)}",
        "workers 4",
    ]
    w.call("GET", "/metrics", "\n".join(lines) + "\n", media="text/plain; version=0.0.4")


def error(w: World) -> None:
    w.call("POST", "/users", {"error": {"code": "invalid", "message": "email is required", "request_id": f"req_{w.token(16)}",
                                        "details": [{"field": "email", "reason": "required"}]}}, status=422)  # fmt: skip


def html(w: World) -> None:
    text = f"""<!DOCTYPE html><html lang="en"><head><title>Shop</title><meta name="csrf" content="{w.token(32)}"></head>
<body><h1>Welcome, Ada</h1><p>It is {w.iso(digits=0)}.</p><ul><li>Oak &amp; elm</li><li>Fir</li></ul>
<form action="/buy"><input type="hidden" name="nonce" value="{w.hex(32)}"><button>Buy</button></form></body></html>"""
    w.call("GET", "/", text, media="text/html; charset=utf-8", headers=(("content-language", "en"),))


def greeting(w: World) -> None:
    day = ("morning", "afternoon", "evening")[(w.run + (w.side == "dev") * 2) % 3]  # the baseline's runs differ
    w.call("GET", "/greet", {"text": f"Good {day}, Ada! You have {w.number(2, 90)} new messages.", "locale": "en-GB"})


def table(w: World) -> None:
    rows = "".join(
        f"{w.uuid()},{name},{price},{w.iso(digits=0)}\r\n"
        for name, price in (("oak", "4.50"), ("elm", "9.00"), ("fir", "13.50"))
    )
    w.call("GET", "/export.csv", f"id,name,price,exported\r\n{rows}", media="text/csv; charset=utf-8",
           headers=(("content-disposition", f'attachment; filename="export-{w.number(10**7, 10**8)}.csv"'),))  # fmt: skip


def invoice(w: World) -> None:
    text = f'<?xml version="1.0"?><invoice id="{w.uuid()}"><issued>{w.iso(digits=0, zone="+00:00")}</issued><line n="1"><name>Oak</name><sum cur="EUR">4.50</sum></line><line n="2"><name>Elm</name><sum cur="EUR">9.00</sum></line></invoice>'
    w.call("GET", "/invoice.xml", text, media="application/xml")


def events(w: World) -> None:
    id = w.uuid()
    blocks = [f"event: start\ndata: {json.dumps({'id': id, 'at': w.iso()})}\n\n"]
    blocks += [
        f"id: {n}\nevent: token\ndata: {json.dumps({'index': n, 'text': word})}\n\n"
        for n, word in enumerate(("one", "two", "three"))
    ]
    blocks.append(f"event: done\ndata: {json.dumps({'id': id, 'ms': w.number(20, 900)})}\n\n")
    w.call("POST", "/chat", "".join(blocks), media="text/event-stream")


def lines(w: World) -> None:
    rows = [
        {"n": n, "id": w.hex(32), "level": level, "t": int(w.tick() * 1000)}
        for n, level in enumerate(("info", "warn", "info", "error"))
    ]
    w.call("GET", "/log", "".join(json.dumps(row) + "\n" for row in rows), media="application/x-ndjson")


def cached(w: World) -> None:
    tag = w.own.randint(10**6, 10**8)
    w.call("GET", "/kinds", {"kinds": ["image", "mesh", "music"]}, headers=(
        ("etag", f'"{tag:x}"'), ("cache-control", "public, max-age=3600"), ("vary", "Accept, Accept-Encoding"),
        ("last-modified", f"Mon, 0{w.own.randint(1, 9)} Jun 2025 10:00:00 GMT")))  # fmt: skip


def limited(w: World) -> None:
    left = w.number(10, 59)
    w.call("GET", "/quota", {"plan": "free", "used": 60 - left, "limit": 60, "resets_at": int(w.now) + 60}, headers=(
        ("x-ratelimit-limit", "60"), ("x-ratelimit-remaining", str(left)), ("x-ratelimit-reset", str(int(w.now) + 60))))  # fmt: skip


def redirect(w: World) -> None:
    id = w.token(10)
    w.call("GET", "/a", status=302, headers=(("location", f"{w.url}/b/{id}?from=a"), ("cache-control", "no-store")))
    w.call("GET", f"/b/{id}", {"id": id, "ok": True}, query={"from": "a"})


def cors(w: World) -> None:
    w.call("OPTIONS", "/users", status=204, headers=(
        ("access-control-allow-origin", w.pay_url), ("access-control-allow-methods", "GET, POST, DELETE"),
        ("access-control-allow-headers", "authorization, content-type"), ("access-control-allow-credentials", "true")))  # fmt: skip


def payment(w: World) -> None:
    id = f"pay_{w.token(24)}"
    row = {"id": id, "amount": 1999, "currency": "eur", "status": "succeeded", "client_secret": f"{id}_secret_{w.token(16)}",
           "created": int(w.tick()), "receipt": f"{w.pay_url}/receipts/{id}.pdf", "card": {"brand": "visa", "last4": "4242"}, "fee": 0.29}  # fmt: skip
    w.call("POST", "/payments", row, status=201)
    w.call("GET", "/payments", {"data": [row], "object": "list", "has_more": False})


def weather(w: World) -> None:
    w.call("GET", "/weather", {"place": "Ghent", "temperature": round(w.rng.uniform(-5, 30), 1), "humidity": w.number(20, 99),
                               "forecast": [{"hour": hour, "t": round(w.rng.uniform(-5, 30), 1)} for hour in (6, 12, 18)], "unit": "C"})  # fmt: skip


def registry(w: World) -> None:
    w.call(
        "GET",
        "/jobs",
        {"jobs": {w.uuid(): {"state": "queued", "tries": n, "trace": w.hex(16)} for n in range(3)}, "paused": False},
    )


def parent(w: World) -> None:
    a, b = w.uuid(), w.uuid()
    w.call("POST", "/folders", {"id": a, "name": "root", "parent": None}, status=201)
    w.call("POST", "/folders", {"id": b, "name": "leaf", "parent": a}, status=201)
    w.call("GET", f"/folders/{a}", {"id": a, "name": "root", "children": [b], "etag": w.hex(40)})
    w.call("GET", "/folders", {"folders": [{"id": a, "parent": None}, {"id": b, "parent": a}]})


def versions(w: World) -> None:
    tags = [w.hex(16), w.hex(16)]
    w.call("PUT", "/doc", {"rev": 1}, headers=(("etag", f'W/"{tags[0]}"'),))
    w.call("PATCH", "/doc", {"rev": 2}, headers=(("etag", f'W/"{tags[1]}"'),))
    w.call("GET", "/doc", {"rev": 2, "text": "moss"}, headers=(("etag", f'W/"{tags[1]}"'),))


def search(w: World) -> None:
    hits = [
        {"id": w.uuid(), "title": title, "score": w.rng.random(), "tags": ["a", "b"]}
        for title in ("Oak", "Elm", "Fir", "Yew")
    ]
    w.call(
        "GET",
        "/search",
        {
            "q": "tree",
            "took_ms": w.number(1, 60),
            "hits": hits,
            "facets": {"kind": {"tree": 4, "bush": 0}},
            "big": 12345678901234567890,
        },
        query={"q": "tree"},
    )


def catalogue(w: World) -> None:
    w.call(
        "GET",
        "/catalogue",
        {
            "items": [
                {"slug": f"item-{n:03}", "title": f"Item {n}", "price": n * 1.25, "free": n % 3 == 0, "kind": "sound"}
                for n in range(60)
            ],
            "total": 60,
        },
    )


def upload(w: World) -> None:
    w.call(
        "PUT",
        "/files/oak",
        {
            "size": 2048,
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "stored_as": f"s3://bucket/{w.uuid()}/oak.png",
            "expires": w.iso(digits=0, ahead=86400),
        },
    )


RESOURCES: dict[str, Callable[[World], None]] = {
    make.__name__: make
    for make in (
        user, order, login, session, page, feed, growing, tags, members, health, metrics, error, html, greeting, table,
        invoice, events, lines, cached, limited, redirect, cors, payment, weather, registry, parent, versions, search, catalogue, upload,
    )
} | WEB  # fmt: skip


def recorded(kind: str, side: str, run: int, seed: int) -> World:
    """One run of one kind of resource."""
    world = World(side, run, seed)
    RESOURCES[kind](world)
    return world


def body_of(world: World, index: int) -> Any:
    """The JSON body of an exchange."""
    response = world.exchanges[index].response
    return json.loads((response.body.text if response else None) or "null")
