"""The parts of running ahead that pytest is not needed for: what a body leaves behind, and to whom it goes."""

from __future__ import annotations

import contextvars
import io
import logging
import sys
import threading
import warnings
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.clients.tape import Recorder, Tape
from pytest_gaia_parity.run.ahead.body import Body, Own
from pytest_gaia_parity.run.ahead.scene import sorted_by_body
from pytest_gaia_parity.run.ahead.window import Window
from tests.unit.run.bodies import body, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_gaia_parity.run.ahead.threads import Threads


def test_what_is_raised_is_kept_and_nothing_else_is_lost(threads: Threads) -> None:
    def fails(_: Tape) -> None:
        raise KeyError("gone")

    failed, passed = run(threads, body(fails), body(lambda _: 7))
    assert isinstance(failed.error, KeyError)
    assert failed.failed
    assert (passed.result, passed.error, passed.failed) == (7, None, False)


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
