"""Which exchange of one run belongs to which of another: by service, method and path, in order."""

from __future__ import annotations

from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from pytest_gaia_parity.compare.forms import IDENTIFYING, form_of
from pytest_gaia_parity.compare.tokens import pieces_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from pytest_gaia_parity.compare.addresses import Addresses
    from pytest_gaia_parity.model.exchange import Exchange

#: methods that may be repeated without effect, as a test does that waits
_POLLS = frozenset({"GET", "HEAD"})


class Row(NamedTuple):
    """One exchange in all runs that have it."""

    label: str
    #: number of the run of the baseline and the exchange's index in it
    runs: tuple[tuple[int, int], ...]
    candidate: int | None
    #: the same call stands beside it: a test that waits asks as often as it must
    is_repeat: bool = False
    #: some run of the baseline makes this call more often than its first
    is_sometimes: bool = False

    @property
    def baseline(self) -> int | None:
        """Index in the first run of the baseline."""
        return next((index for run, index in self.runs if run == 0), None)


def align_runs(
    baselines: Sequence[Sequence[Exchange]], candidate: Sequence[Exchange], mine: Addresses, its: Addresses
) -> list[Row]:
    """Bring all runs of a test together, by the order of the first."""
    fixed = _fixed(baselines)
    keys = [[key_of(exchange, mine, fixed) for exchange in run] for run in baselines]
    other = [key_of(exchange, its, fixed) for exchange in candidate]
    partners = [dict(align(keys[0], run, _answers(baselines[0]), _answers(baselines[number + 1])))
                for number, run in enumerate(keys[1:])]  # fmt: skip
    rows = []
    for index, partner in align(keys[0], other, _answers(baselines[0]), _answers(candidate)):
        if index is None and partner is not None:
            most = max(run.count(other[partner]) for run in keys)
            alike = [
                (number, at)
                for number, run in enumerate(keys)
                if _is_repeat(other, partner)
                for at in _alike(run, other[partner], _answers(baselines[number]), _answers(candidate)[partner])
            ]
            rows.append(
                Row(
                    label_of(candidate[partner], its),
                    tuple(alike),
                    partner,
                    is_repeat=_is_repeat(other, partner),
                    is_sometimes=most > keys[0].count(other[partner]),
                )
            )
        elif index is not None:
            found = [(number + 1, table.get(index)) for number, table in enumerate(partners)]
            if partner is not None and (_is_repeat(keys[0], index) or _is_repeat(other, partner)):
                # a run that asked less often answers with all that it was told
                status = _answers(baselines[0])[index]
                found += [
                    (run, one)
                    for run, at in found
                    if at is None
                    for one in _alike(keys[run], keys[0][index], _answers(baselines[run]), status)
                ]
            runs = ((0, index), *((run, at) for run, at in found if at is not None))
            rows.append(Row(label_of(baselines[0][index], mine), runs, partner, is_repeat=_is_repeat(keys[0], index)))
    return rows


def _alike(keys: Sequence[Hashable], key: Hashable, answers: Sequence[object], answer: object) -> list[int]:
    """The calls of a run that are the same and were answered with the same status."""
    return [at for at in range(len(keys)) if (keys[at], answers[at]) == (key, answer)]


def _is_repeat(keys: Sequence[Hashable], index: int) -> bool:
    key = keys[index]
    beside = [keys[at] for at in (index - 1, index + 1) if 0 <= at < len(keys)]
    return isinstance(key, tuple) and key[1] in _POLLS and key in beside


def _answers(exchanges: Sequence[Exchange]) -> list[object]:
    return [exchange.response.status if exchange.response is not None else None for exchange in exchanges]


def _fixed(baselines: Sequence[Sequence[Exchange]]) -> frozenset[str] | None:
    """The parts of paths that all runs of the baseline have; what varies is no name of a resource."""
    if len(baselines) < 2:
        return None
    parts = [{part for one in run for part in urlsplit(one.request.url).path.split("/")} for run in baselines]
    return frozenset(set.intersection(*parts)) if all(parts) else None


def key_of(exchange: Exchange, addresses: Addresses, fixed: frozenset[str] | None = None) -> Hashable:
    """By what an exchange is known; generated parts of its path do not count."""
    path = urlsplit(exchange.request.url).path or "/"
    parts = tuple(_place(part, fixed) for part in path.split("/"))
    return addresses.neutral(exchange.service), exchange.request.method, parts


def _place(part: str, fixed: frozenset[str] | None) -> Hashable:
    if part.isdigit() or form_of(part).kind in IDENTIFYING or (fixed is not None and part not in fixed):
        return "{id}"
    return tuple(
        "{id}" if piece.isdigit() or form_of(piece).kind in IDENTIFYING else piece for piece in pieces_of(part)
    )


def label_of(exchange: Exchange, addresses: Addresses) -> str:
    """How an exchange is called: `POST auth /login`."""
    path = urlsplit(exchange.request.url).path or "/"
    return f"{exchange.request.method} {addresses.neutral(exchange.service)} {path}"


def align(
    reference: Sequence[Hashable], other: Sequence[Hashable], statuses: Sequence[object], others: Sequence[object]
) -> list[tuple[int | None, int | None]]:
    """Pair indices of two sequences; one that has no partner stands alone, and nothing behind it shifts.

    A call that one side makes more often is paired by its answer first: the last question of a test that waits is the one answered.
    """
    counts, its = Counter(reference), Counter(other)
    first = [
        (key, status if counts[key] != its[key] else None) for key, status in zip(reference, statuses, strict=True)
    ]
    second = [(key, status if counts[key] != its[key] else None) for key, status in zip(other, others, strict=True)]
    pairs: list[tuple[int | None, int | None]] = []
    for tag, start, end, other_start, other_end in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if tag == "equal":
            pairs += zip(range(start, end), range(other_start, other_end), strict=True)
        else:
            pairs += [(index, None) for index in range(start, end)]
            pairs += [(None, index) for index in range(other_start, other_end)]
    return _reunited(pairs, reference, other)


def _reunited(
    pairs: list[tuple[int | None, int | None]], reference: Sequence[Hashable], other: Sequence[Hashable]
) -> list[tuple[int | None, int | None]]:
    """Pair what stands alone on both sides and is the same call: concurrent calls end in any order."""
    alone: dict[Hashable, list[int]] = {}
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
