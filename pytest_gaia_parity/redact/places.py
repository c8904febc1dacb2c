"""Values of secret names in JSON, forms, queries, XML, HTML, log lines: found in the text itself, so that all else of it stays as it was."""

from __future__ import annotations

import contextlib
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from pytest_gaia_parity.redact.names import HINTS, is_name_of_secrets, is_secret_name
from pytest_gaia_parity.redact.spellings import is_any_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from ahocorasick_rs import BytesAhoCorasick

    Mask = Callable[[str], str]

#: a text in JSON
_STRING = r'"(?:[^"\\]|\\.)*"'
_KEY = re.compile(r'"([^"\\\s]{2,80})"\s*:')
_VALUE = rf"(\s*:\s*)(?:({_STRING})|(-?\d{{4,}}(?:\.\d+)?)(?![\w.])|(\[\s*{_STRING}(?:\s*,\s*{_STRING})*\s*\]))"
_TEXT = re.compile(_STRING, re.DOTALL)
#: a member of JSON that stands in a text itself: its marks are escaped, once or more often
_ESCAPED_MEMBER = re.compile(r'(\\+)"([\w.$-]{2,80})\1"(\s*:\s*)\1"((?:(?!\1").)*)\1"', re.DOTALL)
#: as Python writes a mapping
_REPR_MEMBER = re.compile(r"'([\w.$-]{2,80})'(\s*[:,]\s*)(b?)'((?:[^'\\]|\\.)*)'", re.DOTALL)
_PAIR = re.compile(r"(?<![\w%.\[\]$-])([\w%.\[\]$-]{2,120})=((?:[^&;\s\"'<>#]|#(?![\w.-]+=))+)")
_QUOTED_PAIR = re.compile(r"(?<![\w.$-])([\w.$-]{2,80})(\s*[=:]\s*)([\"'])((?:(?!\3)[^\\\n]|\\.)+)\3")
_ELEMENT = re.compile(r"<([\w.:-]{2,80})(\s[^<>]*)?>([^<>]+)</\1>")
_INPUT = re.compile(
    r"(\b(?:name|id|property)=([\"'])([^\"'<>]{2,80})\2[^<>]{0,200}?\b(?:value|content)=([\"']))((?:(?!\4).)+)"
)
_PART = re.compile(r'(\bname="([^"\r\n]{2,80})"[^\r\n]*(?:\r?\n[^\r\n]+)*\r?\n\r?\n)(.*?)(?=\r?\n--|\Z)', re.DOTALL)
_SCHEME = re.compile(r"\b([Bb]earer|[Bb]asic|BEARER|BASIC)(\s+)([A-Za-z0-9._~+/-]{8,}={0,2})")


def in_text(text: str, mask: Mask) -> str:
    """Mask the values of secret names anywhere in a body, a message or a log.

    >>> in_text('{"user": "ada", "password": "hunter2"}', lambda value: "***")
    '{"user": "ada", "password": "***"}'
    """
    low = text.lower()
    if "bearer" in low or "basic" in low:
        text = _SCHEME.sub(lambda match: f"{match[1]}{match[2]}{mask(match[3])}", text)
    if not _holds_hint(low):
        return text
    # most texts with a hint have no such name: their keys are soon looked through
    names = tuple(sorted(name for name in set(_KEY.findall(text)) if is_name_of_secrets(name)))
    if names:
        text = _members(names).sub(lambda match: _member(match, mask), text)
    for is_there, pattern, replace in _IN_JSON if text.lstrip()[:1] in {"{", "["} else _IN_ANY:
        if is_there in text:
            text = pattern.sub(lambda match, replace=replace: replace(match, mask), text)  # type: ignore[misc]
    return text


def has_hint(text: str) -> bool:
    """Whether `in_text` would look any closer."""
    low = text.lower()
    return "bearer" in low or "basic" in low or _holds_hint(low)


def _holds_hint(low: str) -> bool:
    return is_any_in(_hints(), low)


@lru_cache(maxsize=1)
def _hints() -> BytesAhoCorasick:
    """One pass over a text in place of one for each hint, which took eight times as long."""
    from ahocorasick_rs import BytesAhoCorasick  # noqa: PLC0415 - an inactive plugin imports nothing

    return BytesAhoCorasick([hint.encode("ascii") for hint in HINTS])


def in_url(url: str, mask: Mask) -> str:
    """Mask parameters of secret names in a URL."""
    return _PAIR.sub(lambda match: _pair(match, mask), url) if "=" in url else url


@lru_cache(maxsize=512)
def _members(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf'"({"|".join(map(re.escape, names))})"{_VALUE}', re.DOTALL)


def _member(match: re.Match[str], mask: Mask) -> str:
    name, between, text, number, row = match.groups()
    if text is not None and is_secret_name(name):
        return f'"{name}"{between}{_string(text, mask)}'
    if number is not None and is_secret_name(name):
        return f'"{name}"{between}"{mask(number)}"'
    if row is not None and is_name_of_secrets(name):
        return f'"{name}"{between}' + _TEXT.sub(lambda one: _string(one[0], mask), row)
    return match[0]


def _string(text: str, mask: Mask) -> str:
    """Mask what a text in JSON means, however it is written."""
    inner = text[1:-1]
    if "\\" in inner:
        with contextlib.suppress(ValueError):  # an escape that is none: as it stands
            inner = json.loads(text, strict=False)
    return f'"{mask(inner)}"' if inner else text


def _escaped_member(match: re.Match[str], mask: Mask) -> str:
    marks, name, between, value = match.groups()
    if not value or not is_secret_name(name):
        return match[0]
    return f'{marks}"{name}{marks}"{between}{marks}"{mask(value)}{marks}"'


def _repr_member(match: re.Match[str], mask: Mask) -> str:
    name, between, prefix, value = match.groups()
    return f"'{name}'{between}{prefix}'{mask(value)}'" if value and is_secret_name(name) else match[0]


def _pair(match: re.Match[str], mask: Mask) -> str:
    name, value = match.groups()
    return f"{name}={mask(unquote_plus(value))}" if is_secret_name(unquote_plus(name)) else match[0]


def _quoted_pair(match: re.Match[str], mask: Mask) -> str:
    name, between, quote, value = match.groups()
    return f"{name}{between}{quote}{mask(value)}{quote}" if is_secret_name(name) else match[0]


def _element(match: re.Match[str], mask: Mask) -> str:
    name, attributes, value = match.groups()
    is_secret = is_secret_name(name.rpartition(":")[2]) and value.strip()
    return f"<{name}{attributes or ''}>{mask(value)}</{name}>" if is_secret else match[0]


def _input(match: re.Match[str], mask: Mask) -> str:
    return match[1] + mask(match[5]) if is_secret_name(match[3]) else match[0]


def _part(match: re.Match[str], mask: Mask) -> str:
    return match[1] + mask(match[3]) if match[3] and is_secret_name(match[2]) else match[0]


#: what must be in a text for a rule to be asked, and the rule
_IN_JSON = (
    ('\\"', _ESCAPED_MEMBER, _escaped_member),
    ("=", _PAIR, _pair),
    ("': ", _REPR_MEMBER, _repr_member),
)
_IN_ANY = (
    *_IN_JSON,
    ("', ", _REPR_MEMBER, _repr_member),
    ("=", _QUOTED_PAIR, _quoted_pair),
    (": ", _QUOTED_PAIR, _quoted_pair),
    ("</", _ELEMENT, _element),
    ("<", _INPUT, _input),
    ("form-data", _PART, _part),
)
