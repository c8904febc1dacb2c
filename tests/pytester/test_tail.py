"""The end of a run: what pytest prints of failures stays as it is, and nothing is lost for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers import Project

TESTS = """
import pytest

@pytest.fixture
def talkative():
    yield
    print("said while tearing down")

def test_quiet(target, parity):
    parity.observe("side", "same")

def test_failing(target, talkative):
    assert False
"""


def test_what_teardowns_wrote_and_durations_are_still_shown(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_a=TESTS)
    result = made.run("--parity=dev", "--parity-confirm=0", "--durations=0", "-vv")
    result.stdout.fnmatch_lines(
        ["*Captured stdout teardown*", "said while tearing down", "*slowest durations*", "*teardown*test_quiet*"]
    )
