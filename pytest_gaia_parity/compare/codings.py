"""Compares the codings of two answers: another one is a note, one that was not asked for is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pytest_gaia_parity.model.comparison import Difference, Kind, Severity

if TYPE_CHECKING:
    from pytest_gaia_parity.compare.walk import Walk
    from pytest_gaia_parity.model.exchange import Exchange, Headers

#: what a client that says nothing of codings must still be ready for
IDENTITY = "identity"


def compare_codings(walk: Walk, baseline: Exchange, candidate: Exchange) -> None:
    """Add what differs in content-encoding; to be called after the other headers were compared."""
    mine, its = coding_of(baseline), coding_of(candidate)
    if mine == its:
        return
    # who compresses on the way must weaken a strong ETag (RFC 9110, 8.8.1): as little a fault as the coding itself
    walk.found[:] = [
        msgspec.structs.replace(one, severity=Severity.NOTE) if one.path == "headers.etag.weak" else one
        for one in walk.found
    ]
    if walk.rules.ignores(("headers", "content-encoding")):
        return
    is_unasked = not is_accepted(candidate) and is_accepted(baseline)
    walk.found.append(
        Difference(
            exchange=walk.exchange,
            path="headers.content-encoding",
            kind=Kind.ENCODING_CHANGED,
            baseline=mine,
            candidate=its,
            severity=Severity.ERROR if is_unasked else Severity.NOTE,
            pair=walk.pair,
        )
    )


def coding_of(exchange: Exchange) -> str:
    """The coding of an answer's body, `identity` if there is none."""
    headers = () if exchange.response is None else exchange.response.headers
    return _joined(headers, "content-encoding") or IDENTITY


def is_accepted(exchange: Exchange) -> bool:
    """Whether the request accepts the coding that the answer has (RFC 9110, 12.5.3).

    One that says nothing formally accepts anything; clients that say nothing can undo nothing, so it does not here.
    """
    asked = _joined(exchange.request.headers, "accept-encoding")
    weights = dict(_weight(item) for item in asked.split(",") if item.strip())
    default = weights.get("*", 0.0)
    used = [coding.strip() for coding in coding_of(exchange).split(",")]
    return all(coding == IDENTITY or weights.get(coding.removeprefix("x-"), default) > 0 for coding in used)


def _weight(item: str) -> tuple[str, float]:
    coding, _, parameter = item.partition(";")
    _, _, value = parameter.partition("=")
    try:
        return coding.strip().removeprefix("x-"), float(value or 1)
    except ValueError:
        return coding.strip().removeprefix("x-"), 1.0


def _joined(headers: Headers, wanted: str) -> str:
    return ", ".join(value.lower() for name, value in headers if name.lower() == wanted)
