"""What a value looks like: the forms of generated values, found in a text wherever they stand, and kept specific."""

from __future__ import annotations

import base64
import json
import re
from functools import lru_cache
from typing import Any, NamedTuple

#: in the order in which they are tried at a place; named groups are forms
_TOKENS = re.compile(
    r"""
      (?P<masked>\[masked:[0-9a-f]{8}(?::[A-Za-z0-9]+)?\])
    | (?P<jwt>eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}\.(?:\[masked:[0-9a-f]{8}(?::[A-Za-z0-9]+)?\]|[A-Za-z0-9_-]{8,}))
    | (?P<traceparent>\b00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\b)
    | (?P<uuid>\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b
        |\b[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}\b)
    | (?P<time>\b\d{4}-\d\d-\d\d[T\ ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\ ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\b)?)
    | (?P<httpdate>\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),\ \d\d\ [A-Z][a-z][a-z]\ \d{4}\ \d\d:\d\d:\d\d\ (?:GMT|[+-]\d{4}))
    | (?P<date>\b\d{4}-\d\d-\d\d\b)
    | (?P<clock>\b\d\d:\d\d:\d\d(?:\.\d+)?\b)
    | (?P<ulid>\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b)
    | (?P<hex>(?<![A-Za-z0-9])(?:(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{8,}|(?=[0-9A-F]*[A-F])(?=[0-9A-F]*\d)[0-9A-F]{8,})(?![A-Za-z0-9]))
    | (?P<number>(?<![A-Za-z0-9.])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![A-Za-z0-9]))
    | (?P<word>[A-Za-z0-9][A-Za-z0-9_-]*+={0,2})
    """,
    re.VERBOSE,
)

#: forms that name a thing: equal on one side means equal on the other
IDENTIFYING = frozenset({"masked", "jwt", "uuid", "ulid", "hex", "token"})
#: forms that are taken for generated without having been seen to vary
GENERATED = frozenset({"jwt", "traceparent", "uuid", "time", "httpdate", "ulid", "masked", "epoch"})

_TOKEN_LENGTH = 10
_EPOCHS = {10: "s", 13: "ms", 16: "µs", 19: "ns"}
_YEAR_2001, _YEAR_2100 = 978307200, 4102444800


class Token(NamedTuple):
    """A generated value within a text."""

    #: `uuid4`, `time .3 Z`, `hex 32`, …: what another value of the same form shares
    form: str
    value: str

    @property
    def family(self) -> str:
        """The form without its details."""
        return self.form.partition(" ")[0]


class Template(NamedTuple):
    """A text as constant pieces with generated values between them; one piece more than values."""

    pieces: tuple[str, ...]
    tokens: tuple[Token, ...]

    @property
    def skeleton(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What another text of the same make has in common with this one."""
        return self.pieces, tuple(token.form for token in self.tokens)


@lru_cache(maxsize=4096)
def template_of(text: str) -> Template:
    """Part a text into constant pieces and generated values.

    >>> template_of("/assets/7d444840-9dc0-41d1-b245-5ffdce74fad2/files").skeleton
    (('/assets/', '/files'), ('uuid4 lower',))
    """
    pieces, tokens, at = [], [], 0
    for match in _TOKENS.finditer(text):
        form = _form_of(match.lastgroup or "", match[0])
        if form:
            pieces.append(text[at : match.start()])
            tokens.append(Token(form, match[0]))
            at = match.end()
    return Template((*pieces, text[at:]), tuple(tokens))


def _form_of(group: str, value: str) -> str:  # noqa: PLR0911 - a line for each form
    match group:
        case "uuid":
            return f"uuid{value[14]} {'upper' if value.isupper() else 'lower'}"
        case "time":
            fraction = re.search(r"[.,](\d+)", value)
            zone = re.search(r"(Z|UTC|GMT|[+-]\d\d:?\d\d)$", value[10:])
            style = "none" if zone is None else "Z" if zone[1] == "Z" else "offset" if zone[1][0] in "+-" else zone[1]
            return f"time {value[10]} .{len(fraction[1]) if fraction else 0} {style} {value.count(':') > 1}"
        case "clock":
            return f"clock .{len(value.partition('.')[2])}"
        case "hex":
            return f"hex {len(value)} {'upper' if value.isupper() else 'lower'}"
        case "number":
            return number_form(value)
        case "word":
            if not (any(map(str.isdigit, value)) and any(map(str.isalpha, value))):
                return ""  # a word like any other
            if len(value) < _TOKEN_LENGTH:
                return f"code {shape_of(value)}"
            return f"token {alphabet_of(value)} {len(value)}"
        case "masked":
            return f"masked {value[1:-1].partition(':')[2].partition(':')[2]}"
        case _:
            return group


def number_form(text: str) -> str:
    """The form of a number as it is written: whole, decimal, or a time since 1970 with its unit.

    >>> number_form("1766400000"), number_form("3.50"), number_form("7")
    ('epoch s', 'decimal', 'integer')
    """
    if "e" in text.lower():
        return "decimal"
    whole, point, _ = text.lstrip("-").partition(".")
    unit = _EPOCHS.get(len(whole))
    if unit and not text.startswith("-"):
        seconds = int(whole) / 10 ** (len(whole) - 10)
        if _YEAR_2001 < seconds < _YEAR_2100:
            return f"epoch {unit}{' decimal' if point else ''}"
    return "decimal" if point else "integer"


def shape_of(value: str) -> str:
    """Letters as a, capitals as A, digits as 9, runs folded.

    >>> shape_of("usr_12aB")
    'a_9aA'
    """
    return re.sub(r"[a-z]+", "a", re.sub(r"[0-9]+", "9", re.sub(r"[A-Z]+", "A", value)))


def alphabet_of(value: str) -> str:
    """The smallest usual alphabet that a value fits.

    >>> alphabet_of("00ff"), alphabet_of("Zm9v-_"), alphabet_of("a b")
    ('hex', 'base64url', 'text')
    """
    for name, pattern in (
        ("digits", r"[0-9]+"),
        ("hex", r"[0-9a-f]+"),
        ("HEX", r"[0-9A-F]+"),
        ("alphanumeric", r"[A-Za-z0-9]+"),
        ("base64url", r"[A-Za-z0-9_-]+={0,2}"),
        ("base64", r"[A-Za-z0-9+/]+={0,2}"),
    ):
        if re.fullmatch(pattern, value):
            return name
    return "text"


def decoded_jwt(text: str) -> dict[str, Any] | None:
    """Header, claims and the form of the signature of a JWT; None for anything else."""
    parts = text.split(".", 2)
    if len(parts) != 3 or not text.startswith("eyJ"):
        return None
    try:
        header, claims = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
    except ValueError:
        return None
    return {"header": header, "claims": claims, "signature": parts[2]}


def is_id(key: Any) -> bool:
    """Whether a key says that its value is an id.

    >>> is_id("user_id"), is_id("assetId"), is_id("valid")
    (True, True, False)
    """
    return isinstance(key, str) and (key.lower() in {"id", "_id"} or key.endswith(("_id", "Id", "ID", "-id")))
