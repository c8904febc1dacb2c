"""Keeps the end of a run quick: pytest looks through all reports for each failure, to print what its teardown wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

#: pytest's category of reports that are not counted: set-ups and teardowns that passed
_UNCOUNTED = ""


class QuickTail:
    """Hides the reports that have nothing to print while pytest prints failures; there are tens of thousands of them.

    With ten thousand tests and a thousand mismatches that search took longer than the tests.
    """

    def __init__(self) -> None:
        self._all: list[Any] | None = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> Generator[None, object, object]:
        """Before the failures: hide. Others see all of them again, see `Restore`."""
        stats = terminalreporter.stats
        if _UNCOUNTED in stats:
            self._all = stats[_UNCOUNTED]
            stats[_UNCOUNTED] = [report for report in self._all if getattr(report, "sections", None)]
        try:
            return (yield)
        finally:
            self.restore(terminalreporter)

    def restore(self, terminalreporter: Any) -> None:
        """Give back what was hidden."""
        if self._all is not None:
            terminalreporter.stats[_UNCOUNTED] = self._all
            self._all = None


class Restore:
    """Gives the hidden reports back when the failures are printed and others have their turn: `--durations` counts them."""

    def __init__(self, tail: QuickTail) -> None:
        self._tail = tail

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Behind the failures."""
        self._tail.restore(terminalreporter)
