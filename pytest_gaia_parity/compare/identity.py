"""Generated ids are names: the sides must agree up to one renaming across the whole test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_gaia_parity.compare.forms import IDENTIFYING, is_id, template_of
from pytest_gaia_parity.model.comparison import Difference, Kind
from pytest_gaia_parity.model.path import Path, render_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_gaia_parity.compare.walk import Rules


class Place(NamedTuple):
    """Where an identity stands: which exchange, which place in it, which generated value of the text there."""

    pair: int
    path: Path
    token: int


def identities(tree: Any, pair: int, path: Path = ()) -> Iterator[tuple[Place, str]]:
    """Yield the identities of a tree with their places."""
    if isinstance(tree, dict):
        for name, item in tree.items():
            yield from identities(item, pair, (*path, name))
    elif isinstance(tree, list):
        for number, item in enumerate(tree):
            yield from identities(item, pair, (*path, number))
    elif isinstance(tree, str):
        for number, token in enumerate(template_of(tree).tokens):
            if token.family.rstrip("0123456789") in IDENTIFYING:
                yield Place(pair, path, number), token.value
    elif isinstance(tree, int) and not isinstance(tree, bool) and path and is_id(path[-1]):
        yield Place(pair, path, 0), str(tree)


def broken(
    baselines: Sequence[Mapping[Place, str]],
    candidate: Mapping[Place, str],
    *,
    labels: Sequence[str],
    rules: Rules,
) -> Iterator[Difference]:
    """Yield each place whose identity breaks the renaming, once for each identity that is broken."""
    signatures: dict[Place, tuple[str, ...]] = {
        place: tuple(run[place] for run in baselines)
        for place in baselines[0]
        if place in candidate and all(place in run for run in baselines) and not rules.ignores(place.path)
    }
    # a number that held still may equal another by chance; what is generated does not
    varying = {place: one for place, one in signatures.items() if len(set(one)) > 1 or not one[0].isdigit()}
    first_of: dict[tuple[str, ...], Place] = {}
    owner_of: dict[str, Place] = {}
    told: set[tuple[str, ...]] = set()
    for place, signature in varying.items():
        first = first_of.setdefault(signature, place)
        value = candidate[place]
        owner = owner_of.setdefault(value, place)
        problem, seen = "", first
        if value != candidate[first]:
            problem = "is the same value on the baseline"
        elif all(mine != its for mine, its in zip(signature, varying[owner], strict=True)):
            problem, seen = "is another value on the baseline", owner
        if problem and signature not in told:
            told.add(signature)
            yield Difference(
                exchange=labels[place.pair],
                path=render_path(place.path),
                kind=Kind.IDENTITY_CHANGED,
                baseline=signature[0],
                candidate=value,
                fact=f"in {len(baselines)} of {len(baselines)} baseline runs",
                says=f"{labels[seen.pair]} {render_path(seen.path)} {problem}, and on the candidate it is {candidate[seen]}",
                pair=place.pair,
            )
