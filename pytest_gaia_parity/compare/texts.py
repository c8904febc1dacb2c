"""Texts without a structure: constant, of one form, or with a prefix."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_gaia_parity.compare import parts
from pytest_gaia_parity.compare.facts import is_own, learn_chunk
from pytest_gaia_parity.compare.forms import IDENTIFYING, TIMES, form_of
from pytest_gaia_parity.compare.own import is_cursor
from pytest_gaia_parity.compare.values import Loose, Opaque
from pytest_gaia_parity.model.comparison import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.compare.walk import Walk
    from pytest_gaia_parity.model.path import Path


#: forms of texts that may hold other forms within
_LOOSE_TEXT = frozenset({"text", "word", "empty text"})
_PREFIX = re.compile(r"[A-Za-z]{1,12}[A-Za-z0-9]{0,4}[_:-](?=[A-Za-z0-9])")


def compare(walk: Walk, samples: Sequence[str], value: str, path: Path, *, varies: bool) -> None:
    """Hold a text to what the samples have in common.

    :param varies: other samples are no texts.
    """
    if isinstance(value, Opaque):
        walk.name(samples, value, path, is_opaque=True)
        return
    holds_still = not varies and all(sample == samples[0] for sample in samples) and not walk.is_free(samples)
    if isinstance(value, Loose):
        holds_still = False
    if parts.are_apart(walk, samples, value, path):
        return
    if not holds_still and value != value.strip() and all(sample == sample.strip() for sample in samples):
        fact = f"text without spaces around it in {walk.of(len(samples))}"
        walk.report(path, Kind.FORMAT_CHANGED, samples[0], value, fact, says="it has spaces around it")
        return
    is_whole = all(form_of(sample).kind not in _LOOSE_TEXT for sample in samples)
    if is_whole and not holds_still and _is_prefixed(walk, samples, value, path):
        return
    # a place that now and then holds no text is held to the form of its texts, not to their words
    if is_whole or varies or not parts.are_in_pieces(walk, samples, value, path, holds_still):
        _chunk(walk, samples, value, path, holds_still=holds_still)


def _is_prefixed(walk: Walk, samples: Sequence[str], value: str, path: Path) -> bool:
    """Compare ids with a prefix, `usr_…`: the prefix is constant, the rest is what varies."""
    prefixes = {sample[: len(match[0])] if (match := _PREFIX.match(sample)) else "" for sample in samples}
    prefix = prefixes.pop()
    if prefixes or not prefix:
        return False
    walk.name(samples, value, path)
    if not value.startswith(prefix):
        walk.report(path, Kind.FORMAT_CHANGED, samples[0], value, f"'{prefix}…' in {walk.of(len(samples))}")
    else:
        rest = [sample.removeprefix(prefix) for sample in samples]
        problem = learn_chunk(rest, value.removeprefix(prefix))
        if problem.problem:
            fact = f"'{prefix}' and {problem.says} in {walk.of(len(samples))}"
            walk.report(path, Kind.FORMAT_CHANGED, samples[0], value, fact, says=problem.problem)
    return True


def _chunk(walk: Walk, samples: Sequence[str], value: str, path: Path, *, holds_still: bool) -> None:
    first = samples[0]
    key = path[-1] if path else ""
    form = form_of(first)
    if (
        any(form_of(sample).kind in IDENTIFYING for sample in samples)
        or form.kind == "digits"
        or form.kind in TIMES
        or is_cursor(first, value, key)
    ):
        walk.name(samples, value, path)
    if holds_still and (
        is_own(first, value, key=key, started=walk.started, alone=walk.is_alone) or is_cursor(first, value, key)
    ):
        walk.own.append(walk.inside or path)
        return
    if holds_still and (parts.is_of_the_day(walk, samples, value, path) or walk.holds_back(first, value, path)):
        return
    if holds_still:
        kind = Kind.VALUE_CHANGED
        if form.kind not in {"text", "word"} and form_of(value).kind != form.kind:
            kind = Kind.FORMAT_CHANGED if form.kind in IDENTIFYING | TIMES else Kind.VALUE_CHANGED
        walk.report(path, kind, first, value, walk.constant(samples))
        return
    if value in samples:
        return
    fact = learn_chunk(samples, value)
    problem = fact.problem or (walk.distance(samples, value) if form.kind in TIMES else "")
    if problem:
        walk.report(path, Kind.FORMAT_CHANGED, first, value, f"{fact.says} in {walk.of(len(samples))}", says=problem)
