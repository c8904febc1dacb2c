from __future__ import annotations

import gc
import subprocess
import sys

from pytest_gaia_parity.run.garbage import GarbageHooks


def test_the_collector_is_as_it_was_when_pytest_is_done() -> None:
    thresholds, frozen = gc.get_threshold(), gc.get_freeze_count()
    hooks = GarbageHooks()
    hooks.pytest_collection_finish()
    try:
        assert gc.get_threshold() != thresholds
        assert gc.get_freeze_count() > 0
    finally:
        hooks.thaw()
    assert gc.get_threshold() == thresholds
    assert gc.get_freeze_count() == frozen


def test_the_interpreter_ends_without_searching_what_is_left() -> None:
    # what is registered first is called last
    script = """
import atexit, gc
atexit.register(lambda: print("set aside:", gc.get_freeze_count() > 0))
from pytest_gaia_parity.run.garbage import GarbageHooks
hooks = GarbageHooks()
hooks.pytest_collection_finish()
hooks.thaw()
print("thawed:", gc.get_freeze_count() == 0)
"""
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)  # noqa: S603 - our own interpreter
    assert done.stdout.split("\n")[:2] == ["thawed: True", "set aside: True"]
