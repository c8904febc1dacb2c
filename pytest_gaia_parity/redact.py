"""Masks of secrets: whoever writes goes through it.

A value of the env file becomes `[masked:HEX8]` wherever it occurs, a credential in a header `[masked:HEX8:FORM]`, the signature of a
JWT likewise (header and payload stay comparable, and without a signature it opens no door). HEX8 is a keyed digest: equal
secrets show as equal masks, differing ones as different masks, and without the key a mask tells nothing.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Headers = tuple[tuple[str, str], ...]

#: values that are no secrets, or too short to be looked for in text without hitting everything
_SHORTEST = 4
_TRIVIAL = re.compile(
    r"true|false|yes|no|on|off|none|null|debug|info|warn|warning|error|-?\d{1,5}(\.\d+)?", re.IGNORECASE
)

_JWT = re.compile(r"(eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,})\.([A-Za-z0-9_-]{8,})")
_COOKIE = re.compile(r"^\s*([^=;\s]+)=([^;]*)")
_CREDENTIAL_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "x-api-key",
        "api-key",
        "apikey",
        "x-auth-token",
        "x-access-token",
        "x-csrf-token",
    }
)
_FORMS = (
    ("hex", re.compile(r"[0-9a-f]+")),
    ("HEX", re.compile(r"[0-9A-F]+")),
    ("b64url", re.compile(r"[A-Za-z0-9_-]+")),
    ("b64", re.compile(r"[A-Za-z0-9+/]+=*")),
)


class Redactor:
    """Masks everything that is secret in one run.

    :param secrets: name → value, from the env file.
    :param key: of the masks; the same key gives the same masks.
    """

    def __init__(self, secrets: Mapping[str, str], *, key: bytes) -> None:
        self._key = key
        masks = {
            spelling: self._mask(value)
            for value in secrets.values()
            if _is_searched_for(value)
            for spelling in _spellings(value)
        }
        # the longest first: one secret may hold another
        ordered = sorted(masks, key=lambda text: (-len(text), text))
        self._masks = masks
        self._text = re.compile("|".join(re.escape(text) for text in ordered)) if ordered else None
        self._data = re.compile(b"|".join(re.escape(text.encode()) for text in ordered)) if ordered else None

    def text(self, text: str) -> str:
        """Mask a text."""
        if self._text is not None:
            text = self._text.sub(lambda match: self._masks[match[0]], text)
        return self._signatures(text)

    def data(self, data: bytes) -> bytes:
        """Mask bytes."""
        if self._data is not None:
            data = self._data.sub(lambda match: self._masks[match[0].decode()].encode(), data)
        return data

    def url(self, url: str) -> str:
        """Mask a URL, its user information included."""
        return re.sub(r"(?<=://)([^/@\s]+)@", lambda match: f"{self.credential(match[1])}@", self.text(url))

    def headers(self, headers: Headers) -> Headers:
        """Mask header fields: credentials whole, the rest where it holds a secret."""
        return tuple((name, self._header(name.lower(), value)) for name, value in headers)

    def value(self, value: Any) -> Any:
        """Mask JSON data, keys included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        return [self.value(item) for item in value] if isinstance(value, list | tuple) else value

    def credential(self, value: str) -> str:
        """The mask of a credential, with its form; of a JWT the signature only is masked."""
        if _JWT.fullmatch(value):
            return self._signatures(value)
        form = next((name for name, pattern in _FORMS if pattern.fullmatch(value)), "text")
        return self._mask(value, f":{form}{len(value)}") if value else ""

    def _header(self, name: str, value: str) -> str:
        if name in _CREDENTIAL_HEADERS:
            scheme, space, rest = value.partition(" ")
            return f"{scheme} {self.credential(rest)}" if space else self.credential(value)
        if name == "cookie":
            return "; ".join(_COOKIE.sub(self._cookie, part) for part in value.split(";"))
        if name == "set-cookie":
            return self.text(_COOKIE.sub(self._cookie, value, count=1))
        return self.url(value)

    def _cookie(self, match: re.Match[str]) -> str:
        return f"{match[1]}={self.credential(match[2])}"

    def _signatures(self, text: str) -> str:
        if "eyJ" not in text:
            return text
        return _JWT.sub(lambda match: f"{match[1]}.{self._mask(match[2], f':b64url{len(match[2])}')}", text)

    def _mask(self, value: str, form: str = "") -> str:
        digest = hmac.new(self._key, value.encode("utf-8", "surrogatepass"), "sha256").hexdigest()
        return f"[masked:{digest[:8]}{form}]"


def _is_searched_for(value: str) -> bool:
    return len(value) >= _SHORTEST and not _TRIVIAL.fullmatch(value)


def _spellings(value: str) -> Iterator[str]:
    """The forms in which a value may occur: plain, JSON, URL, hex, base64 at each of its three alignments."""
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    for safe in ("", "/"):
        yield quote(value, safe=safe)
        yield quote_plus(value, safe=safe)
    data = value.encode("utf-8", "surrogatepass")
    yield data.hex()
    yield data.hex().upper()
    yield from _base64(data)


def _base64(data: bytes) -> Iterator[str]:
    for before in range(3):
        # characters that other bytes have a part in are left out at both ends
        encoded = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        start = (before * 8 + 5) // 6
        whole = (before + len(data)) * 8 // 6
        core = encoded[start:whole]
        if len(core) >= 2 * _SHORTEST:
            yield core
            yield core.replace("+", "-").replace("/", "_")
