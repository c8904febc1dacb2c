"""Texts that are compared by their parts: structures within, and the constant rest around varying pieces."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.compare.compose import take_apart
from pytest_gaia_parity.compare.facts import is_own
from pytest_gaia_parity.compare.own import without_day
from pytest_gaia_parity.compare.tokens import Slot, fit, learn_template, pieces_of
from pytest_gaia_parity.compare.values import short
from pytest_gaia_parity.model.comparison import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.compare.compose import Composite
    from pytest_gaia_parity.compare.walk import Walk
    from pytest_gaia_parity.model.path import Path


def are_apart(walk: Walk, samples: Sequence[str], value: str, path: Path) -> bool:
    """Compare texts that hold structures by their parts; false where they hold none."""
    taken = [take_apart(sample) for sample in samples]
    kinds = {None if one is None else one.kind for one in taken}
    mine = take_apart(value)
    if None in kinds or len(kinds) > 1:
        return False
    if mine is None or mine.kind not in kinds:
        _not_so(walk, samples, value, path, f"a {kinds.pop()}")
        return True
    if taken[0] is not None and taken[0].kind == "JWT":
        walk.name(samples, value, path)
    _parts(walk, taken, mine, samples, value, path)
    return True


def _parts(  # noqa: PLR0913, PLR0917 - both the texts and what they hold
    walk: Walk, taken: Sequence[Composite | None], mine: Composite, samples: Sequence[str], value: str, path: Path
) -> None:
    inner = replace(walk, found=[], inside=path if walk.inside is None else walk.inside, kind=None)
    inner.compare([one.tree for one in taken if one is not None], mine.tree, ())
    if not inner.found:
        return
    if walk.inside is not None:
        walk.found += inner.found
        return
    first = inner.found[0]
    kind = first.kind if first.kind in {Kind.FORMAT_CHANGED, Kind.IDENTITY_CHANGED} else Kind.VALUE_CHANGED
    says = f"{mine.kind}: {first.path or 'all of it'}: " + (
        first.says or f"{short(first.baseline)} became {short(first.candidate)}"
    )
    walk.report(path, kind, samples[0], value, first.fact, says=says)


def are_in_pieces(walk: Walk, samples: Sequence[str], value: str, path: Path, holds_still: bool) -> bool:  # noqa: FBT001
    """Compare texts by their constant rest and their varying pieces; false where there is nothing to gain."""
    cut = [pieces_of(sample) for sample in samples]
    if all(len(pieces) == 1 for pieces in cut):
        return False
    mine = pieces_of(value)
    if holds_still:
        return _own_pieces(walk, cut[0], mine, path)
    template = learn_template(cut)
    if template is None or all(isinstance(part, Slot) for part in template):
        return False
    if len(samples) == 1:
        return _own_pieces(walk, cut[0], mine, path)
    filled = fit(template, mine)
    if filled is None:
        return _misfit(walk, template, samples, value, path)
    inner = replace(walk, found=[], inside=path if walk.inside is None else walk.inside, kind=None)
    for slot, stands in filled:
        before = ["".join(one) for one in slot.samples]
        after = "".join(stands)
        if "" not in before and len(before) == len(samples):
            inner.compare(before, after, ()) if after else inner.report((), Kind.FORMAT_CHANGED, before[0], "", "")
    if inner.found:
        first = inner.found[0]
        says = first.says or f"{short(first.baseline)} became {short(first.candidate)}"
        walk.report(path, Kind.FORMAT_CHANGED, samples[0], value, first.fact, says=f"in the text: {says}")
    return True


def _own_pieces(walk: Walk, cut: tuple[str, ...], mine: tuple[str, ...], path: Path) -> bool:
    """Whether a constant text differs in nothing but pieces that each environment makes for itself."""
    if len(cut) != len(mine):
        return False
    key = path[-1] if path else ""
    changed = [(one, other) for one, other in zip(cut, mine, strict=True) if one != other]
    if not all(is_own(one, other, key=key, started=walk.started, alone=walk.is_alone) for one, other in changed):
        return False
    walk.own.append(walk.inside or path)
    for one, other in changed:
        walk.name([one] * walk.runs, other, path)
    return True


def _misfit(walk: Walk, template: Sequence[Any], samples: Sequence[str], value: str, path: Path) -> bool:
    """A value without the constant pieces; free text where the samples differ in words."""
    words = [part for part in template if isinstance(part, str) and any(map(str.isalnum, part))]
    if not words:
        return False
    if is_of_the_day(walk, samples, value, path):
        return True
    walk.report(
        path, Kind.FORMAT_CHANGED, samples[0], value, f"the same in {walk.of(len(samples))} but for what varies",
        says="what is constant in the text changed",
    )  # fmt: skip
    return True


def _not_so(walk: Walk, samples: Sequence[str], value: str, path: Path, says: str) -> None:
    kind = Kind.VALUE_CHANGED if all(sample == samples[0] for sample in samples) else Kind.FORMAT_CHANGED
    walk.report(path, kind, samples[0], value, f"{says} in {walk.of(len(samples))}")


def is_of_the_day(walk: Walk, samples: Sequence[str], value: str, path: Path) -> bool:
    """Compare texts that hold the day of their run without it; false where they do not."""
    if not walk.start or len(walk.starts) != len(samples) or not all(walk.starts):
        return False
    bare = [without_day(sample, start) for sample, start in zip(samples, walk.starts, strict=True)]
    mine = without_day(value, walk.start)
    if mine == value or any(one == sample for one, sample in zip(bare, samples, strict=True)):
        return False
    walk.compare(bare, mine, path)
    return True
