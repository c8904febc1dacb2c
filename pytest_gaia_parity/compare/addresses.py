"""A side's own addresses become `{service}`, wherever they stand; an address of the other side remains to be seen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_gaia_parity.model.recording import Header


class Addresses:
    """The addresses of one side."""

    def __init__(self, header: Header) -> None:
        self._names = {
            spelling.lower(): f"{{{name}}}"
            for name, facts in header.services.items()
            for spelling in _spellings(facts.url)
        }
        ordered = sorted(self._names, key=lambda text: (-len(text), text))
        pattern = "|".join(re.escape(text) for text in ordered)
        self._pattern = re.compile(rf"(?<![\w.-])(?:{pattern})(?![\w-]|\.\w|:\d)", re.IGNORECASE) if ordered else None

    def neutral(self, text: str) -> str:
        """Replace this side's addresses."""
        if self._pattern is None or not any(map(text.lower().__contains__, self._names)):
            return text
        return self._pattern.sub(lambda match: self._names[match[0].lower()], text)


def _spellings(url: str) -> Iterator[str]:
    parts = urlsplit(url.lower())
    if not parts.netloc:
        return
    origin = f"{parts.scheme}://{parts.netloc}"
    yield origin
    yield quote(origin, safe="")
    yield parts.netloc
    # a host name of one word is a word like any other; one with dots is an address
    if parts.hostname and "." in parts.hostname and not parts.hostname.replace(".", "").isdigit():
        yield parts.hostname
