"""Texts in pieces: what varies between runs is told from the constant rest, which is still compared."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pytest_gaia_parity.compare.sequence import matching

if TYPE_CHECKING:
    from collections.abc import Sequence

#: pieces beyond which a text is not aligned with another of a different number of pieces
LIMIT = 50_000

_PIECE = re.compile(
    r"""
      \[masked:[0-9a-f]{8}(?::[^\]]*)?\]
    | eyJ[\w-]+\.[\w-]+\.[\w-]+
    | [0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}
    | [A-Z][a-z]{2},\ \d{1,2}[ -][A-Z][a-z]{2}[ -]\d{2,4}\ \d\d:\d\d:\d\d\ (?:GMT|UTC|[+-]\d{4})
    | \d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\d])
    | \d+\.\d+\.\d+\.\d+
    | \d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?![\d:])
    | (?<![A-Za-z0-9+/])(?=[A-Za-z0-9+/]*[+=])(?:[A-Za-z0-9+/]{4}){3,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?(?![A-Za-z0-9+/=])
    | \d+\.\d+(?=(?:[mµun]?s|[KMG]?i?B|h|px)\b)   # a measure
    | [^\W\d_]+(?![\w])           # a plain word
    | \d+\.\d+(?![\w.])           # a decimal
    | \d+(?![\w])                 # an integer
    | \d+(?=(?:[nmµu]?s|min|[hdmx]|[kKMGT]i?B?|B|px|st|nd|rd|th)(?!\w))  # a number with its unit
    | [A-Za-z]+(?=_)              # the prefix of an id
    | [A-Za-z0-9]+                # letters and digits mixed
    | \s+
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_WORD = re.compile(r"[^\W\d_]+")


class Slot(NamedTuple):
    """A varying piece: what stood there in each sample."""

    samples: tuple[tuple[str, ...], ...]


Template = tuple["str | Slot", ...]


@lru_cache(maxsize=4096)
def pieces_of(text: str) -> tuple[str, ...]:
    """Cut a text into words, numbers, ids, times, marks.

    >>> pieces_of("took 12ms at 3.5")
    ('took', ' ', '12ms', ' ', 'at', ' ', '3.5')
    """
    return tuple(_PIECE.findall(text))


def learn_template(samples: Sequence[tuple[str, ...]]) -> Template | None:
    """The constant pieces and the slots between them; None where the samples have too little in common.

    >>> learn_template([("id", ":", "1"), ("id", ":", "2")])
    ('id', ':', Slot(samples=(('1',), ('2',))))
    """
    if max(map(len, samples)) > LIMIT and len({len(sample) for sample in samples}) > 1:
        return None
    template: list[str | Slot] = []
    at = [0] * len(samples)
    for block in (*_constant(samples), None):
        ends = [len(sample) for sample in samples] if block is None else list(block)
        between = tuple(sample[a:b] for sample, a, b in zip(samples, at, ends, strict=True))
        if any(between):
            template.append(Slot(between))
        if block is not None:
            template.append(samples[0][block[0]])
            at = [end + 1 for end in ends]
    return tuple(template) if _says_enough(template) else None


def _constant(samples: Sequence[tuple[str, ...]]) -> list[tuple[int, ...]]:
    """Positions, one per sample, of the pieces that all samples share in order."""
    first = samples[0]
    if len({len(sample) for sample in samples}) == 1:
        return [(i,) * len(samples) for i in range(len(first)) if all(sample[i] == first[i] for sample in samples)]
    shared: list[tuple[int, ...]] = [(i,) for i in range(len(first))]
    for sample in samples[1:]:
        pieces = [first[positions[0]] for positions in shared]
        shared = [(*shared[at], partner) for at, partner in matching(pieces, sample)]
    return shared


def _says_enough(template: list[str | Slot]) -> bool:
    """Whether at least as many words are constant as vary: two sentences share their spaces only."""
    constant = sum(1 for piece in template if isinstance(piece, str) and _WORD.fullmatch(piece))
    varying = sum(
        max(sum(1 for piece in sample if _WORD.fullmatch(piece)) for sample in piece.samples)
        for piece in template
        if isinstance(piece, Slot)
    )
    return constant >= varying


def fit(template: Template, pieces: tuple[str, ...]) -> list[tuple[Slot, tuple[str, ...]]] | None:
    """What stands in each slot, None where the constant pieces are not all there in order.

    >>> fit(("a", Slot((("1",), ("2",))), "b"), ("a", "7", "8", "b"))
    [(Slot(samples=(('1',), ('2',))), ('7', '8'))]
    """
    found: list[tuple[Slot, tuple[str, ...]]] = []
    if len(template) == len(pieces) and all(
        isinstance(part, Slot) or part == piece for part, piece in zip(template, pieces, strict=True)
    ):
        return [(p, (piece,)) for p, piece in zip(template, pieces, strict=True) if isinstance(p, Slot)]
    at = 0
    for number, part in enumerate(template):
        if not isinstance(part, Slot):
            if at >= len(pieces) or pieces[at] != part:
                return None
            at += 1
            continue
        end = _slot_end(template[number + 1 :], pieces, at)
        if end is None:
            return None
        found.append((part, pieces[at:end]))
        at = end
    return found if at == len(pieces) else None


def _slot_end(rest: Template, pieces: tuple[str, ...], at: int) -> int | None:
    """Where a slot ends: where the constant run after it begins; at the end of the text if that run is the last."""
    run: list[str] = []
    for part in rest:
        if isinstance(part, Slot):
            break
        run.append(part)
    if not run:
        return len(pieces)
    if len(run) == len(rest):
        end = len(pieces) - len(run)
        return end if end >= at and pieces[end:] == tuple(run) else None
    wanted = tuple(run)
    return next((i for i in range(at, len(pieces) - len(run) + 1) if pieces[i : i + len(run)] == wanted), None)
