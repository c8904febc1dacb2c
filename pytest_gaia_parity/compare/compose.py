"""Texts that hold a structure of their own: URLs, JWTs, JSON in text or base64; taken apart so that each part is compared."""

from __future__ import annotations

import base64
import binascii
import json
import re
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

_URL = re.compile(
    r"(?:([a-z][a-z0-9+.-]*)://([^/?#\s]*)|(\{[\w.-]+\}))?(/?[^?#\s]*)(?:\?([^#\s]*))?(?:#(\S*))?", re.IGNORECASE
)
_STARTS_URL = re.compile(r"[a-z][a-z0-9+.-]*://|\{[\w.-]+\}(?=[/?#])|/[^/\s]", re.IGNORECASE)
_JWT = re.compile(r"([\w-]+)\.([\w-]+)\.([\w-]*|\[masked:[0-9a-f]{8}(?::[^\]]*)?\])", re.ASCII)
_DATA = re.compile(r"data:([\w.+-]+/[\w.+-]+(?:;[\w=-]+)*),([^\s]*)")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")


class Composite(NamedTuple):
    """A text taken apart."""

    kind: str
    tree: Any


@lru_cache(maxsize=4096)
def take_apart(text: str) -> Composite | None:
    """The structure that a text holds, None where it holds none.

    >>> take_apart("http://a/b?c=1").tree["query"]
    {'c': '1'}
    """
    if len(text) < 2 or len(text) > 1_000_000:
        return None
    if text[0] in "{[" and text[-1] in "}]" and (found := _json(text)) is not None:
        return Composite("JSON in a text", found)
    if text.startswith("data:") and (match := _DATA.fullmatch(text)):
        return Composite("data URI", {"type": match[1], "data": match[2]})
    if text.startswith("eyJ"):
        return _jwt(text) or _base64_json(text)
    if _STARTS_URL.match(text) and (match := _URL.fullmatch(text)):
        return Composite("url", _url(match))
    return None


def _json(text: str) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict | list) else None


def _url(match: re.Match[str]) -> dict[str, Any]:
    scheme, authority, placeholder, path, query, fragment = match.groups()
    tree: dict[str, Any] = {
        "scheme": scheme or "",
        "authority": authority or placeholder or "",
        "path": [unquote(part) for part in path.split("/")],
    }
    if query is not None:
        tree["query"] = query_tree(query)
    if fragment is not None:
        tree["fragment"] = fragment
    return tree


def query_tree(query: str) -> dict[str, Any]:
    """Query or form data as names with their values; a repeated name has a list."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name in tree:
            tree[name] = [*(tree[name] if isinstance(tree[name], list) else [tree[name]]), value]
        else:
            tree[name] = value
    return tree


def _jwt(text: str) -> Composite | None:
    match = _JWT.fullmatch(text)
    if match is None:
        return None
    header, payload = _decoded(match[1]), _decoded(match[2])
    if header is None or payload is None:
        return None
    return Composite("JWT", {"header": header, "payload": payload, "signature": match[3]})


def _base64_json(text: str) -> Composite | None:
    found = _decoded(text) if _BASE64.fullmatch(text) else None
    return None if found is None else Composite("JSON in base64", found)


def _decoded(part: str) -> Any:
    try:
        data = base64.urlsafe_b64decode(
            part.rstrip("=").replace("+", "-").replace("/", "_") + "=" * (-len(part.rstrip("=")) % 4)
        )
        return _json(data.decode())
    except (ValueError, binascii.Error):
        return None
