"""Conversations: asked, streamed word by word, read again, exported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

    from pytest_gaia_parity.clients.factory import AsyncClients
    from pytest_gaia_parity.run.handle import Handle

QUESTION = "what grows where nobody looks"
ANSWER = "You asked in 5 words: looks nobody where grows what"


@pytest.fixture
def conversation(chat: httpx.Client, bearer: dict[str, str]) -> str:
    response = chat.post("/conversations", json={"title": "Moss"}, headers=bearer)
    assert response.status_code == 201
    return f"/conversations/{response.json()['id']}"


def test_models_are_listed(chat: httpx.Client) -> None:
    assert [model["name"] for model in chat.get("/models").json()["models"]] == ["gaia-small", "gaia-large"]


def test_conversation_is_where_location_says(chat: httpx.Client, bearer: dict[str, str]) -> None:
    made = chat.post("/conversations", json={"title": "Fern", "model": "gaia-large"}, headers=bearer)
    assert chat.get(made.headers["location"], headers=bearer).json() == made.json()


def test_answer_comes_at_once_where_no_stream_is_wanted(
    chat: httpx.Client, bearer: dict[str, str], conversation: str
) -> None:
    response = chat.post(f"{conversation}/messages", json={"text": QUESTION}, headers=bearer)
    assert response.status_code == 201
    assert response.json()["answer"]["text"] == ANSWER


def test_answer_streams_word_by_word(
    chat: httpx.Client, bearer: dict[str, str], conversation: str, parity: Handle
) -> None:
    headers = {**bearer, "Accept": "text/event-stream"}
    events, words = [], []
    with chat.stream("POST", f"{conversation}/messages", json={"text": QUESTION}, headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        for line in response.iter_lines():
            if line.startswith("event: "):
                events.append(line.removeprefix("event: "))
            elif line.startswith("data: ") and events[-1] == "token":
                words.append(json.loads(line.removeprefix("data: "))["text"])
    parity.observe("events", events)
    assert " ".join(words) == ANSWER


@pytest.mark.anyio
async def test_stream_is_read_asynchronously(
    async_services: AsyncClients, bearer: dict[str, str], conversation: str
) -> None:
    headers = {**bearer, "Accept": "text/event-stream"}
    question = {"text": "hello there"}
    url = f"{conversation}/messages"
    async with async_services["chat"].stream("POST", url, json=question, headers=headers) as response:
        events = [line async for line in response.aiter_lines() if line.startswith("event: ")]
    assert (events[0], events[-1]) == ("event: start", "event: done")


def test_messages_are_kept_in_order(chat: httpx.Client, bearer: dict[str, str], conversation: str) -> None:
    for text in ("first", "second"):
        chat.post(f"{conversation}/messages", json={"text": text}, headers=bearer).raise_for_status()
    messages = chat.get(f"{conversation}/messages", headers=bearer).json()["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant"] * 2
    assert [message["text"] for message in messages][::2] == ["first", "second"]


def test_export_has_a_line_per_message(chat: httpx.Client, bearer: dict[str, str], conversation: str) -> None:
    chat.post(f"{conversation}/messages", json={"text": QUESTION}, headers=bearer).raise_for_status()
    export = chat.get(f"{conversation}/export", headers=bearer)
    assert export.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line)["text"] for line in export.text.splitlines()] == [QUESTION, ANSWER]


def test_conversation_of_somebody_else_is_forbidden(
    chat: httpx.Client, conversation: str, stranger: dict[str, str]
) -> None:
    assert chat.get(f"{conversation}/messages", headers=stranger).status_code == 403


def test_unknown_model_is_refused(chat: httpx.Client, bearer: dict[str, str]) -> None:
    response = chat.post("/conversations", json={"title": "Fern", "model": "gpt"}, headers=bearer)
    assert response.status_code == 422
    assert response.json()["error"]["details"][0]["field"] == "model"
