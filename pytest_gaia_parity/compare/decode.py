"""From the bytes of a body and its media type to a tree that can be compared, place by place."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from decimal import Decimal
from email.message import Message
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from pytest_gaia_parity.compare.markup import read_html, read_xml

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_gaia_parity.compare.addresses import Addresses
    from pytest_gaia_parity.model.exchange import Body, Headers


class Decoded(NamedTuple):
    """A body as a tree, what it was taken for, and what was wrong with it."""

    kind: str
    tree: Any
    problems: tuple[str, ...] = ()
    #: the test left the stream before its end
    is_partial: bool = False


class Number(NamedTuple):
    """A JSON number that is no float of Python's: its text, so that nothing of it is lost."""

    text: str


class Pairs(dict[str, Any]):
    """A JSON object that had a key more than once."""


def media_type(headers: Headers) -> tuple[str, dict[str, str]]:
    """The media type of a message, in lower case, and its parameters."""
    message = Message()
    message["content-type"] = next((value for name, value in headers if name.lower() == "content-type"), "")
    parameters = dict(message.get_params(failobj=[])[1:])
    return message.get_content_type() if message["content-type"] else "", {
        name.lower(): str(value) for name, value in parameters.items()
    }


def decode(body: Body, headers: Headers, addresses: Addresses) -> Decoded:
    """Read a body by its media type; what cannot be read so is read as text, then as bytes, and said."""
    decoded = _decode(body, headers, addresses)
    return decoded._replace(is_partial=True) if body.partial else decoded


def _decode(body: Body, headers: Headers, addresses: Addresses) -> Decoded:
    kind, parameters = media_type(headers)
    problems = [f"the content-encoding cannot be undone: {body.decode_error}"] if body.decode_error else []
    if body.truncated:
        # nothing passes for being too large: only the digest of all of it can make it equal
        return Decoded("truncated", {"size": body.size, "digest": body.digest}, tuple(problems))
    content = body.content
    if not content:
        return Decoded("empty", None, tuple(problems))
    text = _text(body, content, kind, parameters.get("charset", ""), problems)
    if text is None:
        return Decoded("bytes", _digest(content), tuple(problems))
    text = addresses.neutral(text)
    if text.startswith("\ufeff"):
        problems.append("the body begins with a byte order mark")
        text = text[1:]
    reader = _reader(kind)
    if reader is None:
        return Decoded("text", _lines(text, problems), tuple(problems))
    if body.partial:
        text = text[: text.rfind("\n") + 1]
    try:
        tree = reader(text)
    except (ValueError, RecursionError, csv.Error, AssertionError) as error:
        problems.append(f"the body is not {kind}: {error}")
        return Decoded("text", _lines(text, problems), tuple(problems))
    return Decoded(kind, tree, tuple(problems))


def _lines(text: str, problems: list[str]) -> list[str]:
    if "\r\n" in text:
        problems.append("lines end with CR LF")
    return text.splitlines()


def _text(body: Body, content: bytes, kind: str, charset: str, problems: list[str]) -> str | None:
    """A body as text; as it was recorded where it names no other charset than UTF-8."""
    is_text = kind.startswith("text/") or _reader(kind) is not None
    if not charset or charset.lower().replace("-", "") in {"utf8", "usascii"}:
        if body.text is not None:
            return body.text
        if not charset and not is_text:
            return None
    try:
        return content.decode(charset or "utf-8")
    except (UnicodeDecodeError, LookupError):
        problems.append(f"the body is not {charset or 'utf-8'}: some bytes cannot be read")
        return content.decode("utf-8", "replace") if is_text else None


def _reader(kind: str) -> Callable[[str], Any] | None:
    if kind == "application/json" or kind.endswith("+json"):
        return read_json
    if kind in {"application/xml", "text/xml"} or kind.endswith("+xml"):
        return read_xml
    return {
        "text/html": read_html,
        "application/x-ndjson": _read_lines,
        "application/jsonl": _read_lines,
        "application/json-seq": _read_lines,
        "text/event-stream": _read_events,
        "application/x-www-form-urlencoded": _read_form,
        "text/csv": _read_csv,
    }.get(kind)


def read_json(text: str) -> Any:
    """Read JSON exactly: big integers, decimals as written, repeated keys kept.

    :raises ValueError: it is not JSON; NaN and Infinity are not.
    """
    return json.loads(text, parse_float=_decimal, parse_constant=_no_constant, object_pairs_hook=_object)


def _decimal(text: str) -> Any:
    value = float(text)
    return value if repr(value) == text or Decimal(repr(value)) == Decimal(text) else Number(text)


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    repeated: dict[str, Any] = Pairs()
    for name, value in pairs:
        repeated.setdefault(name, []).append(value)
    return Pairs({f"{name} (repeated)" if len(values) > 1 else name: values if len(values) > 1 else values[0]
                  for name, values in repeated.items()})  # fmt: skip


def _read_lines(text: str) -> list[Any]:
    return [read_json(line) for line in text.replace("\x1e", "").split("\n") if line.strip()]


def _read_events(text: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        event: dict[str, Any] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            if name:
                value = value.removeprefix(" ")
                event[name] = f"{event[name]}\n{value}" if name in event else value
        if event:
            events.append({name: _json_or_text(value) if name == "data" else value for name, value in event.items()})
    return events


def _json_or_text(text: str) -> Any:
    try:
        return read_json(text)
    except ValueError:
        return text


def _read_form(text: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        fields.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


def _read_csv(text: str) -> Any:
    """Rows by the names of the first line where these are names, else cells."""
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    if len(rows) < 2 or len(set(rows[0])) != len(rows[0]) or any(len(row) != len(rows[0]) for row in rows):
        return rows
    return {"header": rows[0], "rows": [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]}


def _digest(content: bytes) -> dict[str, Any]:
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
