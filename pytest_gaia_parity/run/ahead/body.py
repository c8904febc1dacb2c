"""One test's body as it runs ahead: its own fixtures, its function, what they left behind, and how pytest gets to see it."""

from __future__ import annotations

import functools
import inspect
import io
import logging
import sys
import time
import warnings
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from pytest_gaia_parity.clients.tape import Tape


class Abandoned(BaseException):
    """Raised in a body that shall not go on: it runs in its turn, or not at all."""


class Take:
    """What one phase printed, logged and warned."""

    def __init__(self) -> None:
        self._bytes: dict[str, io.BytesIO] = {}
        self._streams: dict[str, io.TextIOWrapper] = {}
        self.logs: list[logging.LogRecord] = []
        self.warnings: list[warnings.WarningMessage] = []

    def stream(self, name: str) -> io.TextIOWrapper:
        """A text stream over bytes, as standard output is one."""
        if name not in self._streams:
            below = self._bytes[name] = io.BytesIO()
            self._streams[name] = io.TextIOWrapper(below, encoding="utf-8", errors="replace", write_through=True)
        return self._streams[name]

    def repeat(self) -> None:
        """Give it all to whoever listens now: the capturing of the test whose turn it is."""
        for name, written in self._bytes.items():
            getattr(sys, name).write(written.getvalue().decode("utf-8", "replace"))
        for record in self.logs:
            for handler in logging.getLogger().handlers:
                if is_pytests(handler) and record.levelno >= handler.level:
                    handler.handle(record)
        for one in self.warnings:
            warnings.showwarning(one.message, one.category, one.filename, one.lineno)


def is_pytests(handler: logging.Handler) -> bool:
    """Whether a handler belongs to pytest's capturing of logs, or to its live log."""
    return type(handler).__module__ == "_pytest.logging"


@dataclass(slots=True)
class Own:
    """A fixture of function scope that runs with the body."""

    name: str
    func: Callable[..., Any]
    argnames: tuple[str, ...]


@dataclass(slots=True)
class Step:
    """What a fixture came to."""

    value: Any = None
    error: BaseException | None = None
    #: what went wrong when it was torn down
    late: BaseException | None = None


def _call(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    return function(**arguments)


@dataclass(slots=True, kw_only=True)
class Body:
    """One test, its arguments, and after `run` all that it came to."""

    item: pytest.Function
    #: the item's function, bound to its own instance where it is a method
    original: Callable[..., Any]
    tape: Tape
    file: str
    #: values of fixtures that are set up already, and of parameters
    values: dict[str, Any]
    own: Sequence[Own]
    #: calls the function with its arguments, by name
    invoke: Callable[[Callable[..., Any], dict[str, Any]], Any] = _call
    #: seconds it may take
    limit: float | None = None
    expected_to_fail: bool = False
    #: it may write before those ahead of it in its file have
    independent: bool = False
    steps: dict[str, Step] = field(default_factory=dict)
    takes: dict[str, Take] = field(default_factory=dict)
    take: Take = field(default_factory=Take)
    result: Any = None
    error: BaseException | None = None
    started: float = 0.0
    stopped: float = 0.0
    clock: float = 0.0
    duration: float = 0.0
    #: it did not run to its end, and runs in its turn
    abandoned: bool = False

    @property
    def failed(self) -> bool:
        """Whether pytest will count it as a failure; skipping is none."""
        errors = [self.error, *(one.error or one.late for one in self.steps.values())]
        return not self.expected_to_fail and any(
            error is not None and not isinstance(error, pytest.skip.Exception) for error in errors
        )

    # in a thread

    def run(self) -> None:
        """Set up, call, tear down; whatever is raised is kept."""
        generators: list[tuple[Step, Generator[Any]]] = []
        try:
            self._phase("setup")
            if self._set_up(generators):
                self._phase("call")
                self._call()
        except Abandoned:
            self.abandoned = True
        finally:
            self._phase("teardown")
            for step, generator in reversed(generators):
                _tear_down(step, generator)

    def _phase(self, name: str) -> None:
        self.take = self.takes[name] = Take()

    def _set_up(self, generators: list[tuple[Step, Generator[Any]]]) -> bool:
        for own in self.own:
            step = self.steps[own.name] = Step()
            arguments = {name: self.values[name] for name in own.argnames}
            try:
                if inspect.isgeneratorfunction(own.func):
                    generator = own.func(**arguments)
                    step.value = next(generator)
                    generators.append((step, generator))
                else:
                    step.value = own.func(**arguments)
            except Abandoned:
                raise
            except BaseException as error:  # noqa: BLE001 - pytest decides what it means, in the test's turn
                step.error = error
                return False
            self.values[own.name] = step.value
        return True

    def _call(self) -> None:
        arguments = {name: self.values[name] for name in self.item._fixtureinfo.argnames}  # noqa: SLF001 - as pytest does
        self.started = time.time()
        self.clock = time.perf_counter()
        try:
            self.result = self.invoke(self.original, arguments)
        except Abandoned:
            raise
        except BaseException as error:  # noqa: BLE001 - likewise
            self.error = error
        finally:
            self.duration = time.perf_counter() - self.clock
            self.stopped = time.time()

    def timed_out(self) -> Body:
        """A copy that failed by its limit, so that what its thread still does changes nothing."""
        takes = {name: self.takes.get(name) or Take() for name in ("setup", "call", "teardown")}
        return replace(
            self,
            steps={own.name: self.steps.get(own.name) or Step() for own in self.own},
            takes=takes,
            result=None,
            error=pytest.fail.Exception(f"Timeout (>{self.limit}s)", pytrace=False),
            started=self.started or time.time(),
            duration=self.limit or 0.0,
        )

    # in the test's turn

    def replay(self) -> Callable[..., Any]:
        """A function that does again what the body did, as far as anybody can see."""

        @functools.wraps(self.original)
        def repeat(**_: Any) -> Any:
            __tracebackhide__ = True
            self.takes["call"].repeat()
            if self.error is not None:
                raise self.error
            return self.result

        return repeat

    def replay_fixture(self, name: str) -> Callable[..., Any]:
        """The same for one of its own fixtures; what all of them printed comes with the one that is set up first and torn down last."""
        step = self.steps[name]
        is_outermost = name == next(iter(self.steps))

        def repeat(**_: Any) -> Any:
            if is_outermost:
                self.takes["setup"].repeat()
            if step.error is not None:
                raise step.error
            yield step.value
            if is_outermost:
                self.takes["teardown"].repeat()
            if step.late is not None:
                raise step.late

        return repeat


def _tear_down(step: Step, generator: Generator[Any]) -> None:
    try:
        next(generator)
    except StopIteration:
        return
    except BaseException as error:  # noqa: BLE001 - pytest tells it in the test's turn
        step.late = error
        return
    step.late = AssertionError("the fixture yields more than once")
