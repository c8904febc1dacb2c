"""Arrays of decimals of which most vary."""

from __future__ import annotations

from tests.builders import compare_bodies, kinds

VECTOR = [0.123456789, -0.75, 0.333333333, 0.5, -0.987654321, 0.25]


def moved(by: float) -> list[float]:
    return [number + by * (index % 3 - 1) for index, number in enumerate(VECTOR)]


def test_rounding_of_another_machine_is_nothing() -> None:
    assert kinds(compare_bodies(VECTOR, moved(1e-8), moved(3e-8))) == []


def test_a_number_of_a_vector_that_varies_by_rounding_alone_is_compared() -> None:
    changed = [*VECTOR[:3], 0.6, *VECTOR[4:]]
    assert kinds(compare_bodies(VECTOR, moved(1e-8), changed)) == [("body[3]", "value-changed")]


def test_measurements_may_be_any_numbers() -> None:
    assert kinds(compare_bodies(VECTOR, [0.2, -0.75, 0.4, 0.1, 0.7, 0.3], [0.9, 0.8, 0.7, 0.6, 0.5, 0.4])) == []


def test_a_vector_keeps_its_length() -> None:
    assert kinds(compare_bodies(VECTOR, moved(1e-8), moved(2e-8)[:-1])) != []
