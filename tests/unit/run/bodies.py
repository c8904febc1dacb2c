"""Bodies without pytest, for tests of what runs them ahead."""

from __future__ import annotations

import contextvars
import threading
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.clients.tape import Recorder, Tape
from pytest_gaia_parity.run.ahead.body import Body
from pytest_gaia_parity.run.ahead.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_gaia_parity.run.ahead.threads import Threads


class Item:
    """As much of a test as a body needs."""

    class _fixtureinfo:  # noqa: N801 - pytest's name
        argnames = ("tape",)


def body(function: Callable[[Tape], Any], *, file: str = "test_a.py", **more: Any) -> Body:
    tape = Tape()
    given: Any = {"item": Item(), "own": (), **more}

    def original(tape: Tape) -> Any:  # called by the name of its argument
        return function(tape)

    return Body(original=original, tape=tape, file=file, values={"tape": tape}, **given)


def run(threads: Threads, *bodies: Body, jobs: int = 8, **settings: Any) -> list[Body]:
    current: contextvars.ContextVar[Body | None] = contextvars.ContextVar("body", default=None)
    return Window(bodies, threads=threads, recorder=Recorder(), current=current, jobs=jobs, **settings).run()


class Count:
    """How many are within it at once: the most there were, and how many have left it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = self.most = self.ended = 0

    def __enter__(self) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._now -= 1
            self.ended += 1
