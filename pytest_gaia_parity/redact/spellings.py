"""Finds a known secret in any encoding: plain, percent, JSON, HTML, hex, base64 at each of its three alignments."""

from __future__ import annotations

import base64
import html
import re
from functools import cached_property, lru_cache
from html.entities import codepoint2name
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from pytest_gaia_parity.redact.masks import MASK, Masks
from pytest_gaia_parity.redact.streams import is_stream, joined, mask_across

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ahocorasick_rs import BytesAhoCorasick

#: a shorter value would be found in everything
SHORTEST = 4
#: characters of base64 below which a piece of it is chance
_SHORTEST_BASE64 = 5
#: values that are no secrets wherever they stand; whole texts, in lower case
_COMMON = frozenset(
    {
        "true", "false", "yes", "no", "on", "off", "none", "null", "undefined", "debug", "info", "warn", "warning",
        "error", "critical", "trace", "fatal", "local", "localhost", "test", "tests", "testing", "dev", "develop",
        "development", "stage", "staging", "prod", "production", "live", "sandbox", "main", "master", "default",
        "json", "text", "html", "xml", "http", "https", "utf8", "utf-8", "ascii", "gzip", "basic", "bearer", "token",
        "password", "secret", "session", "apikey", "key", "admin", "user", "users", "root", "guest", "public",
        "private", "postgres", "postgresql", "mysql", "redis", "sqlite", "nats", "auto", "always", "never", "enabled",
        "disabled", "active", "inactive", "required", "optional", "string", "number", "integer", "boolean", "object",
        "array", "anonymous", "gateway", "auth", "asset", "chat", "gaia", "python", "node", "docker", "fly",
        "127.0.0.1", "::1", "hs256", "rs256", "asia", "europe", "[masked]",
    }
)  # fmt: skip
_NUMBER = re.compile(r"-?\d{1,5}(\.\d+)?")
#: an address that only services see, which the comparison itself makes neutral
_PRIVATE_ORIGIN = re.compile(r"https?://(?:[\w-]+|[\w.-]+\.(?:internal|local|localhost)|127\.[\d.]+)(?::\d+)?/?")

_JSON_ESCAPE = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\"'\\/bfnrt]))")
_SHORT_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_SPECIAL = re.compile(r"[\"'\\/&<>\x00-\x1f]")
#: encodings that stand within each other are undone so often
_ROUNDS = 3


def is_searched_for(value: str) -> bool:
    """Whether a value can be looked for in texts without hitting what is no secret."""
    return (
        len(value) >= SHORTEST
        and value.lower() not in _COMMON
        and not _NUMBER.fullmatch(value)
        and not _PRIVATE_ORIGIN.fullmatch(value)
        and bool(value.strip())
    )


class Spelling(NamedTuple):
    """One way to write a secret, and how it is called in the mask; empty where reading undoes it anyway."""

    text: str
    coding: str = ""


class Needle:
    """A secret, and how to find and mask it."""

    def __init__(self, value: str, masks: Masks) -> None:
        self.value = value
        self._masks = masks
        self._number = re.compile(rf"(?<!\d){re.escape(value)}(?!\d)") if value.isdecimal() else None

    @cached_property
    def spellings(self) -> tuple[Spelling, ...]:
        """What is looked for in a text whose escapes were undone."""
        return _spellings(self.value)

    def is_in(self, text: str) -> bool:
        """Whether one of the spellings is in a text."""
        if self._number is not None and self._number.search(text):
            return True
        plain = self.value if self._number is None else None
        return any(one.text in text for one in self.spellings if one.text != self.value or plain)

    def mask_in(self, text: str) -> str:
        """Mask each spelling, escaped or not."""
        text = self._simple.sub(self._replaced, text)
        return text if not _is_escaped(text) else self._escaped.sub(self._replaced, text)

    def mask_across(self, text: str) -> str:
        """Mask it where it is split over the pieces of a stream."""
        return mask_across(text, self.value, self._masks.of(self.value))

    def _replaced(self, match: re.Match[str]) -> str:
        if match.lastgroup is None:  # a mask: what it says is no secret
            return match[0]
        coding = self.spellings[int(match.lastgroup[1:])].coding
        mask = self._masks.of(self.value, coding or None)
        return f'"{mask}"' if self._number is not None and _is_json_number(match) else mask

    @cached_property
    def _simple(self) -> re.Pattern[str]:
        return self._pattern(re.escape)

    @cached_property
    def _escaped(self) -> re.Pattern[str]:
        return self._pattern(lambda text: "".join(map(_any_escape, text)))

    def _pattern(self, write: Callable[[str], str]) -> re.Pattern[str]:
        parts = [MASK.pattern]
        for number, one in enumerate(self.spellings):
            inner = write(one.text)
            if one.coding.startswith("base64"):
                # the characters beside it hold bits of its first and last byte
                inner = rf"[A-Za-z0-9+/_-]?{inner}[A-Za-z0-9+/_-]?={{0,2}}"
            elif self._number is not None and one.text == self.value:
                inner = rf"(?<!\d){inner}(?!\d)"
            parts.append(f"(?P<s{number}>{inner})")
        return re.compile("|".join(parts))


#: characters from which on a value is searched for in the way that is quick to prepare
LONG = 500


class Known:
    """Many needles, looked for in one pass."""

    def __init__(self, needles: Iterable[Needle]) -> None:
        # the longest first: one secret may hold another
        self.needles = sorted(needles, key=lambda one: (-len(one.value), one.value))
        self._special = "".join({one for needle in self.needles for one in _SPECIAL.findall(needle.value)})

    @cached_property
    def _search(self) -> BytesAhoCorasick:
        from ahocorasick_rs import BytesAhoCorasick, Implementation  # noqa: PLC0415 - an inactive plugin imports nothing

        texts = [in_utf8(one.text) for needle in self.needles for one in needle.spellings]
        # the table that it would choose by itself takes the square of a long value that repeats itself to build
        long = any(len(text) > LONG for text in texts)
        return BytesAhoCorasick(texts, implementation=Implementation.ContiguousNFA if long else None)

    def mask_in(self, text: str, masks: Masks, *, is_data: bool = False) -> str:
        """Mask every needle; a text that hides one in encodings within encodings is masked whole."""
        if not self.needles or len(text) < SHORTEST:
            return text
        hit = self.hit(text, is_data=is_data)
        if not hit:
            return text
        for needle in hit:
            text = needle.mask_in(text)
        if not is_data and is_stream(text):
            for needle in hit:
                text = needle.mask_across(text)
        left = self.hit(MASK.sub("", text), is_data=is_data)
        return masks.of(text, "text") if left else text

    def hit(self, text: str, *, is_data: bool = False) -> list[Needle]:
        """The needles that are in a text."""
        if not self.needles:
            return []
        found: dict[Needle, None] = {}
        for variant in (text,) if is_data else variants(text, special=self._special):
            if is_any_in(self._search, variant):
                found |= dict.fromkeys(needle for needle in self.needles if needle.is_in(variant))
        return list(found)


class Few(Known):
    """Needles of one record: too few to build the search for many."""

    def hit(self, text: str, *, is_data: bool = False) -> list[Needle]:
        """The needles that are in a text."""
        if not self.needles:
            return []
        all_variants: Sequence[str] = (text,) if is_data else [*variants(text, special=self._special)]
        return [needle for needle in self.needles if any(needle.is_in(variant) for variant in all_variants)]


def is_any_in(search: BytesAhoCorasick, text: str) -> bool:
    """Whether a text holds one of many.

    Searched as bytes: for a `str` the library makes a table of all its characters, eight times the size of the text.
    """
    return bool(search.find_matches_as_indexes(in_utf8(text)))


def in_utf8(text: str) -> bytes:
    """A text in UTF-8, also one that has no such form: JSON may hold half of a surrogate pair."""
    return text.encode("utf-8", "surrogatepass")


def variants(text: str, *, special: str) -> Iterator[str]:
    """The text, and what it says once its escapes are undone, one within another.

    :param special: characters of the secrets that JSON or HTML write in a way of their own.
    """
    yield text
    if is_stream(text):
        yield joined(text)
    is_html = any(one in special for one in "&<>\"'")
    is_json = special.strip("/&<>'") != ""
    for _ in range(_ROUNDS):
        before = text
        if "%" in text:
            text = unquote(text)
        if "\\u" in text or "\\x" in text or ("/" in special and "\\/" in text) or (is_json and "\\" in text):
            text = _unescaped(text)
        if "&#" in text or (is_html and "&" in text):
            text = html.unescape(text)
        if text == before:
            return
        yield text


def _unescaped(text: str) -> str:
    text = _JSON_ESCAPE.sub(
        lambda match: (
            chr(int(match[1] or match[2], 16)) if match[3] is None else _SHORT_ESCAPES.get(match[3], match[3])
        ),
        text,
    )
    # pairs of \ud83d\ude00 are one character
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_escaped(text: str) -> bool:
    return "%" in text or "\\" in text or "&" in text


def _is_json_number(match: re.Match[str]) -> bool:
    """Whether a number stands in JSON without marks, where a mask needs them."""
    text = match.string
    before, after = (
        text[max(0, match.start() - 20) : match.start()].rstrip(),
        text[match.end() : match.end() + 20].lstrip(),
    )
    return (
        before[-1:] in {":", "[", ","}
        and after[:1] in {",", "}", "]"}
        and before[-2:-1] in {'"', "[", ",", " ", ""} | set("0123456789]")
    )


@lru_cache(maxsize=256)
def _spellings(value: str) -> tuple[Spelling, ...]:
    return tuple(dict.fromkeys(_all_spellings(value)))


def _all_spellings(value: str) -> Iterator[Spelling]:
    data = value.encode("utf-8", "surrogatepass")
    yield Spelling(value)
    if " " in value:
        yield Spelling(value.replace(" ", "+"))
    if not value.isascii():
        # as bytes that are no text are searched
        yield Spelling(data.decode("latin-1"))
    yield Spelling(data.hex(), "hex")
    yield Spelling(data.hex().upper(), "HEX")
    for before in range(3):
        # characters that other bytes have a part in are left out at both ends
        encoded = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        core = encoded[(before * 8 + 5) // 6 : (before + len(data)) * 8 // 6]
        if len(core) >= _SHORTEST_BASE64:
            yield Spelling(core, "base64")
            if "+" in core or "/" in core:
                yield Spelling(core.replace("+", "-").replace("/", "_"), "base64url")


def _any_escape(character: str) -> str:
    """A pattern for one character, however it is written in URLs, JSON, HTML."""
    code = ord(character)
    utf8 = character.encode("utf-8", "surrogatepass")
    utf16 = character.encode("utf-16-be", "surrogatepass")
    units = [utf16[i : i + 2].hex() for i in range(0, len(utf16), 2)]
    ways = [
        re.escape(character),
        "".join("%(?:25)*" + _either_case(f"{byte:02x}") for byte in utf8),
        "".join(r"\\+u" + _either_case(unit) for unit in units),
        rf"&(?:amp;)*\#(?:0*{code}|[xX]0*{_either_case(f'{code:x}')});?",
    ]
    if code < 256:
        ways.append(r"\\+x" + _either_case(f"{code:02x}"))
    if code in codepoint2name or character == "'":
        ways.append(rf"&(?:amp;)*{codepoint2name.get(code, 'apos')};?")
    short = next((name for name, meant in _SHORT_ESCAPES.items() if meant == character), None)
    if short or character in "\"'\\/":
        ways.append(r"\\+" + re.escape(short or character))
    if character == " ":
        ways.append(r"\+")
    # the longer first: `%25` before `%`, `&amp;` before `&`
    return f"(?:{'|'.join(sorted(ways, key=len, reverse=True))})"


def _either_case(digits: str) -> str:
    return "".join(f"[{one}{one.upper()}]" if one.isalpha() else one for one in digits)
