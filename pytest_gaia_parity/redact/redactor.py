"""Masks everything that is secret in one run: by place and name, then by value in every encoding."""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from pytest_gaia_parity.redact.masks import MASK, Masks
from pytest_gaia_parity.redact.names import is_name_of_secrets, is_secret_name
from pytest_gaia_parity.redact.places import has_hint, in_text, in_url
from pytest_gaia_parity.redact.spellings import Few, Known, Needle, is_searched_for
from pytest_gaia_parity.redact.tails import whole_part

if TYPE_CHECKING:
    from collections.abc import Mapping

    Headers = tuple[tuple[str, str], ...]

#: signed tokens, and encrypted ones of five parts; the header says which, the payload stays comparable
_JWT = re.compile(r"(eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*)\.([A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)*)")
#: what a health body says of its secrets: that all are there, or the names of those that lack
_TELLS_OF_SECRETS = re.compile(r"ok|missing:(?:\s*[A-Z][A-Z0-9_]*,?)+")
#: a mask, or a JWT whose signature is one
_MASKED = re.compile(rf"(?:eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.)?{MASK.pattern}")
_USERINFO = re.compile(r"(?<=://)([^/@\s\"'<>\[\]]+)@")
#: words, as in `eu-west-1`
_WORDS = re.compile(r"[^\W\d_]+(?:[ ._/-](?:[^\W\d_]+|\d{1,2}))*")
_COOKIE = re.compile(r"^\s*([^=;\s]+)=([^;]*)")
#: values that one record teaches to look for
_MOST_LEARNT = 64
#: characters from which on a value seen in traffic is looked for elsewhere; of shorter ones only what is no word
_LONG, _SHORT = 8, 6


class Redactor:
    """Masks everything that is secret in one run.

    :param secrets: name → value, from the env file.
    :param key: of the masks; the same key gives the same masks.
    """

    def __init__(self, secrets: Mapping[str, str], *, key: bytes) -> None:
        self._masks = Masks(key)
        values = {part for value in secrets.values() for part in _parts(value) if is_searched_for(part)}
        self._known = Known(Needle(value, self._masks) for value in values)
        self._learnt: dict[str, None] | None = None

    def by_place(self) -> Redactor:
        """What masks by place and name alone, and learns the secrets that it meets: tokens of a login, cookies, passwords."""
        other = object.__new__(Redactor)
        other._masks, other._known, other._learnt = self._masks, Known(()), {}
        return other

    def by_value(self, learnt: Redactor, text: str, *, is_cut: bool = False) -> ByValue | None:
        """What masks the values that are in *text*, of the env file and *learnt*; None where none of them is.

        :param is_cut: something was cut off, where the beginning of any value may stand.
        """
        few = Few(Needle(value, self._masks) for value in learnt._learnt or ())
        if is_cut:
            return ByValue(self._masks, Few([*self._known.needles, *few.needles]))
        hit = [*self._known.hit(text), *few.hit(text)]
        return ByValue(self._masks, Few(hit)) if hit else None

    def is_suspect(self, text: str) -> bool:
        """Whether there may be anything to mask: one look at data as a whole, in place of one at each of its parts."""
        return "eyJ" in text or ("@" in text and "://" in text) or has_hint(text) or bool(self._known.hit(text))

    def names_a_secret(self, name: str) -> bool:
        """Whether a name that people gave holds a secret: what is a value of the env file and no word, or a signed token.

        A variable may well hold the name of a region or an app, and `password=short` says what a test is about.
        """
        return bool(_JWT.search(name)) or any(not _WORDS.fullmatch(needle.value) for needle in self._known.hit(name))

    def text(self, text: str) -> str:
        """Mask a body, a message, a log."""
        return self._values(self._signatures(in_text(self._users(text), self.credential)))

    def cut(self, text: str) -> str:
        """A text that was cut off, without the beginning of a secret at its end."""
        return whole_part(text, self._known.needles)

    def data(self, data: bytes) -> bytes:
        """Mask bytes that are no text."""
        text = data.decode("latin-1")
        masked = in_text(text, self.credential) if b"form-data" in data else text
        masked = self._known.mask_in(self._signatures(masked), self._masks, is_data=True)
        return data if masked == text else masked.encode("latin-1", "replace")

    def url(self, url: str) -> str:
        """Mask a URL: user information, parameters of secret names, secrets anywhere."""
        return self._values(self._signatures(in_url(self._users(url), self.credential)))

    def headers(self, headers: Headers) -> Headers:
        """Mask header fields: credentials whole, the rest where it holds a secret."""
        return tuple((name, self._header(name, value)) for name, value in headers)

    def value(self, value: Any, name: str = "") -> Any:
        """Mask JSON data, keys included."""
        if isinstance(value, str):
            holds = value and is_name_of_secrets(name) and not _TELLS_OF_SECRETS.fullmatch(value)
            return self.credential(value) if holds else self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(item, str(key)) for key, item in value.items()}
        if isinstance(value, list | tuple):
            inner = "token" if is_name_of_secrets(name) else ""
            return [self.value(item, inner if isinstance(item, str) else "") for item in value]
        is_number = isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 1000
        return self.credential(str(value)) if is_number and is_secret_name(name) else value

    def credential(self, value: str) -> str:
        """The mask of a credential, with its form; of a JWT the signature only is masked."""
        if not value or _MASKED.fullmatch(value):
            return value
        if "eyJ" in value and _JWT.fullmatch(value):
            return self._values(self._signatures(value))
        self._learn(value)
        return self._masks.of(value)

    def _header(self, name: str, value: str) -> str:
        kind = _kind_of(name)
        if kind == "credential":
            scheme, space, rest = value.partition(" ")
            if not space:
                return self.credential(value)
            if scheme.lower() == "basic":
                self._learn_basic(rest)
            return f"{scheme} {self.credential(rest)}"
        if kind == "cookie":
            return "; ".join(_COOKIE.sub(self._cookie, part) for part in value.split(";"))
        if kind == "set-cookie":
            return self._values(_COOKIE.sub(self._cookie, value, count=1))
        return self.url(value) if "=" in value or "@" in value or "eyJ" in value else self._values(value)

    def _cookie(self, match: re.Match[str]) -> str:
        return f"{match[1]}={self.credential(match[2].strip())}"

    def _users(self, text: str) -> str:
        return _USERINFO.sub(self._user, text) if "@" in text and "://" in text else text

    def _user(self, match: re.Match[str]) -> str:
        """User information, without the brackets of a mask: a URL may have them around an address only."""
        if re.fullmatch(r"masked-[0-9a-f]{8}", match[1]):
            return match[0]
        self._learn(unquote(match[1].partition(":")[2]))
        return f"{self._masks.of(match[1], '')[1:-1].replace(':', '-')}@"

    def _learn_basic(self, rest: str) -> None:
        try:
            _, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
        except (ValueError, binascii.Error):
            return
        self._learn(password)

    def _learn(self, value: str) -> None:
        if self._learnt is None or len(self._learnt) >= _MOST_LEARNT or value in self._learnt:
            return
        is_word = value.isalpha() or value.isdecimal()
        if len(value) >= (_LONG if is_word else _SHORT) and is_searched_for(value):
            self._learnt[value] = None

    def _signatures(self, text: str) -> str:
        if "eyJ" not in text:
            return text
        return _JWT.sub(self._signature, text)

    def _signature(self, match: re.Match[str]) -> str:
        self._learn(match[2])
        return f"{match[1]}.{self._masks.of(match[2])}"

    def _values(self, text: str) -> str:
        if not self._known.needles:
            return text
        return self._known.mask_in(text, self._masks)


class ByValue(Redactor):
    """Masks a few values, in what was masked by place already."""

    def __init__(self, masks: Masks, few: Few) -> None:
        self._masks = masks
        self._known = few
        self._learnt = None

    def is_suspect(self, text: str) -> bool:  # noqa: ARG002 - one of the values is there
        """There is."""
        return True

    def text(self, text: str) -> str:
        """Mask the values."""
        return self._values(text)

    def url(self, url: str) -> str:
        """Mask the values."""
        return self._values(url)

    def data(self, data: bytes) -> bytes:
        """Mask the values."""
        return self._known.mask_in(data.decode("latin-1"), self._masks, is_data=True).encode("latin-1", "replace")

    def headers(self, headers: Headers) -> Headers:
        """Mask the values."""
        return tuple((name, self._values(value)) for name, value in headers)

    def value(self, value: Any, name: str = "") -> Any:  # noqa: ARG002 - names were looked at
        """Mask the values."""
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        return self.text(value) if isinstance(value, str) else value


@lru_cache(maxsize=1024)
def _kind_of(name: str) -> str:
    low = name.lower()
    if low in {"cookie", "set-cookie"}:
        return low
    return "credential" if is_secret_name(low) else ""


def _parts(value: str) -> tuple[str, ...]:
    """A value, and the password in it where it is the address of a database."""
    found = re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/@:]*:([^@]+)@.*", value, re.IGNORECASE | re.DOTALL)
    return (value,) if found is None else (value, found[1], unquote(found[1]))
