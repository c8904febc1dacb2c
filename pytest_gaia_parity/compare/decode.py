"""From the bytes of a body and its media type to a tree that can be compared, place by place."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from email.message import Message
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from pytest_gaia_parity.compare.exact import Reader
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


def media_type(headers: Headers) -> tuple[str, dict[str, str]]:
    """The media type of a message, in lower case, and its parameters."""
    kind, parameters = _read_type(next((value for name, value in headers if name.lower() == "content-type"), ""))
    return kind, dict(parameters)


@lru_cache(maxsize=256)  # the standard library takes 20 µs, and there are few
def _read_type(value: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    message = Message()
    message["content-type"] = value
    parameters = dict(message.get_params(failobj=[])[1:])
    kind = message.get_content_type() if value else ""
    return kind, tuple((name.lower(), str(value)) for name, value in parameters.items())


def decode(body: Body, headers: Headers, addresses: Addresses, reader: Reader | None = None) -> Decoded:
    """Read a body by its media type; what cannot be read so is read as text, then as bytes, and said.

    :param reader: has read the bodies that this one is compared with.
    """
    decoded = _decode(body, headers, addresses, reader or Reader())
    return decoded._replace(is_partial=True) if body.partial else decoded


def _decode(body: Body, headers: Headers, addresses: Addresses, json: Reader) -> Decoded:
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
        tree = reader(json, text)
    except (ValueError, RecursionError, csv.Error, AssertionError) as error:
        problems.append(f"the body is not {kind}: {error}")
        return Decoded("text", _lines(text, problems), tuple(problems))
    if kind == "text/csv" and "\r\n" in text:
        problems.append("lines end with CR LF")
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


def _reader(kind: str) -> Callable[[Reader, str], Any] | None:
    if kind == "application/json" or kind.endswith("+json"):
        return Reader.read
    if kind in {"application/xml", "text/xml"} or kind.endswith("+xml"):
        return lambda _, text: read_xml(text)
    return {
        "text/html": lambda _, text: read_html(text),
        "application/x-ndjson": _read_lines,
        "application/jsonl": _read_lines,
        "application/json-seq": _read_lines,
        "text/event-stream": _read_events,
        "application/x-www-form-urlencoded": _read_form,
        "text/csv": _read_csv,
    }.get(kind)


def _read_lines(json: Reader, text: str) -> list[Any]:
    return [json.read(line) for line in text.replace("\x1e", "").split("\n") if line.strip()]


def _read_events(json: Reader, text: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        event: dict[str, Any] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            if name:
                value = value.removeprefix(" ")
                event[name] = f"{event[name]}\n{value}" if name in event else value
        if event:
            events.append(
                {name: _json_or_text(json, value) if name == "data" else value for name, value in event.items()}
            )
    return events


def _json_or_text(json: Reader, text: str) -> Any:
    try:
        return json.read(text)
    except ValueError:
        return text


def _read_form(_: Reader, text: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        fields.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


def _read_csv(_: Reader, text: str) -> Any:
    """Rows by the names of the first line where these are names, else cells."""
    head = re.sub(r'"[^"]*"', "", text.partition("\n")[0])
    delimiter = max(",;\t|", key=head.count)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    if len(rows) < 2 or len(set(rows[0])) != len(rows[0]) or any(len(row) != len(rows[0]) for row in rows):
        return rows
    return {"header": rows[0], "rows": [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]}


def _digest(content: bytes) -> dict[str, Any]:
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
