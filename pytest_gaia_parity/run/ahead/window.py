"""Runs bodies, so many at once: their turns to write, their time limits, and the end."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from functools import partial
from typing import TYPE_CHECKING

from pytest_gaia_parity.run.ahead.body import Abandoned

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Sequence

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
        while self._done < len(self.places) and self.places[self._done].is_done:
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
        #: it is one of the jobs that run now, and does not wait for its turn
        self.has_slot = False
        self.is_done = False
        self.is_dropped = False
        self.deadline: float | None = None
        lane.places.append(self)


class Window:
    """The bodies that run between two turns of pytest's loop.

    There are as many slots as jobs. A thread that has one takes body after body; waking another thread for each would cost both their turns.

    :param one_lane: whoever writes waits for all before it, not only for those of its file.
    :param failures: so many failures end the window, 0 for no limit.
    """

    def __init__(  # noqa: PLR0913 - what a window has, by keyword
        self,
        bodies: Sequence[Body],
        *,
        threads: Threads,
        recorder: Recorder,
        current: contextvars.ContextVar[Body | None],
        jobs: int,
        one_lane: bool = False,
        failures: int = 0,
    ) -> None:
        self._threads = threads
        self._recorder = recorder
        self._current = current
        lanes: dict[str, _Lane] = defaultdict(_Lane)
        self._places = [_Place(body, lanes["" if one_lane else body.file]) for body in bodies]
        for lane in lanes.values():
            lane.ended()
        self._shortest = min((body.limit for body in bodies if body.limit), default=None)
        self._failures_left = failures or None
        #: guards all that follows, and the state of places
        self._lock = threading.Lock()
        self._free = jobs
        #: places that were begun; of those, how many have not ended
        self._begun = 0
        self._open = 0
        #: bodies whose turn to write has come while others had all slots
        self._back: deque[threading.Event] = deque()
        self._ended = threading.Event()

    def run(self) -> list[Body]:
        """Run them all, and return those that ran to their end; Ctrl-C ends the waiting at once."""
        try:
            for _ in range(min(self._free, len(self._places))):
                with self._lock:
                    self._free -= 1
                self._pass_on()
            self._wait()
        except BaseException:
            with self._lock:
                self._failures_left = 0
            for place in self._places:
                place.is_dropped = True
                place.turn.set()
            raise
        return [place.body for place in self._places[: self._begun] if not place.body.abandoned]

    def _wait(self) -> None:
        if self._shortest is None:
            self._ended.wait()
            return
        while not self._ended.wait(self._seconds_left(self._shortest)):
            now = time.monotonic()
            for place in self._places[: self._begun]:
                if place.deadline is not None and place.deadline <= now and not place.is_done:
                    self._expire(place)

    def _seconds_left(self, shortest: float) -> float:
        """Until the first body that runs, or that is begun meanwhile, may have to be ended."""
        now = time.monotonic()
        with self._lock:
            deadlines = [one.deadline for one in self._places[: self._begun] if one.deadline and not one.is_done]
        return max(0.0, min((now + shortest, *deadlines)) - now)

    def _expire(self, place: _Place) -> None:
        """Give a body the result that pytest-timeout would; its thread goes on, and nobody listens."""
        place.is_dropped = True
        if self._end(place, place.body.timed_out()) and self._take_slot(place):
            self._pass_on()

    # in a thread

    def _work(self, place: _Place | None) -> None:
        """Run a body, and others in its slot, as long as there are any."""
        while place is not None:
            body = place.body
            self._current.set(body)
            if not body.independent:
                body.tape.before_write = partial(self._turn, place)
            self._recorder.use_here(body.tape)
            try:
                body.run()
            finally:
                self._recorder.use_here(None)
                self._current.set(None)
                self._end(place, body)
            place = self._next() if self._take_slot(place) else None

    def _turn(self, place: _Place) -> None:
        """Called before a body's request that may write: wait until all before it have ended; others may run meanwhile."""
        if not place.turn.is_set():
            if self._take_slot(place):
                self._pass_on()
            place.turn.wait()
            self._come_back(place)
        if place.is_dropped or self._is_over:
            raise Abandoned

    # slots

    @property
    def _is_over(self) -> bool:
        return self._failures_left is not None and self._failures_left <= 0

    def _next(self) -> _Place | None:
        """The next body for a slot; None where the slot is somebody else's now, or nobody's."""
        with self._lock:
            if self._back:
                self._back.popleft().set()
                return None
            if self._begun == len(self._places) or self._is_over:
                self._free += 1
                return None
            place = self._places[self._begun]
            self._begun += 1
            self._open += 1
            place.has_slot = True
            limit = place.body.limit
            place.deadline = None if not limit else time.monotonic() + limit
            return place

    def _pass_on(self) -> None:
        """Give a slot to another thread."""
        place = self._next()
        if place is not None:
            self._threads.run(partial(self._work, place))

    def _take_slot(self, place: _Place) -> bool:
        """Take a body's slot from it; False where it has none."""
        with self._lock:
            had, place.has_slot = place.has_slot, False
            return had

    def _come_back(self, place: _Place) -> None:
        """Wait for a slot, unless nobody waits for the body any more."""
        with self._lock:
            if place.is_done or place.is_dropped:
                return
            granted = threading.Event()
            if self._free:
                self._free -= 1
                granted.set()
            else:
                self._back.append(granted)
            place.has_slot = True
        granted.wait()

    def _end(self, place: _Place, body: Body) -> bool:
        """Note what a body came to, once; False where it has ended already."""
        with self._lock:
            if place.is_done:
                return False
            place.is_done = True
            place.body = body
            if self._failures_left is not None and body.failed:
                self._failures_left -= 1
            place.lane.ended()
            self._open -= 1
            if not self._open and (self._begun == len(self._places) or self._is_over):
                self._ended.set()
            return True
