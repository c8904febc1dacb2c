"""Which differences stand when there is more evidence: more runs of either side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_gaia_parity.compare.forms import IDENTIFYING, form_of
from pytest_gaia_parity.model.comparison import Severity
from pytest_gaia_parity.model.path import ANY, parse_path, render_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.model.comparison import Difference, Kind


def fails(one: Difference) -> bool:
    """Whether a difference is more than a note."""
    return one.severity is not Severity.NOTE


def shown_too(found: Sequence[Difference], fewer: Sequence[Difference]) -> list[Difference]:
    """The differences that fewer runs of the baseline show at their place too; notes stay."""
    places = [_where(one) for one in fewer if fails(one)]
    return [one for one in found if not fails(one) or any(_is_at(_where(one), place) for place in places)]


def standing(first: Sequence[Difference], again: Sequence[Sequence[Difference]]) -> tuple[list[Difference], str]:
    """What stands in most runs of the candidate; and, where nothing does but something came up, what."""
    runs = [{_place(one) for one in run} for run in (first, *again)]
    stand: list[Difference] = []
    passing: list[tuple[Difference, int]] = []
    for one in _distinct([first, *again]):
        count = sum(_place(one) in run for run in runs)
        if not fails(one) or 2 * count > len(runs):
            stand.append(one)
        else:
            passing.append((one, count))
    unstable = ""
    if passing and not any(map(fails, stand)):
        one, count = passing[0]
        where = f"{one.exchange} {one.path}".strip()
        unstable = f"{where} differs in {count} of {len(runs)} runs of the candidate"
    return [*stand, *(one for one, _ in passing)], unstable


def _distinct(runs: Sequence[Sequence[Difference]]) -> list[Difference]:
    """All differences of the first run that has something at a place."""
    found: list[Difference] = []
    seen: set[object] = set()
    for run in runs:
        new = [one for one in run if _place(one) not in seen]
        found += new
        seen |= set(map(_place, new))
    return found


def _place(one: Difference) -> tuple[str, str, Kind]:
    return *_where(one), one.kind


def _where(one: Difference) -> tuple[str, str]:
    """The method and the place; where an element stands, or what a key is that is an id, differs from run to run."""
    method = one.exchange.partition(" ")[0]
    if not any(map(str.isdigit, one.path)):
        return method, one.path
    return method, render_path(tuple(ANY if _is_of_the_run(part) else part for part in parse_path(one.path)))


def _is_of_the_run(part: object) -> bool:
    return isinstance(part, int) or (isinstance(part, str) and form_of(part).kind in IDENTIFYING)


def _is_at(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two differences are told of one place, or of a place and what it lies in."""
    return one[0] == other[0] and (one[1].startswith(other[1]) or other[1].startswith(one[1]))
