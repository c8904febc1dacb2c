"""Which exchange of one run belongs to which of another: by service, method and path, in order."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_gaia_parity.compare.forms import template_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.compare.addresses import Addresses
    from pytest_gaia_parity.model.exchange import Exchange

Key = tuple[str, str, object]


def key_of(exchange: Exchange, addresses: Addresses) -> Key:
    """By what an exchange is known; generated parts of its path do not count."""
    path = urlsplit(exchange.request.url).path or "/"
    return addresses.neutral(exchange.service), exchange.request.method, template_of(path).skeleton


def label_of(exchange: Exchange, addresses: Addresses) -> str:
    """How an exchange is called: `POST auth /login`."""
    path = urlsplit(exchange.request.url).path or "/"
    return f"{exchange.request.method} {addresses.neutral(exchange.service)} {path}"


def align(reference: Sequence[Key], other: Sequence[Key]) -> list[tuple[int | None, int | None]]:
    """Pair indices of two sequences; one that has no partner stands alone, and nothing behind it shifts."""
    pairs: list[tuple[int | None, int | None]] = []
    for tag, start, end, other_start, other_end in SequenceMatcher(
        None, reference, other, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            pairs += zip(range(start, end), range(other_start, other_end), strict=True)
        else:
            pairs += [(index, None) for index in range(start, end)]
            pairs += [(None, index) for index in range(other_start, other_end)]
    return _reunited(pairs, reference, other)


def _reunited(
    pairs: list[tuple[int | None, int | None]], reference: Sequence[Key], other: Sequence[Key]
) -> list[tuple[int | None, int | None]]:
    """Pair what stands alone on both sides and is the same call: concurrent calls end in any order."""
    alone: dict[Key, list[int]] = {}
    for index, partner in pairs:
        if index is None and partner is not None:
            alone.setdefault(other[partner], []).append(partner)
    taken: set[int] = set()
    result: list[tuple[int | None, int | None]] = []
    for index, partner in pairs:
        found = alone.get(reference[index]) if index is not None and partner is None else None
        if found:
            taken.add(found[0])
            result.append((index, found.pop(0)))
        else:
            result.append((index, partner))
    return [(index, partner) for index, partner in result if index is not None or partner not in taken]
