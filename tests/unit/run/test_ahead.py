"""The parts of running ahead that pytest is not needed for: threads, turns, what a body leaves behind."""

from __future__ import annotations

import contextvars
import io
import logging
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gaia_parity.clients.tape import Recorder, Tape
from pytest_gaia_parity.run.ahead.body import Abandoned, Body, Own
from pytest_gaia_parity.run.ahead.scene import sorted_by_body
from pytest_gaia_parity.run.ahead.threads import Threads
from pytest_gaia_parity.run.ahead.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads()
    yield made
    made.close()


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


def test_bodies_run_at_once_but_no_more_than_jobs(threads: Threads) -> None:
    running, most, lock, both = 0, 0, threading.Lock(), threading.Barrier(2)

    def work(_: Tape) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait(10)
        with lock:
            running -= 1

    assert len(run(threads, *(body(work) for _ in range(10)), jobs=2)) == 10
    assert most == 2


def test_a_thread_is_used_again(threads: Threads) -> None:
    names: list[str] = []
    for _ in range(3):
        run(threads, body(lambda _: names.append(threading.current_thread().name)))
    assert len(set(names)) == 1


def test_what_is_raised_is_kept_and_nothing_else_is_lost(threads: Threads) -> None:
    def fails(_: Tape) -> None:
        raise KeyError("gone")

    failed, passed = run(threads, body(fails), body(lambda _: 7))
    assert isinstance(failed.error, KeyError)
    assert failed.failed
    assert (passed.result, passed.error, passed.failed) == (7, None, False)


def test_writes_of_a_file_keep_their_order(threads: Threads) -> None:
    written: list[tuple[str, int]] = []
    later = threading.Event()

    def write(file: str, number: int) -> Callable[[Tape], None]:
        def work(tape: Tape) -> None:
            if number == 0:
                assert later.wait(10)  # the first of each file comes last to its request
            tape.before_write()
            written.append((file, number))
            if number == 3:
                later.set()

        return work

    bodies = [body(write(file, number), file=file) for number in range(4) for file in ("a", "b")]
    free = body(lambda _: later.set())  # ends what the first ones wait for
    run(threads, *bodies, free, jobs=3)
    for file in ("a", "b"):
        assert [number for one, number in written if one == file] == [0, 1, 2, 3]


def test_waiting_for_a_turn_takes_no_place(threads: Threads) -> None:
    last = threading.Event()

    def waits(tape: Tape) -> None:
        tape.before_write()

    first = body(lambda _: last.wait(10))
    bodies = [first, *(body(waits) for _ in range(20)), body(lambda _: last.set(), file="other")]
    assert len(run(threads, *bodies, jobs=2)) == 22


def test_in_one_lane_files_wait_for_each_other(threads: Threads) -> None:
    written: list[int] = []

    def write(number: int) -> Callable[[Tape], None]:
        def work(tape: Tape) -> None:
            tape.before_write()
            written.append(number)

        return work

    run(threads, *(body(write(number), file=str(number)) for number in range(30)), one_lane=True)
    assert written == list(range(30))


def test_after_so_many_failures_nothing_more_is_begun_or_written(threads: Threads) -> None:
    written: list[int] = []
    failed = threading.Event()

    def fails(_: Tape) -> None:
        failed.set()
        raise AssertionError

    def writes(tape: Tape) -> None:
        failed.wait(10)
        tape.before_write()
        written.append(1)

    ended = run(
        threads, body(fails), body(writes), *(body(writes) for _ in range(5)), jobs=2, failures=1, one_lane=True
    )
    assert [one.failed for one in ended] == [True]
    assert not written


def test_a_skipped_or_expected_failure_is_none(threads: Threads) -> None:
    def skips(_: Tape) -> None:
        pytest.skip("not here")

    def fails(_: Tape) -> None:
        raise AssertionError

    skipped, expected = run(threads, body(skips), body(fails, expected_to_fail=True))
    assert not skipped.failed
    assert not expected.failed


def test_a_body_past_its_limit_fails_and_may_write_no_more(threads: Threads) -> None:
    release, came = threading.Event(), threading.Event()
    outcome: list[str] = []

    def hangs(tape: Tape) -> None:
        release.wait(20)
        try:
            tape.before_write()
        except Abandoned:
            outcome.append("abandoned")
            raise
        finally:
            came.set()

    slow, other = run(threads, body(hangs, limit=0.05), body(lambda _: "fine"))
    assert "Timeout (>0.05s)" in str(slow.error)
    assert other.result == "fine"
    release.set()
    assert came.wait(10)
    assert outcome == ["abandoned"]


def test_a_body_past_its_limit_counts_as_a_failure(threads: Threads) -> None:
    release = threading.Event()
    begun: list[int] = []

    def hangs(_: Tape) -> None:
        release.wait(20)

    ended = run(
        threads, body(hangs, limit=0.05), *(body(lambda _: begun.append(1)) for _ in range(3)), jobs=1, failures=1
    )
    release.set()
    assert [one.failed for one in ended] == [True]
    assert not begun


def test_a_body_that_hangs_in_its_turn_leaves_its_slot_to_others(threads: Threads) -> None:
    """Slots are given away by whoever waits, and by whoever is waited for no more; their number stays the same."""
    release = threading.Event()
    running, most, lock = 0, 0, threading.Lock()

    def hangs(tape: Tape) -> None:
        tape.before_write()
        release.wait(20)

    def works(tape: Tape) -> None:
        nonlocal running, most
        tape.before_write()
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.001)
        with lock:
            running -= 1

    bodies = [body(hangs, limit=0.05), *(body(works, file=str(number % 5)) for number in range(30)), body(works)]
    ended = run(threads, *bodies, jobs=2)
    release.set()
    assert len(ended) == 32
    assert [one.failed for one in ended] == [True, *[False] * 31]
    assert most <= 2


def test_slots_are_as_many_as_jobs_whoever_comes_back_to_one(threads: Threads) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def count(change: int) -> None:
        nonlocal running, most
        with lock:
            running += change
            most = max(most, running)

    def works(tape: Tape) -> None:
        for step in range(2):
            count(1)
            threading.Event().wait(0.002)
            count(-1)
            if not step:
                tape.before_write()

    assert len(run(threads, *(body(works, file=str(number % 3)) for number in range(60)), jobs=4)) == 60
    assert most <= 4


def test_who_expires_while_it_waits_leaves_no_slot_behind(threads: Threads) -> None:
    release = threading.Event()
    running, most, ended, lock = 0, 0, 0, threading.Lock()

    def first(_: Tape) -> None:
        release.wait(20)

    def waits(tape: Tape) -> None:
        tape.before_write()

    def works(_: Tape) -> None:
        nonlocal running, most, ended
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.01)
        with lock:
            running -= 1
            ended += 1
            if ended == 30:
                release.set()

    bodies = [body(first), body(waits, limit=0.05), *(body(works, file="other") for _ in range(30))]
    assert len(run(threads, *bodies, jobs=2)) == 32
    assert most == 1  # beside the first


def test_own_fixtures_are_set_up_and_torn_down_with_the_body(threads: Threads) -> None:
    said: list[str] = []

    def outer() -> Iterator[str]:
        said.append("outer up")
        yield "outer"
        said.append("outer down")

    def inner(outer: str) -> Iterator[str]:
        said.append(f"inner on {outer}")
        yield "inner"
        raise OSError("on the way down")

    ended = run(
        threads, body(lambda _: said.append("call"), own=(Own("outer", outer, ()), Own("inner", inner, ("outer",))))
    )
    assert said == ["outer up", "inner on outer", "call", "outer down"]
    assert isinstance(ended[0].steps["inner"].late, OSError)


def test_a_fixture_that_fails_keeps_the_function_from_being_called(threads: Threads) -> None:
    def broken() -> None:
        raise OSError("no such thing")

    (ended,) = run(threads, body(lambda _: pytest.fail("called"), own=(Own("broken", broken, ()),)))
    assert isinstance(ended.steps["broken"].error, OSError)
    assert ended.error is None
    assert ended.failed


def test_output_logs_and_warnings_are_sorted_by_body_and_said_again_in_its_turn(
    threads: Threads, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    together = threading.Barrier(4)

    def talks(name: str) -> Callable[[Tape], None]:
        def work(_: Tape) -> None:
            together.wait(10)
            sys.stdout.write(f"out {name}\n")
            sys.stderr.write(f"err {name}\n")
            sys.stdout.buffer.write(f"raw {name}".encode())
            logging.getLogger("app").warning("log %s", name)
            warnings.warn(f"warned {name}", stacklevel=1)

        return work

    current: contextvars.ContextVar[Body | None] = contextvars.ContextVar("body", default=None)
    bodies = [body(talks(name)) for name in "abcd"]
    with sorted_by_body(request.node, current):
        Window(bodies, threads=threads, recorder=Recorder(), current=current, jobs=4).run()
        sys.stdout.write("from outside\n")
    assert capsys.readouterr().out == "from outside\n", "nothing of the bodies before their turn"
    for name, one in zip("abcd", bodies, strict=True):
        records: list[logging.LogRecord] = one.takes["call"].logs
        assert [record.getMessage() for record in records] == [f"log {name}"]
        assert isinstance(one.error, UserWarning), "this project's filters make an error of it, in the body"
        one.takes["call"].repeat()
        said = capsys.readouterr()
        assert said.out == f"out {name}\nraw {name}"
        assert said.err == f"err {name}\n"


def test_the_scene_is_left_as_it_was_found(request: pytest.FixtureRequest) -> None:
    current: contextvars.ContextVar[Body | None] = contextvars.ContextVar("body", default=None)
    root = logging.getLogger()
    before = (sys.stdout, sys.stderr, list(root.handlers), root.level, list(warnings.filters), warnings.showwarning)
    filters = [list(handler.filters) for handler in root.handlers]
    with sorted_by_body(request.node, current):
        assert not isinstance(sys.stdout, io.IOBase)
    assert before == (
        sys.stdout,
        sys.stderr,
        list(root.handlers),
        root.level,
        list(warnings.filters),
        warnings.showwarning,
    )
    assert filters == [list(handler.filters) for handler in root.handlers]


def test_ctrl_c_ends_the_waiting_and_lets_nobody_write(threads: Threads) -> None:
    release, came = threading.Event(), threading.Event()
    outcome: list[str] = []

    def hangs(tape: Tape) -> None:
        release.wait(20)
        try:
            tape.before_write()
        except Abandoned:
            outcome.append("abandoned")
            raise
        finally:
            came.set()

    class Interrupting(Threads):
        def run(self, work: Callable[[], None]) -> None:
            if threads.count:
                raise KeyboardInterrupt
            threads.run(work)

    with pytest.raises(KeyboardInterrupt):
        run(Interrupting(), body(hangs), body(hangs))
    release.set()
    assert came.wait(10)
    assert outcome == ["abandoned"]
