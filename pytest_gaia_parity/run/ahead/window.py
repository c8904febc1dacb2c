"""Runs bodies, so many at once: their turns to write, their time limits, and the end."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Protocol

from pytest_gaia_parity.run.ahead.body import Abandoned

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Callable, Sequence

    from pytest_gaia_parity.clients.tape import Recorder
    from pytest_gaia_parity.run.ahead.body import Body
    from pytest_gaia_parity.run.ahead.threads import Threads


class _Lane:
    """Bodies that write in order: those of one file."""

    def __init__(self) -> None:
        self.places: list[_Place] = []
        self._done = 0

    def ended(self) -> None:
        """Give the turn to the first that has not ended."""
        while self._done < len(self.places) and self.places[self._done].done.is_set():
            self._done += 1
        if self._done < len(self.places):
            self.places[self._done].turn.set()


class _Place:
    """A body's place in the window."""

    def __init__(self, body: Body, lane: _Lane) -> None:
        self.body = body
        self.lane = lane
        #: all before it in its lane have ended
        self.turn = threading.Event()
        self.done = threading.Event()
        self.deadline: float | None = None
        self.is_dropped = False
        lane.places.append(self)


class _Waiter(Protocol):
    """Waits for something, and says whether it came."""

    def __call__(self, *, timeout: float | None) -> bool: ...


class Window:
    """The bodies that run between two turns of pytest's loop.

    :param one_lane: whoever writes waits for all before it, not only for those of its file.
    :param failures: so many failures end the window, 0 for no limit.
    """

    def __init__(
        self,
        bodies: Sequence[Body],
        *,
        jobs: int,
        one_lane: bool = False,
        failures: int = 0,
    ) -> None:
        self._permits = threading.Semaphore(jobs)
        self._lock = threading.Lock()
        lanes: dict[str, _Lane] = defaultdict(_Lane)
        self._places = [_Place(body, lanes["" if one_lane else body.file]) for body in bodies]
        for lane in lanes.values():
            lane.ended()
        self._left = failures or None

    def run(self, threads: Threads, recorder: Recorder, current: contextvars.ContextVar[Body | None]) -> list[Body]:
        """Run them all, and return those that ran to their end; Ctrl-C ends the waiting at once."""
        started: list[_Place] = []
        try:
            for place in self._places:
                self._wait(self._permits.acquire, started)
                if self._left is not None and self._left <= 0:
                    break
                started.append(place)
                limit = place.body.limit
                place.deadline = None if limit is None else time.monotonic() + limit
                threads.run(self._work(place, recorder, current))
            for place in started:
                self._wait(place.done.wait, started)
        except BaseException:
            for place in started:
                place.is_dropped = True
                place.turn.set()
            raise
        return [place.body for place in started if not place.body.abandoned]

    def _wait(self, ready: _Waiter, started: Sequence[_Place]) -> None:
        while True:
            deadlines = [place.deadline for place in started if place.deadline and not place.done.is_set()]
            if ready(timeout=max(0.0, min(deadlines) - time.monotonic()) if deadlines else None):
                return
            now = time.monotonic()
            for place in started:
                if place.deadline and place.deadline <= now and not place.done.is_set():
                    self._expire(place)

    def _expire(self, place: _Place) -> None:
        """Give a body the result that pytest-timeout would; its thread goes on, and nobody listens."""
        if self._end(place):
            place.is_dropped = True
            place.body = place.body.timed_out()

    def _work(
        self, place: _Place, recorder: Recorder, current: contextvars.ContextVar[Body | None]
    ) -> Callable[[], None]:
        def work() -> None:
            body = place.body
            current.set(body)
            if not body.independent:
                body.tape.before_write = lambda: self._turn(place)
            recorder.use_here(body.tape)
            try:
                body.run()
            finally:
                recorder.use_here(None)
                current.set(None)
                self._end(place)

        return work

    def _turn(self, place: _Place) -> None:
        """Called before a body's request that may write: wait until all before it have ended; others may run meanwhile."""
        if not place.turn.is_set():
            self._permits.release()
            place.turn.wait()
            self._permits.acquire()
        if place.is_dropped or (self._left is not None and self._left <= 0):
            raise Abandoned

    def _end(self, place: _Place) -> bool:
        """Let others run in its place; False where it has ended already."""
        with self._lock:
            if place.done.is_set():
                return False
            place.done.set()
            if self._left is not None and place.body.failed:
                self._left -= 1
            place.lane.ended()
        self._permits.release()
        return True
