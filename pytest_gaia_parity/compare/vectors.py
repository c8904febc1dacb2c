"""Vectors: arrays of decimals of which most vary, as embeddings and measurements do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.compare import scalars
from pytest_gaia_parity.model.comparison import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.compare.walk import Walk
    from pytest_gaia_parity.model.path import Path

#: what floating point makes of one vector, and what is another one, as shares of its largest number
_NOISE, _APART = 1e-5, 1e-3


def are_vectors(samples: Sequence[list[Any]], value: list[Any]) -> bool:
    """Whether most numbers vary: those that do not are equal by chance."""
    first = samples[0]
    if len(value) != len(first) or not all(isinstance(item, float) for one in (*samples, value) for item in one):
        return False
    varying = sum(any(sample[number] != item for sample in samples) for number, item in enumerate(first))
    return 2 * varying >= len(first) > 1


def compare(walk: Walk, samples: Sequence[list[float]], value: list[float], path: Path) -> None:
    """Hold a vector to the form of its numbers, and one that varies by rounding alone to its numbers too."""
    first = samples[0]
    largest = max(map(abs, first))
    noise = max(abs(item - sample[number]) for sample in samples for number, item in enumerate(first))
    for number, item in enumerate(value):
        column = [sample[number] for sample in samples]
        if noise <= _NOISE * largest and abs(item - first[number]) > _APART * largest:
            fact = f"the same but for rounding in {walk.of(len(samples))}"
            walk.report((*path, number), Kind.VALUE_CHANGED, first[number], item, fact)
        else:
            scalars.compare(walk, column, item, (*path, number), varies=True)
