"""Kinds of resources as real services have them: what is constant, what varies, and how."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from benchmarks.mutations.world import http_date, iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.mutations.world import World
    from pytest_gaia_parity.model.exchange import Exchange

    Resource = Callable[[World], list[Exchange]]


def login(w: World) -> list[Exchange]:
    user = w.uuid(w.fixed)
    issued = int(w.now().timestamp())
    token = w.jwt({"iss": "gaia", "sub": user, "aud": "api", "role": "editor", "iat": issued, "exp": issued + 3600})
    session = w.hex(32)
    return [
        w.call(
            "POST", "/login",
            {"access_token": token, "refresh_token": w.token(40), "token_type": "bearer", "expires_in": 3600,
             "user": {"id": user, "email": "ann@example.com", "created_at": iso(w.born(), 3)}},
            headers=[("set-cookie", f"session={session}; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=3600"),
                     ("cache-control", "no-store")],
            sent={"email": "ann@example.com", "password": "x"}, service="auth",
        ),
        w.call("GET", "/me", {"id": user, "session": session, "roles": ["editor", "viewer"]}, service="auth"),
    ]  # fmt: skip


def crud(w: World) -> list[Exchange]:
    asset, owner = w.uuid(), w.uuid(w.fixed)
    one = {
        "id": asset, "owner_id": owner, "name": "Rock", "size": 1024, "price": 12.5, "state": "draft", "parent": None,
        "created_at": iso(w.now(), 6, "+00:00"), "updated_at": iso(w.now(0.2), 6, "+00:00"),
        "links": {"self": f"{w.url()}/assets/{asset}", "owner": f"{w.url('auth')}/users/{owner}"},
    }  # fmt: skip
    tag = w.hex(32)
    other = {**one, "id": w.uuid(w.fixed), "name": "Tree", "links": {}}
    return [
        w.call("POST", "/assets", one, status=201, sent={"name": "Rock"},
               headers=[("location", f"{w.url()}/assets/{asset}"), ("etag", f'"{tag}"')]),
        w.call("GET", f"/assets/{asset}", one, headers=[("etag", f'"{tag}"')]),
        w.call("GET", "/assets?limit=2", {"items": [other, one], "total": 2, "limit": 2, "offset": 0}),
        w.call("PATCH", f"/assets/{asset}", {**one, "state": "ready"}, sent={"state": "ready"}),
        w.call("DELETE", f"/assets/{asset}", status=204),
        w.call("GET", f"/assets/{asset}",
               {"error": {"code": "not_found", "message": f"asset {asset} does not exist", "request_id": w.uuid()}},
               status=404),
    ]  # fmt: skip


def pages(w: World) -> list[Exchange]:
    items = [{"id": w.fixed.randrange(1000, 9999), "name": f"item {number}", "rank": number} for number in range(6)]
    result = []
    for start in (0, 3):
        cursor = w.base64(18)
        last = start == 3
        result.append(
            w.call("GET", f"/items?after={start}",
                   {"items": items[start : start + 3], "next": None if last else cursor, "has_more": not last},
                   headers=[] if last else [("link", f'<{w.url()}/items?cursor={quote(cursor)}>; rel="next"')])
        )  # fmt: skip
    return result


def health(w: World) -> list[Exchange]:
    return [
        w.call("GET", "/health", {
            "status": "ok", "version": "1.4.2", "uptime": round(w.fresh.uniform(10, 90_000), 3),
            "started_at": iso(w.now(-900)), "hostname": w.hex(12), "pid": w.fresh.randrange(10, 40_000),
            "checks": {"database": {"status": "up", "latency_ms": round(w.fresh.uniform(0.3, 9), 2)},
                       "nats": {"status": "up", "latency_ms": round(w.fresh.uniform(0.3, 9), 2)}},
        })
    ]  # fmt: skip


def search(w: World) -> list[Exchange]:
    hits = [
        {"_id": w.ulid(w.fixed), "_score": round(9.5 - n, 1), "title": f"Result {n}", "lang": "en"} for n in range(5)
    ]
    return [w.call("GET", "/search?q=rock", {"took": w.fresh.randrange(1, 300), "timed_out": False,
                                             "hits": {"total": 5, "hits": hits}})]  # fmt: skip


def metrics(w: World) -> list[Exchange]:
    text = "\n".join([
        "# HELP http_requests_total Requests", "# TYPE http_requests_total counter",
        f'http_requests_total{{code="200"}} {w.fresh.randrange(100, 9999)}',
        f'http_requests_total{{code="500"}} {w.fresh.randrange(10, 99)}',
        f"process_start_time_seconds {w.now(-700).timestamp():.3f}", "build_info 1", "",
    ])  # fmt: skip
    return [w.call("GET", "/metrics", text, media="text/plain; version=0.0.4; charset=utf-8")]


def page(w: World) -> list[Exchange]:
    nonce = w.base64(16)
    html = f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Gaia</title>
<link rel="stylesheet" href="/static/app.{w.hex(8, w.shared)}.css">
<script nonce="{nonce}">window.started = {int(w.now().timestamp() * 1000)};</script></head>
<body><h1>Welcome &amp; hello</h1>
<form action="/login" method="post"><input type="hidden" name="csrf" value="{w.token(43)}"><button disabled>Go</button></form>
<ul><li>One</li><li>Two</li><li>Three</li></ul>
<p>Rendered at {iso(w.now())} for <b>ann</b></p></body>
</html>"""
    policy = f"default-src 'self'; script-src 'nonce-{nonce}'; object-src 'none'"
    return [w.call("GET", "/", html, media="text/html; charset=utf-8",
                   headers=[("content-security-policy", policy), ("x-frame-options", "DENY"),
                            ("strict-transport-security", "max-age=31536000; includeSubDomains")])]  # fmt: skip


def feed(w: World) -> list[Exchange]:
    entries = "".join(
        f'<entry><id>urn:uuid:{w.uuid(w.fixed)}</id><title type="text">Entry {n}</title><updated>{iso(w.born(n))}</updated>'
        f'<link href="{w.url()}/e/{n}" rel="alternate"/></entry>'
        for n in range(3)
    )
    text = f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Gaia</title><updated>{iso(w.now())}</updated>{entries}</feed>'
    return [w.call("GET", "/feed", text, media="application/atom+xml")]


def export(w: World) -> list[Exchange]:
    rows = [f"{w.uuid(w.fixed)},{name},{amount},{w.born(n).date()}" for n, (name, amount) in
            enumerate([("Rock", "12.50"), ("Tree", "3.00"), ('"Sea, deep"', "0.99")])]  # fmt: skip
    text = "\r\n".join(["id,name,amount,day", *rows, ""])
    return [w.call("GET", "/export", text, media="text/csv; charset=utf-8",
                   headers=[("content-disposition", f'attachment; filename="export-{w.now().date()}.csv"')])]  # fmt: skip


def stream(w: World) -> list[Exchange]:
    ident = f"chatcmpl-{w.token(24)}"
    events = [f"data: {json.dumps({'id': ident, 'created': int(w.now().timestamp()), 'delta': part, 'index': n})}\n\n"
              for n, part in enumerate(["Hel", "lo ", "world"])]  # fmt: skip
    text = "event: start\ndata: {}\n\n" + "".join(events) + "data: [DONE]\n\n"
    return [w.call("POST", "/chat", text, media="text/event-stream", sent={"stream": True},
                   headers=[("cache-control", "no-cache")])]  # fmt: skip


def log(w: World) -> list[Exchange]:
    lines = [{"ts": int(w.now(n).timestamp() * 1000), "level": level, "msg": msg, "trace": w.hex(32)}
             for n, (level, msg) in enumerate([("info", "begin"), ("warn", "slow"), ("info", "end")])]  # fmt: skip
    return [w.call("GET", "/log", "".join(json.dumps(line) + "\n" for line in lines), media="application/x-ndjson")]


def redirect(w: World) -> list[Exchange]:
    state, code = w.token(32), w.hex(40)
    target = f"https://id.example.com/authorize?client_id=gaia&state={state}&redirect_uri={quote(w.url('auth') + '/callback', safe='')}"
    return [
        w.call("GET", "/oauth", status=302, service="auth",
               headers=[("location", target), ("set-cookie", f"state={state}; Path=/oauth; HttpOnly; SameSite=Lax")]),
        w.call("GET", f"/callback?state={state}&code={code}", status=303, headers=[("location", "/home")], service="auth"),
    ]  # fmt: skip


def problem(w: World) -> list[Exchange]:
    return [
        w.call("POST", "/orders", {
            "type": "https://gaia.example.com/problems/invalid", "title": "Invalid order", "status": 422,
            "instance": f"/problems/{w.uuid()}", "trace_id": w.hex(32), "timestamp": iso(w.now(), 3),
            "errors": [{"field": "amount", "code": "min", "limit": 1}, {"field": "name", "code": "required", "limit": None}],
        }, status=422, media="application/problem+json", sent={"amount": 0})
    ]  # fmt: skip


def limited(w: World) -> list[Exchange]:
    return [
        w.call("GET", "/limited", {"ok": True}, headers=[
            ("x-ratelimit-limit", "100"), ("x-ratelimit-remaining", str(w.fresh.randrange(10, 99))),
            ("x-ratelimit-reset", str(int(w.now(60).timestamp())))]),
        w.call("GET", "/limited", {"error": "too many"}, status=429, headers=[("retry-after", str(w.fresh.randrange(1, 60)))]),
    ]  # fmt: skip


def cached(w: World) -> list[Exchange]:
    return [w.call("GET", "/static/logo.svg", "<svg xmlns='http://www.w3.org/2000/svg'><circle r='4'/></svg>", media="image/svg+xml",
                   headers=[("etag", f'W/"{w.hex(16, w.fixed)}"'), ("last-modified", http_date(w.born())),
                            ("cache-control", "public, max-age=3600, immutable"), ("vary", "Accept-Encoding, Origin"),
                            ("expires", http_date(w.now(3600))), ("accept-ranges", "bytes")])]  # fmt: skip


def preflight(w: World) -> list[Exchange]:
    return [w.call("OPTIONS", "/assets", status=204,
                   headers=[("access-control-allow-origin", w.url()), ("access-control-allow-methods", "GET, POST, DELETE"),
                            ("access-control-allow-headers", "authorization, content-type"),
                            ("access-control-allow-credentials", "true"), ("access-control-max-age", "600"),
                            ("allow", "GET, POST, DELETE, OPTIONS")])]  # fmt: skip


def permissions(w: World) -> list[Exchange]:
    roles = w.shuffled(["admin", "editor", "viewer", "guest", "owner", "auditor"])
    groups = w.shuffled({"id": n + 1, "name": f"g{n}", "quota": 10 * n, "on": True} for n in range(5))
    return [w.call("GET", "/permissions", {"roles": roles, "groups": groups, "default": "viewer"})]


def notifications(w: World) -> list[Exchange]:
    count = w.shared.choice((3, 4)) + w.run if w.environment == "local" else w.fresh.choice((2, 6, 7))
    items = [
        {"id": w.uuid(), "kind": "info", "read": False, "text": "Saved", "at": iso(w.now(-n), 3)} for n in range(count)
    ]
    return [w.call("GET", "/notifications", {"items": items, "count": count})]


def keyed(w: World) -> list[Exchange]:
    users = {w.uuid(): {"name": name, "age": age, "joined": iso(w.born())} for name, age in (("Ann", 31), ("Bob", 47))}
    counts = {w.token(12): n for n in (1, 2)}
    return [w.call("GET", "/presence", {"users": users, "sessions": counts, "limits": {"max": 20, "min": 1}})]


def upload(w: World) -> list[Exchange]:
    name, digest = w.uuid(), w.hex(64, w.shared)
    signed = (f"https://files.example.com/{name}/rock.png?X-Expires=900&X-Date={w.now().strftime('%Y%m%dT%H%M%SZ')}"
              f"&X-Signature={w.hex(64)}")  # fmt: skip
    return [w.call("POST", "/files", {"key": f"uploads/{name}/rock.png", "sha256": digest, "size": 70_311,
                                      "mime": "image/png", "url": signed, "md5": w.base64(16, w.shared)}, status=201)]  # fmt: skip


def job(w: World) -> list[Exchange]:
    ident = f"job_{w.token(16)}"
    polls = w.fresh.choice((1, 2, 3))
    return [
        w.call("POST", "/jobs", {"id": ident, "state": "queued"}, status=202, headers=[("location", f"/jobs/{ident}")]),
        *(w.call("GET", f"/jobs/{ident}", {"id": ident, "state": "running", "progress": round(w.fresh.random(), 3)})
          for _ in range(polls)),
        w.call("GET", f"/jobs/{ident}/result", {"id": ident, "state": "done", "result": {"width": 512, "format": "png"}}),
    ]  # fmt: skip


def graph(w: World) -> list[Exchange]:
    def edge(n: int) -> dict[str, Any]:
        return {
            "cursor": w.base64(12, w.fixed),
            "node": {"__typename": "Asset", "id": w.base64(15, w.fixed), "name": f"A{n}"},
        }

    return [w.call("POST", "/graphql", {"data": {"assets": {"edges": [edge(n) for n in range(3)],
                   "pageInfo": {"hasNextPage": False, "endCursor": w.base64(12)}}},
                   "extensions": {"cost": 7, "traceId": w.hex(16)}}, sent={"query": "{assets}"})]  # fmt: skip


def weather(w: World) -> list[Exchange]:
    return [w.call("GET", "/weather", {"lat": 52.5167, "lon": 13.3833, "temperature": round(w.fresh.uniform(-4, 29), 1) + 0.05,
                                       "unit": "C", "at": w.now().date().isoformat() + " 09:00", "stations": [3, 14, 15]})]  # fmt: skip


def config(w: World) -> list[Exchange]:
    return [w.call("GET", "/config", {"features": {"chat": True, "beta": False, "limit": 25}, "api": w.url(), "auth": w.url("auth") + "/v1",
                                      "region": "eu", "locale": "de-DE", "empty": "", "nothing": None,
                                      "build": {"commit": w.hex(40, w.shared), "number": 118}})]  # fmt: skip


def report(w: World) -> list[Exchange]:
    text = f"Report {w.fresh.randrange(100, 999)}\nmade {w.now():%d/%b/%Y:%H:%M:%S} by gaia 1.4\n\nTotal: 12 items\nDone.\n"
    return [w.call("GET", "/report", text, media="text/plain; charset=utf-8")]


def binaries(w: World) -> list[Exchange]:
    return [
        w.call("GET", "/logo.png", b"\x89PNG\r\n\x1a\n" + w.shared.randbytes(200), media="image/png"),
        w.call("GET", "/report.pdf", b"%PDF-1.7\xff\xfe" + w.fresh.randbytes(300), media="application/pdf"),
    ]


def words(w: World) -> list[Exchange]:
    return [
        w.call("GET", "/hello", "Grüße aus Köln, José".encode("latin-1"), media="text/plain; charset=iso-8859-1",
               headers=[("content-language", "de")]),
        w.call("GET", "/names", {"names": ["Zoë", "Łukasz", "北京"], "html": "<b>&amp;</b>", "emoji": "🙂"}),
    ]  # fmt: skip


def form(w: World) -> list[Exchange]:
    return [w.call("POST", "/token", f"access_token={w.token(32)}&token_type=bearer&scope=read+write&expires_in=3600",
                   media="application/x-www-form-urlencoded", sent={"grant": "x"})]  # fmt: skip


def messages(w: World) -> list[Exchange]:
    base = (int(w.now().timestamp()) - 1_420_070_400) << 22
    items = [{"id": str((base << 8) + n), "seq": n + 1, "nano": w.token(21), "object": w.hex(24), "ksuid": w.token(27),
              "author": f"usr_{w.token(14, w.fixed)}", "channel": f"C{w.token(9, w.fixed, LETTERS_UP)}", "text": "hi"}
             for n in range(3)]  # fmt: skip
    return [w.call("GET", "/messages", items)]


LETTERS_UP = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def batch(w: World) -> list[Exchange]:
    made = [w.uuid() for _ in range(4)]
    results = [{"index": n, "id": one, "status": 201 if n != 2 else 409} for n, one in enumerate(made)]
    return [
        w.call("POST", "/batch", {"results": results, "failed": [made[2]]}, status=207),
        w.call("GET", f"/batch/{made[0]}", {"id": made[0], "siblings": made[1:]}),
    ]


def completion(w: World) -> list[Exchange]:
    words = ["stone", "river", "cloud", "wind", "moss", "light", "over", "under", "and", "the"]
    text = " ".join(w.fresh.choices(words, k=w.fresh.randrange(8, 30))).capitalize() + "."
    return [w.call("POST", "/complete", {"id": f"cmpl-{w.token(20)}", "object": "completion", "model": "gaia-1",
                                         "choices": [{"index": 0, "text": text, "finish_reason": "stop"}],
                                         "usage": {"prompt": 9, "completion": w.fresh.randrange(8, 4000)}}, sent={"prompt": "go"})]  # fmt: skip


def document(w: World) -> list[Exchange]:
    author, comment = str(w.fixed.randrange(10, 99)), [str(w.fixed.randrange(100, 999)) for _ in range(2)]
    return [w.call("GET", "/articles/1", {
        "data": {"type": "articles", "id": "1", "attributes": {"title": "Rocks", "published": True},
                 "relationships": {"author": {"data": {"type": "people", "id": author}},
                                   "comments": {"data": [{"type": "comments", "id": one} for one in comment]}}},
        "included": [{"type": "people", "id": author, "attributes": {"name": "Ann"}},
                     *({"type": "comments", "id": one, "attributes": {"body": "nice"}} for one in comment)],
        "links": {"self": f"{w.url()}/articles/1"}, "meta": {"served": w.fresh.randrange(1000, 99_999)},
    }, media="application/vnd.api+json")]  # fmt: skip


def optional(w: World) -> list[Exchange]:
    nulls = {"local": (None, iso(w.now(-90))), "dev": (iso(w.now(-70)), None)}[w.environment]
    run = w.run
    one: dict[str, Any] = {"name": "Ann", "last_login": nulls[run % 2], "theme": "dark", "limit": None}
    if run % 2:
        one["banner"] = "Sale"
    return [w.call("GET", "/profile", one)]


def denied(w: World) -> list[Exchange]:
    return [w.call("GET", "/private", {"detail": "Not authenticated"}, status=401,
                   headers=[("www-authenticate", f'Digest realm="gaia", nonce="{w.hex(32)}", algorithm=SHA-256, qop="auth"'),
                            ("x-content-type-options", "nosniff")])]  # fmt: skip


def cookies(w: World) -> list[Exchange]:
    return [w.call("POST", "/visit", {"visits": w.fresh.randrange(2, 90)}, headers=[
        ("set-cookie", f"csrftoken={w.token(32)}; Expires={http_date(w.now(86400))}; Path=/; SameSite=Strict; Secure"),
        ("set-cookie", f"visitor={w.uuid()}; Domain=example.com; Path=/; Max-Age=31536000; HttpOnly"),
        ("set-cookie", "theme=dark; Path=/")])]  # fmt: skip


def table(w: World) -> list[Exchange]:
    rows = [
        {"sku": f"SKU-{n:04d}", "stock": n * 7 % 11, "price": f"{n * 3 % 50}.{n % 10}0", "active": n % 3 == 0}
        for n in range(60)
    ]
    return [
        w.call(
            "GET", "/table", {"rows": rows, "page": 1, "pages": 4, "generated": w.now().strftime("%Y-%m-%d %H:%M:%S")}
        )
    ]


def soap(w: World) -> list[Exchange]:
    text = (f'<?xml version="1.0"?>\n<env:Envelope xmlns:env="urn:env"><env:Header><MessageID>{w.uuid()}</MessageID></env:Header>'
            f'<env:Body><Price currency="EUR">12.50</Price><Stamp>{iso(w.now(), 3)}</Stamp></env:Body></env:Envelope>')  # fmt: skip
    return [w.call("POST", "/soap", text, media="application/xml; charset=utf-8")]


def schedule(w: World) -> list[Exchange]:
    at = w.now()
    return [w.call("GET", "/schedule", {
        "next_run": at.strftime("%a %b %d %H:%M:%S %Y"), "day": at.strftime("%Y%m%d"), "us": at.strftime("%m/%d/%Y"),
        "micros": int(at.timestamp() * 1_000_000), "seconds": round(at.timestamp(), 3),
        "offset": iso(at.astimezone(dt.timezone(dt.timedelta(hours=2))), 0, "+02:00"), "duration": "PT15M", "cron": "0 9 * * 1",
        "elapsed": f"{w.fresh.uniform(1, 90):.1f}ms", "etag": w.hex(10)})]  # fmt: skip


ALL: tuple[Resource, ...] = (
    login, crud, pages, health, search, metrics, page, feed, export, stream, log, redirect, problem, limited, cached,
    preflight, permissions, notifications, keyed, upload, job, graph, weather, config, report, binaries, words, form,
    messages, batch, completion, document, optional, denied, cookies, table, soap, schedule,
)  # fmt: skip
