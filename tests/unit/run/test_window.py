"""The window in which bodies run: how many at once, whose turn it is to write, time limits, the end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.run.ahead.body import Abandoned
from pytest_gaia_parity.run.ahead.threads import Threads
from tests.unit.run.bodies import Count, body, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_gaia_parity.clients.tape import Tape


def test_bodies_run_at_once_but_no_more_than_jobs(threads: Threads) -> None:
    count, both = Count(), threading.Barrier(2)

    def work(_: Tape) -> None:
        with count:
            both.wait(10)

    assert len(run(threads, *(body(work) for _ in range(10)), jobs=2)) == 10
    assert count.most == 2


def test_a_thread_is_used_again(threads: Threads) -> None:
    names: list[str] = []
    for _ in range(3):
        run(threads, body(lambda _: names.append(threading.current_thread().name)))
    assert len(set(names)) == 1


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
    release, count = threading.Event(), Count()

    def hangs(tape: Tape) -> None:
        tape.before_write()
        release.wait(20)

    def works(tape: Tape) -> None:
        tape.before_write()
        with count:
            threading.Event().wait(0.001)

    bodies = [body(hangs, limit=0.05), *(body(works, file=str(number % 5)) for number in range(30)), body(works)]
    ended = run(threads, *bodies, jobs=2)
    release.set()
    assert len(ended) == 32
    assert [one.failed for one in ended] == [True, *[False] * 31]
    assert count.most <= 2


def test_slots_are_as_many_as_jobs_whoever_comes_back_to_one(threads: Threads) -> None:
    count = Count()

    def works(tape: Tape) -> None:
        with count:
            threading.Event().wait(0.002)
        tape.before_write()
        with count:
            threading.Event().wait(0.002)

    assert len(run(threads, *(body(works, file=str(number % 3)) for number in range(60)), jobs=4)) == 60
    assert count.most <= 4


def test_who_expires_while_it_waits_leaves_no_slot_behind(threads: Threads) -> None:
    release, count = threading.Event(), Count()

    def first(_: Tape) -> None:
        release.wait(20)

    def waits(tape: Tape) -> None:
        tape.before_write()

    def works(_: Tape) -> None:
        with count:
            threading.Event().wait(0.01)
        if count.ended == 30:
            release.set()

    bodies = [body(first), body(waits, limit=0.05), *(body(works, file="other") for _ in range(30))]
    assert len(run(threads, *bodies, jobs=2)) == 32
    assert count.most == 1  # beside the first


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
