"""How far each side is, in the title of the terminal: pytest's own line of progress knows of no sides."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from pytest_gaia_parity.run.sides import split_node_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_gaia_parity.run.sides import Side

#: seconds between two titles
PAUSE = 0.25


class Terminal(Protocol):
    """What is written to."""

    def write(self, text: str, /) -> object:
        """Write."""
        ...

    def flush(self) -> object:
        """Make it seen."""
        ...


class Progress:
    """Counts the tests that ended on each side; also what workers of pytest-xdist report."""

    def __init__(self, sides: Sequence[Side], out: Terminal, clock: Callable[[], float] = time.monotonic) -> None:
        self._sides = sides
        self._out = out
        self._clock = clock
        self._done: Counter[str] = Counter()
        self._next = 0.0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count, and now and then tell."""
        _, side = split_node_id(report.nodeid, self._sides)
        if side is None or report.when != "teardown":
            return
        self._done[side.id] += 1
        if self._clock() >= self._next:
            self._next = self._clock() + PAUSE
            self._title(self.text())

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Leave no old title behind."""
        self._title("")

    def text(self) -> str:
        """`parity: local 40 · dev 12 · local#2 0`."""
        return "parity: " + " · ".join(f"{side.id} {self._done[side.id]}" for side in self._sides)

    def _title(self, text: str) -> None:
        # a shell that sets titles sets its own at its next prompt
        self._out.write(f"\x1b]2;{text}\x07")
        self._out.flush()


class ProgressStart:
    """Begins to tell when pytest's reporter is there, if it writes to a terminal that has a title."""

    def __init__(self, sides: Sequence[Side], *, term: str) -> None:
        self._sides = sides
        self._term = term

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Look where pytest writes to."""
        plugins = session.config.pluginmanager
        reporter: Any = plugins.get_plugin("terminalreporter")
        out = None if reporter is None else reporter._tw._file  # noqa: SLF001 - pytest names no other way to its output
        if out is not None and out.isatty() and self._term not in {"", "dumb", "linux"}:
            plugins.register(Progress(self._sides, out), "gaia-parity-progress")
