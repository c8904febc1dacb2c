"""The title of the terminal: how far each side is."""

from __future__ import annotations

import io

import pytest

from pytest_gaia_parity.run.progress import PAUSE, Progress
from pytest_gaia_parity.run.sides import Side


def ended(node_id: str, when: str = "teardown") -> pytest.TestReport:
    return pytest.TestReport(node_id, ("t.py", None, "t"), {}, "passed", None, when)  # type: ignore[arg-type]


def test_each_side_is_counted_and_the_title_is_changed_now_and_then() -> None:
    out, now = io.StringIO(), [0.0]
    sides = (Side(target="local"), Side(target="dev", is_baseline=False))
    progress = Progress(sides, out, clock=lambda: now[0])
    progress.pytest_runtest_logreport(ended("t.py::test_a[local]", "call"))
    progress.pytest_runtest_logreport(ended("t.py::test_a[local]"))
    progress.pytest_runtest_logreport(ended("t.py::test_b[local]"))
    now[0] = PAUSE
    progress.pytest_runtest_logreport(ended("t.py::test_a[dev]"))
    progress.pytest_runtest_logreport(ended("t.py::test_plain"))
    progress.pytest_sessionfinish()
    assert out.getvalue().split("\x07") == [
        "\x1b]2;parity: local 1 · dev 0",
        "\x1b]2;parity: local 2 · dev 1",
        "\x1b]2;",
        "",
    ]
