"""Assets: things with ids and links, their files, lists in pages, a catalogue large enough to compress."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from pytest_gaia_parity.lab import tokens
from pytest_gaia_parity.lab.replies import ApiError, not_found, query_number, read_json
from pytest_gaia_parity.lab.service import Service

if TYPE_CHECKING:
    from starlette.requests import Request

    from pytest_gaia_parity.lab.settings import Settings
    from pytest_gaia_parity.lab.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS assets (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, owner TEXT, name TEXT, kind TEXT, collection TEXT,
    tags TEXT, version INTEGER, created_at TEXT, updated_at TEXT
);
CREATE TABLE IF NOT EXISTS files (asset_id TEXT PRIMARY KEY, media_type TEXT, content BLOB);
"""
KINDS = ("image", "mesh", "music", "sound")
LARGEST_PAGE = 50
INSTRUMENTS = ("bells", "drone", "flute", "harp", "kalimba", "organ", "rain", "strings", "thunder", "wind")


def make(settings: Settings, store: Store) -> Service:
    """The service on its database."""
    asset = _Asset(settings, store)
    return Service(
        routes=[
            Route("/kinds", asset.kinds),
            Route("/catalogue", asset.catalogue),
            Route("/assets", asset.create, methods=["POST"]),
            Route("/assets", asset.list),
            Route("/assets/{id}", asset.read),
            Route("/assets/{id}", asset.change, methods=["PATCH"]),
            Route("/assets/{id}", asset.delete, methods=["DELETE"]),
            Route("/assets/{id}/file", asset.upload, methods=["PUT"]),
            Route("/assets/{id}/file", asset.download),
            Route("/a/{id}", asset.short_link),
            Route("/v0/kinds", asset.moved),
        ]
    )


class _Asset:
    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    async def kinds(self, request: Request) -> Response:
        """What assets there can be; never changes, so clients may keep it."""
        body = json.dumps({"kinds": list(KINDS)}, separators=(",", ":")).encode()
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = {"ETag": tag, "Cache-Control": "public, max-age=3600"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    async def catalogue(self, _request: Request) -> Response:
        """A long list that compresses well."""
        items = [
            {
                "slug": f"{instrument}-{number:02}",
                "title": f"{instrument.title()} no. {number}",
                "kind": "sound",
                "seconds": round(1.5 * number + len(instrument) / 4, 2),
                "free": number % 3 == 0,
            }
            for instrument in INSTRUMENTS
            for number in range(1, 21)
        ]
        return JSONResponse({"items": items, "total": len(items)})

    async def create(self, request: Request) -> Response:
        """Make an asset; says where it is."""
        user = tokens.user_of(self._settings, request)
        body = await read_json(request, name=str, kind=str, collection=(str, "default"), tags=(list, []))
        if body["kind"] not in KINDS:
            detail = {"field": "kind", "message": f"must be one of {', '.join(KINDS)}"}
            raise ApiError(422, "invalid", "the body is not valid", details=[detail])
        now = self._settings.timestamp()
        [row] = self._store.rows(
            "INSERT INTO assets (id, owner, name, kind, collection, tags, version, created_at, updated_at) VALUES"
            " (:id, :owner, :name, :kind, :collection, :tags, 1, :now, :now) RETURNING *",
            id=str(uuid.uuid4()),
            owner=user.id,
            name=body["name"],
            kind=body["kind"],
            collection=body["collection"],
            tags=json.dumps(body["tags"]),
            now=now,
        )
        shown = self._shown(row, request)
        return JSONResponse(shown, status_code=201, headers={"Location": shown["links"]["self"], "ETag": _tag(row)})

    async def list(self, request: Request) -> Response:
        """Assets of their owner, in pages, newest last."""
        user = tokens.user_of(self._settings, request)
        limit = query_number(request, "limit", default=20, least=1, most=LARGEST_PAGE)
        after = query_number(request, "after", default=0, least=0, most=2**53)
        collection = request.query_params.get("collection", "default")
        where = "FROM assets WHERE owner = :owner AND collection = :collection"
        named = {"owner": user.id, "collection": collection}
        rows = self._store.rows(
            f"SELECT * {where} AND number > :after ORDER BY number LIMIT :limit",
            **named,
            after=after,
            limit=limit + 1,
        )
        [count] = self._store.rows(f"SELECT count(*) AS total {where}", **named)
        if "wrong-order" in self._settings.quirks:
            rows[:limit] = reversed(rows[:limit])
        page: dict[str, Any] = {"items": [self._shown(row, request) for row in rows[:limit]], "total": count["total"]}
        headers = {}
        page["next"] = None
        if len(rows) > limit:
            last = max(row["number"] for row in rows[:limit])
            query = urlencode({"collection": collection, "limit": limit, "after": last})
            page["next"] = f"{request.base_url}assets?{query}"
            headers["Link"] = f'<{page["next"]}>; rel="next"'
        if "older-version" in self._settings.quirks:
            del page["total"]
        return JSONResponse(page, headers=headers)

    async def read(self, request: Request) -> Response:
        """One asset."""
        row = self._owned(request)
        headers = {"ETag": _tag(row), "Cache-Control": "private, no-cache"}
        return JSONResponse(self._shown(row, request), headers=headers)

    async def change(self, request: Request) -> Response:
        """Change name or tags, if nobody else did meanwhile."""
        row = self._owned(request)
        body = await read_json(request, name=(str, row["name"]), tags=(list, json.loads(row["tags"])))
        expected = request.headers.get("if-match")
        if expected not in {None, "*", _tag(row)}:
            raise ApiError(412, "precondition_failed", "the asset was changed meanwhile")
        [changed] = self._store.rows(
            "UPDATE assets SET name = :name, tags = :tags, version = version + 1, updated_at = :now WHERE id = :id"
            " RETURNING *",
            id=row["id"],
            name=body["name"],
            tags=json.dumps(body["tags"]),
            now=self._settings.timestamp(),
        )
        return JSONResponse(self._shown(changed, request), headers={"ETag": _tag(changed)})

    async def delete(self, request: Request) -> Response:
        """Remove an asset with its file."""
        row = self._owned(request)
        self._store.rows("DELETE FROM files WHERE asset_id = :id", id=row["id"])
        self._store.rows("DELETE FROM assets WHERE id = :id", id=row["id"])
        return Response(status_code=204)

    async def upload(self, request: Request) -> Response:
        """Keep the body as the asset's file."""
        row = self._owned(request)
        content = await request.body()
        media_type = request.headers.get("content-type", "application/octet-stream")
        self._store.rows(
            "INSERT OR REPLACE INTO files VALUES (:id, :media_type, :content)",
            id=row["id"],
            media_type=media_type,
            content=content,
        )
        digest = hashlib.sha256(content).hexdigest()
        return JSONResponse({"size": len(content), "media_type": media_type, "sha256": digest})

    async def download(self, request: Request) -> Response:
        """The asset's file, byte for byte."""
        row = self._owned(request)
        file = self._store.row("SELECT * FROM files WHERE asset_id = :id", id=row["id"])
        if file is None:
            raise not_found("file")
        disposition = f'attachment; filename="{row["kind"]}"'
        return Response(file["content"], media_type=file["media_type"], headers={"Content-Disposition": disposition})

    async def short_link(self, request: Request) -> Response:
        """A link to share; leads to the asset."""
        return RedirectResponse(f"{request.base_url}assets/{request.path_params['id']}", status_code=307)

    async def moved(self, _request: Request) -> Response:
        """Where the kinds were before."""
        return RedirectResponse("/kinds", status_code=308)

    def _shown(self, row: dict[str, Any], request: Request) -> dict[str, Any]:
        quirks = self._settings.quirks
        link = f"{request.base_url}assets/{row['id']}"
        times = {name: row[name] for name in ("created_at", "updated_at")}
        if "naive-time" in quirks:
            times = {name: time.removesuffix("Z") for name, time in times.items()}
        return {
            **{name: row[name] for name in ("id", "owner", "name", "kind", "collection", "version")},
            **({"owner": str(uuid.uuid4())} if "foreign-id" in quirks else {}),
            "tags": json.loads(row["tags"]),
            **times,
            "links": {"self": link, "file": f"{link}/file"},
        }

    def _owned(self, request: Request) -> dict[str, Any]:
        user = tokens.user_of(self._settings, request)
        row = self._store.row("SELECT * FROM assets WHERE id = :id", id=request.path_params["id"])
        if row is None:
            raise not_found("asset")
        if row["owner"] != user.id:
            raise ApiError(403, "forbidden", "the asset belongs to somebody else")
        return row


def _tag(row: dict[str, Any]) -> str:
    digest = hashlib.sha256(f"{row['id']} {row['version']}".encode()).hexdigest()
    return f'"{digest[:32]}"'
