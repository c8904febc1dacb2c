"""Random secrets, every way to write them, and whether somebody who reads a text can read one."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

#: what passwords and keys are made of, marks that every encoding writes in its own way included
ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~!@$^*()+/=:;,?<>&'\"\\ %#äß€😀"
#: hypothesis tries words of the source, and these are in every page
MARKED = "Zq7{}".format
SECRETS = (
    st.text(ALPHABET, min_size=9, max_size=40)
    .filter(
        lambda text: (
            text == text.strip(" ;\\")
            and len(set(text)) > 5
            and any(map(str.isdigit, text))
            and not re.search(r"[%&\\=;:]", text)
        )
    )
    .map(MARKED)
)
SIMPLE = (
    st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", min_size=12, max_size=44)
    .filter(lambda text: len(set(text)) > 6)
    .map(MARKED)
)


def _base64(before: int, encode: Callable[[bytes], bytes]) -> Callable[[str], str]:
    return lambda secret: encode(b"#" * before + secret.encode() + b"..").decode()


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "url": lambda secret: quote(secret, safe=""),
    "url, lower case": lambda secret: re.sub("%..", lambda match: match[0].lower(), quote(secret, safe="/")),
    "form": quote_plus,
    "json": lambda secret: json.dumps(secret)[1:-1],
    "json, all escaped": lambda secret: "".join(f"\\u{unit:04x}" for unit in _utf16(secret)),
    "json in json": lambda secret: json.dumps(json.dumps(secret)[1:-1])[1:-1],
    "html": html.escape,
    "html, all escaped": lambda secret: "".join(f"&#x{ord(one):x};" for one in secret),
    "hex": lambda secret: secret.encode().hex(),
    "HEX": lambda secret: secret.encode().hex().upper(),
    **{f"base64, {n} before": _base64(n, base64.b64encode) for n in range(3)},
    **{f"base64url, {n} before": _base64(n, base64.urlsafe_b64encode) for n in range(3)},
}


def _utf16(text: str) -> list[int]:
    data = text.encode("utf-16-be")
    return [int.from_bytes(data[i : i + 2]) for i in range(0, len(data), 2)]


def holds(text: str, secret: str) -> bool:
    """Whether somebody who reads a text can read the secret, by undoing encodings and not by the redactor's list."""
    data = secret.encode()
    spoken = text
    for _ in range(3):
        if secret in spoken or secret in spoken.replace("+", " "):
            return True
        spoken = html.unescape(re.sub(r"\\+u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), unquote(spoken)))
        spoken = spoken.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        spoken = re.sub(r"\\+([\"'/])", r"\1", spoken)
    for run in re.findall(r"[0-9a-fA-F]{16,}", text):
        if data in bytes.fromhex(run[: len(run) // 2 * 2]) or data in bytes.fromhex(
            run[1 : (len(run) - 1) // 2 * 2 + 1]
        ):
            return True
    for run in re.findall(r"[A-Za-z0-9+/_-]{8,}", text):
        standard = run.replace("-", "+").replace("_", "/")
        if any(
            data
            in base64.b64decode(
                standard[n:] + "=" * (-len(standard[n:]) % 4) if len(standard[n:]) % 4 != 1 else standard[n:-1]
            )
            for n in range(4)
        ):
            return True
    return False
