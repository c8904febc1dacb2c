from __future__ import annotations

import gc

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
