"""What a value looks like: uuid, time, digest, token, number; recognised by value and kept specific."""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

#: forms whose values name something: equal values mean the same thing
IDENTIFYING = frozenset({"uuid", "ulid", "object id", "hex", "token", "base64", "mask"})
#: forms of moments
TIMES = frozenset({"time", "date", "HTTP date", "epoch"})
#: forms of one chunk of characters; which of them a random value shows may be chance
CHUNKS = frozenset({"ulid", "object id", "hex", "token", "base64", "word", "digits"})

#: moments that an epoch number may mean: 2001 to 2050
_EARLIEST, _LATEST = 1_000_000_000, 2_540_000_000
_EPOCHS = (("s", 1.0), ("ms", 1e3), ("µs", 1e6), ("ns", 1e9))

_MASK = re.compile(r"\[masked:[0-9a-f]{8}(?::([^\]]*))?\]")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d([Tt ])\d\d:\d\d(:\d\d)?(?:[.,](\d+))?(\s?)(Z|z|UTC|GMT|[+-]\d\d(:?)(?:\d\d)?)?", re.ASCII
)
_DATE = re.compile(r"\d{4}([-/.])\d\d\1\d\d", re.ASCII)
_HTTP_DATE = re.compile(
    r"[A-Z][a-z]{2}, \d{1,2}([ -])[A-Z][a-z]{2}\1\d{2,4} \d\d:\d\d:\d\d (GMT|UTC|[+-]\d{4})", re.ASCII
)
_CLOCK = re.compile(r"\d\d:\d\d(:\d\d)?(\.\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d+\.\d+", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{8,}|[0-9A-F]{8,}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{12,}={0,2}")
_IP = re.compile(r"\d{1,3}(\.\d{1,3}){3}|(?=[0-9a-f:]*:[0-9a-f:]*:)[0-9a-f:]{3,39}", re.ASCII)
#: keys of what names something: a place in a list, a key, a machine
_NAMES_ONE = re.compile(
    r"(?i)(?:cursor|token|nonce|guid|kid|host|hostname|pod|instance|container|machine|node|replica|worker)$"
)
_WORD = re.compile(r"[^\W\d_]\w*")
#: what a time may end with
_TIME_ENDS = "ZzCT"


class Form(NamedTuple):
    """A recognised form. Two values have the same form where kind and detail are equal and the length fits."""

    kind: str
    #: what is specific: the version of a uuid, precision and zone of a time, the case of a digest
    detail: str = ""
    #: characters, where they belong to the form
    length: int = 0

    def __str__(self) -> str:
        details = [self.detail] if self.detail else []
        details += [f"{self.length} characters"] if self.length else []
        article = "an" if self.kind[:1] in "aeioIH" else "a"
        return f"{article} {self.kind}" + (f" ({', '.join(details)})" if details else "")


@lru_cache(maxsize=65536)
def form_of(text: str) -> Form:
    """Recognise the form of a text.

    >>> form_of("0b0b6b4e-3f0c-4c1e-9d5a-6a3c1f7a2b11")
    Form(kind='uuid', detail='version 4, lower case', length=0)
    >>> form_of("2024-05-01T10:00:00Z").detail
    "'T', seconds, zone Z"
    >>> form_of("hello").kind
    'word'
    """
    if not text:
        return Form("empty text")
    if len(text) > 2048:
        return Form("text")
    return _time(text) or _number(text) or _identifier(text) or _plain(text)


def _identifier(text: str) -> Form | None:  # noqa: PLR0911 - a line for each form
    if match := _MASK.fullmatch(text):
        return Form("mask", match[1] or "")
    if match := _UUID.fullmatch(text):
        return Form("uuid", f"version {match[1].lower()}, {case_of(text)}")
    if _ULID.fullmatch(text) and not text.isalpha():
        return Form("ulid")
    if _HEX.fullmatch(text) and (len(text) >= 24 or not text.isalpha()):
        return Form("object id" if _is_object_id(text) else "hex", case_of(text), len(text))
    if _IP.fullmatch(text):
        return Form("IP address", "version 6" if ":" in text else "version 4")
    if _TOKEN.fullmatch(text) and is_random(text):
        return Form("token", "", len(text))
    if _BASE64.fullmatch(text) and len(text) % 4 == 0 and is_random(text.rstrip("=")):
        return Form("base64", "", len(text))
    return None


def _time(text: str) -> Form | None:  # noqa: PLR0911 - a line for each form
    if not text[-1].isdigit() and text[-1] not in _TIME_ENDS:
        return None
    if match := _TIME.fullmatch(text):
        if moment_of(text) is None:
            return None
        zone = match[5] or "none"
        precision = precision_of(len(match[3] or "")) if match[2] else "minutes"
        return Form("time", f"'{match[1]}', {precision}, zone {match[4]}{zone}")
    if match := _DATE.fullmatch(text):
        return Form("date", match[1])
    if match := _HTTP_DATE.fullmatch(text):
        return Form("HTTP date", match[2])
    if match := _CLOCK.fullmatch(text):
        return Form("time of day", "with seconds" if match[1] else "")
    return None


def precision_of(digits: int) -> str:
    """What so many digits after the second mean; writers that cut zeros off give one or two fewer now and then."""
    return ("seconds", "milliseconds", "microseconds", "nanoseconds")[min(3, (digits + 2) // 3)]


def _number(text: str) -> Form | None:
    if _INTEGER.fullmatch(text):
        unit = epoch_unit(int(text)) if len(text) < 21 else ""
        return Form("epoch", unit) if unit else Form("digits", "", len(text))
    return Form("decimal in text") if _DECIMAL.fullmatch(text) else None


def _plain(text: str) -> Form:
    return Form("word") if _WORD.fullmatch(text) else Form("text")


def case_of(text: str) -> str:
    """Lower, upper or mixed case."""
    if text == text.lower():
        return "lower case"
    return "upper case" if text == text.upper() else "mixed case"


def is_random(text: str) -> bool:
    """Whether letters and digits follow each other as in no word: `9fK2LmQx81`, not `order-2024`."""
    core = text.replace("-", "").replace("_", "")
    if len(core) < 8 or core.isdigit():
        return False
    turns = _turns(core)
    if core.isalpha():
        # camel case turns at every third letter at most
        return turns >= len(core) * 0.4
    return turns >= max(3, len(core) * 0.25)


def _turns(text: str) -> int:
    """How often the class of characters changes."""
    classes = ["d" if c.isdigit() else "u" if c.isupper() else "l" for c in text]
    return sum(one != other for one, other in pairwise(classes))


def _is_object_id(text: str) -> bool:
    """Whether 24 hex digits begin with a plausible moment, as MongoDB's ids do."""
    return len(text) == 24 and text == text.lower() and _EARLIEST <= int(text[:8], 16) <= _LATEST


def epoch_unit(number: float) -> str:
    """The unit in which *number* is a plausible moment, else empty.

    >>> epoch_unit(1714557600), epoch_unit(1714557600123), epoch_unit(42)
    ('s', 'ms', '')
    """
    return next((unit for unit, scale in _EPOCHS if _EARLIEST * scale <= number <= _LATEST * scale), "")


def moment_of(value: Any) -> float | None:
    """Seconds since 1970 that a time of any form means, None where it means none; UTC where no zone is given."""
    if isinstance(value, int | float):
        return next((value / scale for _, scale in _EPOCHS if _EARLIEST * scale <= value <= _LATEST * scale), None)
    return _moment_of_text(value) if isinstance(value, str) and len(value) < 60 else None


@lru_cache(maxsize=16384)
def _moment_of_text(text: str) -> float | None:
    if _INTEGER.fullmatch(text):
        return moment_of(int(text))
    try:
        parsed = email.utils.parsedate_to_datetime(text) if text[:1].isalpha() else _parse_iso(text)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=dt.UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _parse_iso(text: str) -> dt.datetime:
    # nanoseconds are more than datetime reads
    text = re.sub(r"([.,]\d{6})\d+", r"\1", text.replace(",", ".").replace("/", "-"))
    text = re.sub(r"\s?(UTC|GMT)$", "Z", text)
    return dt.datetime.fromisoformat(re.sub(r" (?=[+-]\d\d:?\d\d$)", "", text).upper())


def is_id(key: Any) -> bool:
    """Whether a key says that its value is an id.

    >>> is_id("user_id"), is_id("assetId"), is_id("valid")
    (True, True, False)
    """
    return isinstance(key, str) and (
        key.lower() in {"id", "_id", "ids", "id_str"}
        or key.endswith(("_id", "Id", "ID", "-id", "_ids", "Ids", "_id_str"))
    )


def is_called_id(key: Any) -> bool:
    """Whether a key says that its value names something, also where that is no id of a row."""
    return is_id(key) or (isinstance(key, str) and _NAMES_ONE.search(key) is not None)
