"""What a varying scalar is held to."""

from __future__ import annotations

import pytest

from pytest_gaia_parity.compare.facts import learn_chunk, learn_number


@pytest.mark.parametrize(
    ("samples", "value", "problem"),
    [
        pytest.param(("Stone and river.", "Wind over moss and light."), "Moss on the", "its end is missing", id="cut off"),
        pytest.param(("Stone and river.", "Wind over moss and light."), "Moss on the hill!", "", id="another mark"),
        pytest.param(("Stone and river.", "Wind over moss"), "Moss on the", "", id="no mark was always there"),
        pytest.param(("1045175023", "9451992a2c"), "a82cdd0bad", "", id="hex that looks like a moment once"),
        pytest.param(("1045175023", "9999999999"), "1234567890", "", id="digits that look like a moment once"),
        pytest.param(("12ms", "9.5ms"), "7 s", "it has another unit", id="another unit"),
        pytest.param(("0a1b2c3d4e5f", "ff00aa11bb22"), "0a1b2c3d4e5g", "it is not hexadecimal", id="no hex"),
        pytest.param(("0a1b2c3d4e5f", "ff00aa11bb22"), "0a1b2c3d", "it has 8 characters", id="cut hex"),
    ],
)  # fmt: skip
def test_a_varying_text_keeps_its_form(samples: tuple[str, ...], value: str, problem: str) -> None:
    assert learn_chunk(samples, value).problem == problem


@pytest.mark.parametrize(
    ("samples", "value", "problem"),
    [
        pytest.param((1.5, 2.25), 3.125, "", id="one decimal more may have been a zero"),
        pytest.param((1.5, 2.25), 3.1257, "it has 4: it was not rounded", id="not rounded"),
        pytest.param((1, 2), 1.5, "it is no whole number", id="decimal"),
        pytest.param((1714557600, 1714557700), 1714557600123, "it is no time of that unit", id="milliseconds"),
    ],
)
def test_a_varying_number_keeps_its_form(samples: tuple[float, ...], value: float, problem: str) -> None:
    assert learn_number(samples, value).problem == problem
    assert learn_number(samples * 3, value).problem == problem
