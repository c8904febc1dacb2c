"""Arrays that are in the order of a key."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.compare.forms import moment_of
from pytest_gaia_parity.model.comparison import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.compare.walk import Walk
    from pytest_gaia_parity.model.path import Path

#: chance below which an order is no accident; of moments less evidence will do, lists of what happened are in their order
_CHANCE, _CHANCE_OF_TIMES = 1 / 300, 1 / 15


def compare(walk: Walk, samples: Sequence[list[Any]], value: list[Any], path: Path) -> None:
    """An order that chance does not explain is kept."""
    keys: list[Any] = [None]
    if all(isinstance(item, dict) for sample in (*samples, value) for item in sample):
        keys = (
            [name for name in samples[0][0] if all(name in item for sample in (*samples, value) for item in sample)]
            if samples[0]
            else []
        )
    for key in keys:
        columns = [[item if key is None else item[key] for item in sample] for sample in (*samples, value)]
        direction = _direction(columns[:-1])
        if direction and not _is_ordered(columns[-1], direction):
            where = "" if key is None else f" by '{key}'"
            fact = f"{'rising' if direction > 0 else 'falling'}{where} in {walk.of(len(samples))}"
            walk.report(path, Kind.ORDER_CHANGED, samples[0], value, fact)
            return


def _direction(columns: list[list[Any]]) -> int:
    chance = 2.0
    for column in columns:
        chance /= math.factorial(min(20, len(set(map(str, column)))))
    is_time = all(moment_of(item) is not None for column in columns for item in column)
    if chance > (_CHANCE_OF_TIMES if is_time else _CHANCE):
        return 0
    return next((way for way in (1, -1) if all(_is_ordered(column, way) for column in columns)), 0)


def _is_ordered(column: list[Any], direction: int) -> bool:
    types = {type(item) for item in column}
    if len(types) > 1 or not types <= {int, float, str}:
        return False
    return all(one <= other if direction > 0 else one >= other for one, other in pairwise(column))
