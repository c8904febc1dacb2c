"""Threads that nobody waits for when the run ends: a body may hang in a request when somebody presses Ctrl-C."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Threads:
    """As many threads as there are bodies under way; each is kept, since its connections are.

    `concurrent.futures` joins its threads when the interpreter ends, and so would keep an interrupted run alive.
    """

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0
        #: threads that were made
        self.count = 0

    def run(self, work: Callable[[], None]) -> None:
        """Run *work*, which does not raise, in an idle thread or a new one."""
        with self._lock:
            if self._idle:
                self._idle -= 1
            else:
                self.count += 1
                threading.Thread(target=self._loop, name=f"parity-job-{self.count}", daemon=True).start()
        self._work.put(work)

    def _loop(self) -> None:
        while (work := self._work.get()) is not None:
            work()
            del work
            with self._lock:
                self._idle += 1

    def close(self) -> None:
        """Let idle threads end."""
        for _ in range(self.count):
            self._work.put(None)
