"""Python's cyclic garbage collector, told that a parity run keeps what it makes."""

from __future__ import annotations

import atexit
import gc

import pytest

#: objects made before a collection, and collections of each generation before one of the next; Python's default of 700 suits programs that are small
_THRESHOLDS = (50_000, 20, 100)


class GarbageHooks:
    """Spares the collected tests and pytest's reports from being searched for garbage over and over: a tenth of a long run.

    What is garbage in cycles is still found, only later. When pytest is done everything is as it was, but that the interpreter, when it ends, does not look
    again at all that goes with it, which took 0.3 of 4 seconds of a run of 500 tests.
    """

    def __init__(self) -> None:
        self._thresholds = gc.get_threshold()
        self._is_frozen = False

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        """From here on only what tests make is searched."""
        if gc.get_freeze_count() == 0:
            gc.freeze()
            self._is_frozen = True
        gc.set_threshold(*_THRESHOLDS)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Look once for what is garbage by now: pytest is about to look five times, at every report it keeps."""
        gc.collect()
        if self._is_frozen:
            gc.freeze()

    def thaw(self) -> None:
        """Give back what may be used after pytest; called when pytest has cleaned up."""
        gc.set_threshold(*self._thresholds)
        if self._is_frozen:
            gc.unfreeze()
        atexit.register(gc.freeze)
