"""One exchange of every run as trees, compared: request, status, headers, body."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from pytest_gaia_parity.compare.codings import coding_of, compare_codings
from pytest_gaia_parity.compare.compose import query_tree
from pytest_gaia_parity.compare.decode import Decoded, decode, media_type
from pytest_gaia_parity.compare.exact import Reader
from pytest_gaia_parity.compare.headers import OF_CLIENT, compared, meaning
from pytest_gaia_parity.compare.own import ids_of, settled
from pytest_gaia_parity.model.comparison import Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.compare.addresses import Addresses
    from pytest_gaia_parity.compare.walk import Walk
    from pytest_gaia_parity.model.exchange import Exchange, Response


def status_of(exchange: Exchange) -> int | str:
    """The status, or by what name it failed."""
    if exchange.failure is not None:
        return exchange.failure.type
    return "no answer" if exchange.response is None else exchange.response.status


def compare_exchange(
    walk: Walk, runs: Sequence[Exchange], candidate: Exchange, addresses: tuple[Addresses, Addresses], *, is_echo: bool
) -> None:
    """Compare one exchange.

    :param is_echo: answers differed before, so that a request that differs may be their consequence: a note.
    """
    mine, its = addresses
    if walk.rules.has_unused:
        _look(walk, runs[0], mine)
    body = candidate.request.body
    is_same_body = all(run.request.body == body for run in runs)
    if not is_same_body or not _is_same([_sent(run) for run in (*runs, candidate)], addresses):
        _compare_requests(walk, [_request(run, mine) for run in runs], _request(candidate, its), is_echo=is_echo)
    status, other = status_of(runs[0]), status_of(candidate)
    if status != other:
        walk.report(("status",), Kind.STATUS_CHANGED, status, other, f"{status} in {walk.of(len(runs))}")
        if str(status)[:1] != str(other)[:1]:
            # another kind of answer: that its headers and body are others says nothing more
            return
    responses = [run.response for run in runs if run.response is not None]
    response = candidate.response
    if response is None or len(responses) < len(runs):
        return
    if not _is_same([compared(one.headers) for one in (*responses, response)], addresses):
        walk.kind = Kind.HEADER_CHANGED
        has_other_coding = coding_of(runs[0]) != coding_of(candidate)
        walk.compare(
            [meaning(one.headers, mine, has_other_coding=has_other_coding) for one in responses],
            meaning(response.headers, its, has_other_coding=has_other_coding),
            ("headers",),
        )
        walk.kind = None
    compare_codings(walk, runs[0], candidate)
    if not walk.rules.ignores(("body",)) and not _is_byte_equal(responses, response, addresses):
        reader = Reader()
        decoded = _decoded(responses, mine, reader)
        _compare_bodies(walk, decoded, decode(response.body, response.headers, its, reader))


def _is_same(rows: Sequence[list[tuple[str, str]]], addresses: tuple[Addresses, Addresses]) -> bool:
    """Whether names and values are the same everywhere and no address of a side: then they mean the same, whatever that is."""
    first = rows[0]
    if any(row != first for row in rows[1:]):
        return False
    text = "\n".join([value for _, value in first])
    return all(own.neutral(text) == text for own in addresses)


def _sent(exchange: Exchange) -> list[tuple[str, str]]:
    """What of a request is compared, as it was sent: all but the authority of its URL, and a body that is no text."""
    request = exchange.request
    url = urlsplit(request.url)
    return [
        ("path", url.path),
        ("query", url.query),
        ("body", request.body.text or ""),
        ("type", next((value for name, value in request.headers if name.lower() == "content-type"), "")),
        *compared(request.headers, ignored=OF_CLIENT),
    ]


def _look(walk: Walk, exchange: Exchange, addresses: Addresses) -> None:
    """Find the places that ignores name, also where all bytes are equal and nothing would be read."""
    tree: dict[str, Any] = {"request": _request(exchange, addresses), "status": status_of(exchange)}
    if exchange.response is not None:
        tree["headers"] = meaning(exchange.response.headers, addresses, ignored=frozenset())
        tree["body"] = decode(exchange.response.body, exchange.response.headers, addresses).tree
    walk.rules.look(tree)


def _decoded(responses: Sequence[Response], addresses: Addresses, reader: Reader) -> list[Decoded]:
    """Bodies as trees; equal ones are read once."""
    found: list[Decoded] = []
    for number, one in enumerate(responses):
        first = responses[0]
        is_like_first = number and one.body == first.body and media_type(one.headers) == media_type(first.headers)
        found.append(found[0] if is_like_first else decode(one.body, one.headers, addresses, reader))
    return found


def _is_byte_equal(responses: Sequence[Response], response: Response, addresses: tuple[Addresses, Addresses]) -> bool:
    """Whether the bodies are the same bytes, hold no address of a side, and nothing was wrong with them."""
    body = response.body
    if body.decode_error or body.truncated or body.partial or any(one.body != body for one in responses):
        return False
    text = body.text
    return text is None or all(own.neutral(text) is text or own.neutral(text) == text for own in addresses)


def _compare_requests(walk: Walk, before: Sequence[dict[str, Any]], after: dict[str, Any], *, is_echo: bool) -> None:
    first = len(walk.found)
    walk.compare(before, after, ("request",))
    if is_echo:
        walk.found[first:] = [
            msgspec.structs.replace(one, severity=Severity.NOTE, says=one.says or "may follow from what differs before")
            for one in walk.found[first:]
        ]


def _request(exchange: Exchange, addresses: Addresses) -> dict[str, Any]:
    request = exchange.request
    url = urlsplit(request.url)
    return {
        "path": addresses.neutral(url.path) or "/",
        "query": query_tree(addresses.neutral(url.query)),
        "headers": meaning(request.headers, addresses, ignored=OF_CLIENT),
        "body": _request_body(exchange, addresses),
    }


def _request_body(exchange: Exchange, addresses: Addresses) -> Any:
    """The body that the test sent; of a multipart form the boundary is chosen by the client and means nothing."""
    request = exchange.request
    content_type = next((value for name, value in request.headers if name.lower() == "content-type"), "")
    _, found, boundary = content_type.partition("boundary=")
    if found and request.body.text is not None:
        return request.body.text.replace(boundary.strip('"'), "boundary").splitlines()
    return decode(request.body, request.headers, addresses).tree


def _compare_bodies(walk: Walk, before: Sequence[Decoded], after: Decoded) -> None:
    first = before[0]
    known = {problem.partition(":")[0] for one in before for problem in one.problems}
    mine = {problem.partition(":")[0] for problem in after.problems}
    if mine != known:
        walk.report(
            ("body",),
            Kind.ENCODING_CHANGED,
            "; ".join(first.problems) or "readable",
            "; ".join(after.problems) or "readable",
            f"{'; '.join(sorted(known)) or 'readable'} in {walk.of(len(before))}",
        )
        return
    if after.kind not in {one.kind for one in before}:
        if "empty" in {after.kind, first.kind}:
            kind = Kind.REMOVED if after.kind == "empty" else Kind.ADDED
            walk.report(("body",), kind, first.tree, after.tree, f"{first.kind} in {walk.of(len(before))}")
        else:
            walk.report(("body",), Kind.TYPE_CHANGED, first.kind, after.kind, f"{first.kind} in {walk.of(len(before))}")
        return
    if "truncated" in {after.kind, *(one.kind for one in before)}:
        if any(one.tree != after.tree for one in before):
            walk.report(
                ("body",), Kind.VALUE_CHANGED, first.tree, after.tree, "", says="larger than the limit: only its digest is compared"
            )  # fmt: skip
        return
    if after.is_partial or any(one.is_partial for one in before):
        before, after = _cut([*before, after])
        if after.tree is None:
            return
    trees = [one.tree for one in before if one.kind == after.kind]
    if after.kind == "text/csv" and _header(after.tree) != _header(trees[0]):
        # with other columns every row differs
        walk.compare([_header(tree) for tree in trees], _header(after.tree), ("body", "header"))
        return
    walk.compare(trees, after.tree, ("body",))
    asked = set(re.findall(r"\d+", walk.exchange))
    shared = (set(ids_of(trees[0])) & set(ids_of(after.tree))) - asked if walk.unsure else set()
    walk.found += settled(walk.unsure, walk.own, bool(shared))


def _header(tree: Any) -> Any:
    return tree["header"] if isinstance(tree, dict) else tree[:1]


def _cut(bodies: Sequence[Decoded]) -> tuple[list[Decoded], Decoded]:
    """Of streams that the test left before their end, what all runs saw; how much that is, is chance."""
    trees = [one.tree for one in bodies]
    if not all(isinstance(tree, list) for tree in trees):
        return [NOTHING] * (len(bodies) - 1), NOTHING
    shortest = min(len(tree) - one.is_partial for tree, one in zip(trees, bodies, strict=True))
    cut = [one._replace(tree=one.tree[: max(0, shortest)]) for one in bodies]
    return cut[:-1], cut[-1]


NOTHING = Decoded("partial", None)


class Sent(NamedTuple):
    """All text that a side sent and answered in a test, to look an id up in."""

    exchanges: tuple[Exchange, ...]

    def holds(self, text: str) -> bool:
        """Whether a text stands anywhere in it."""
        for exchange in self.exchanges:
            if text in exchange.request.url or text in (exchange.request.body.text or ""):
                return True
            response = exchange.response
            if response is not None and (
                text in (response.body.text or "") or any(text in value for _, value in response.headers)
            ):
                return True
        return False
