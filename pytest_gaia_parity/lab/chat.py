"""Conversations: questions in, answers as a stream of events, exports as lines."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from pytest_gaia_parity.lab import tokens
from pytest_gaia_parity.lab.replies import ApiError, not_found, read_json
from pytest_gaia_parity.lab.service import Service
from pytest_gaia_parity.lab.store import check_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from pytest_gaia_parity.lab.settings import Settings
    from pytest_gaia_parity.lab.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS conversations (id TEXT PRIMARY KEY, owner TEXT, title TEXT, model TEXT, created_at TEXT);
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, conversation_id TEXT, role TEXT, text TEXT, created_at TEXT
);
"""
MODELS = ("gaia-small", "gaia-large")


def make(settings: Settings, store: Store) -> Service:
    """The service on its database."""
    chat = _Chat(settings, store)
    return Service(
        routes=[
            Route("/models", chat.models),
            Route("/conversations", chat.create, methods=["POST"]),
            Route("/conversations/{id}", chat.read),
            Route("/conversations/{id}/messages", chat.ask, methods=["POST"]),
            Route("/conversations/{id}/messages", chat.messages),
            Route("/conversations/{id}/export", chat.export),
        ]
    )


class _Chat:
    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    async def models(self, _request: Request) -> Response:
        """The models that answer."""
        return JSONResponse({"models": [{"name": name, "default": name == MODELS[0]} for name in MODELS]})

    async def create(self, request: Request) -> Response:
        """Begin a conversation."""
        user = tokens.user_of(self._settings, request)
        body = await read_json(request, title=str, model=(str, MODELS[0]))
        if body["model"] not in MODELS:
            detail = {"field": "model", "message": f"must be one of {', '.join(MODELS)}"}
            raise ApiError(422, "invalid", "the body is not valid", details=[detail])
        [row] = self._store.rows(
            "INSERT INTO conversations VALUES (:id, :owner, :title, :model, :now) RETURNING *",
            id=str(uuid.uuid4()),
            owner=user.id,
            title=body["title"],
            model=body["model"],
            now=self._settings.timestamp(),
        )
        return JSONResponse(row, status_code=201, headers={"Location": f"/conversations/{row['id']}"})

    async def read(self, request: Request) -> Response:
        """A conversation."""
        return JSONResponse(self._owned(request))

    async def ask(self, request: Request) -> Response:
        """Answer a question, word by word where the client takes events."""
        conversation = self._owned(request)
        body = await read_json(request, text=str)
        await self._announce()
        asked = self._insert(conversation["id"], "user", body["text"])
        answer = self._insert(conversation["id"], "assistant", _answer(body["text"]))
        if "text/event-stream" in request.headers.get("accept", ""):
            events = _events(asked, answer)
            return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-store"})
        return JSONResponse({"question": asked, "answer": answer}, status_code=201)

    async def messages(self, request: Request) -> Response:
        """All messages of a conversation, in order."""
        return JSONResponse({"messages": self._messages(self._owned(request)["id"])})

    async def export(self, request: Request) -> Response:
        """All messages of a conversation, a JSON object per line."""
        lines = [json.dumps(message) for message in self._messages(self._owned(request)["id"])]
        return Response("".join(f"{line}\n" for line in lines), media_type="application/x-ndjson")

    async def _announce(self) -> None:
        """Other services hear of messages over NATS; without it nothing is accepted."""
        state = await check_server(self._settings.nats_url, self._settings.hosts)
        if state != "ok":
            raise ApiError(503, "nats_unavailable", "NATS cannot be reached")

    def _messages(self, conversation: str) -> list[dict[str, Any]]:
        columns = "id, role, text" if "lost-field" in self._settings.quirks else "id, role, text, created_at"
        sql = f"SELECT {columns} FROM messages WHERE conversation_id = :id ORDER BY number"  # noqa: S608 - constants
        return self._store.rows(sql, id=conversation)

    def _insert(self, conversation: str, role: str, text: str) -> dict[str, Any]:
        rows = self._store.rows(
            "INSERT INTO messages (id, conversation_id, role, text, created_at) VALUES"
            " (:id, :conversation, :role, :text, :now) RETURNING id, role, text, created_at",
            id=str(uuid.uuid4()),
            conversation=conversation,
            role=role,
            text=text,
            now=self._settings.timestamp(),
        )
        return rows[0]

    def _owned(self, request: Request) -> dict[str, Any]:
        user = tokens.user_of(self._settings, request)
        row = self._store.row("SELECT * FROM conversations WHERE id = :id", id=request.path_params["id"])
        if row is None:
            raise not_found("conversation")
        if row["owner"] != user.id:
            raise ApiError(403, "forbidden", "the conversation belongs to somebody else")
        return row


def _answer(question: str) -> str:
    words = question.split()
    return f"You asked in {len(words)} words: {' '.join(reversed(words))}"


async def _events(asked: dict[str, Any], answer: dict[str, Any]) -> AsyncIterator[bytes]:
    yield _event("start", {"question": asked["id"], "answer": answer["id"]})
    words = answer["text"].split(" ")
    for number, word in enumerate(words):
        yield _event("token", {"index": number, "text": word})
    yield _event("done", {"tokens": len(words), "finished_at": answer["created_at"]})


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
