"""Hooks of the process that runs tests: they open windows, and let the tests repeat in their turn what their bodies did."""

from __future__ import annotations

import contextvars
import os
from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gaia_parity.run import wire
from pytest_gaia_parity.run.ahead.eligible import Eligibility, NotAheadError, NotYetError
from pytest_gaia_parity.run.ahead.scene import sorted_by_body
from pytest_gaia_parity.run.ahead.threads import Threads
from pytest_gaia_parity.run.ahead.window import Window
from pytest_gaia_parity.run.confirm import CONFIRMING_KEY
from pytest_gaia_parity.run.record import READY_KEY, side_of
from pytest_gaia_parity.run.sides import split_node_id

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from pytest_gaia_parity.run.ahead.body import Body
    from pytest_gaia_parity.run.record import RecordHooks
    from pytest_gaia_parity.run.sides import Side
    from pytest_gaia_parity.run.state import Run

#: bodies of a window for each job: results wait in memory until their turns
_DEPTH = 8
#: options under which tests are looked at one by one
_ONE_BY_ONE = ("usepdb", "trace", "setuponly", "setupshow", "setupplan", "collectonly")


class AheadHooks:
    """Runs bodies ahead, `jobs` at once."""

    def __init__(self, run: Run, record: RecordHooks, config: pytest.Config, *, jobs: int) -> None:
        self._run = run
        self._record = record
        self._config = config
        self._jobs = jobs
        self._threads = Threads()
        self._current: contextvars.ContextVar[Body | None] = contextvars.ContextVar("parity_body", default=None)
        self._bodies: dict[pytest.Item, Body] = {}
        self._eligibility = Eligibility(safe=frozenset(run.config.table.concurrent_fixtures), limit=_time_limit(config))
        self._ahead = 0
        #: why a test runs in its turn → such tests
        self._in_turn: dict[str, list[str]] = defaultdict(list)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Before a test whose body has not run: let it run now, with those that follow."""
        if item not in self._bodies and not self._config.stash.get(CONFIRMING_KEY, False):
            self._open(item)
        body = self._bodies.get(item)
        if body is None or not isinstance(item, pytest.Function):
            return (yield)
        self._ahead += 1
        item.stash[READY_KEY].started = body.started
        item.obj = body.replay()
        try:
            return (yield)
        finally:
            item.obj = body.original
            del self._bodies[item]

    def _open(self, item: pytest.Item) -> None:
        side = side_of(item)
        if side is None or any(self._config.getoption(name, False) for name in _ONE_BY_ONE):
            return
        target = self._run.config.table.targets[side.target]
        is_strict = target.read_only
        bodies = list(self._gather(item, side, is_strict=is_strict))
        if not bodies:
            return
        session = item.session
        maxfail = self._config.getoption("maxfail", 0)
        recorder = self._run.recorder
        window = Window(
            bodies,
            threads=self._threads,
            recorder=recorder,
            current=self._current,
            jobs=self._jobs,
            one_lane=is_strict or bool(maxfail),
            failures=max(1, maxfail - session.testsfailed) if maxfail else 0,
        )
        with sorted_by_body(item, self._current), recorder.only_own():
            ended = window.run()
        self._bodies.update({body.item: body for body in ended})
        for body in bodies:
            if body.item not in self._bodies:  # it runs in its turn, from the beginning
                del body.item.stash[READY_KEY]

    def _gather(self, first: pytest.Item, side: Side, *, is_strict: bool) -> Iterator[Body]:
        """Bodies of the tests from *first* on that belong to its side and may run now.

        A file is followed up to the first of its tests that runs in its turn, since that one may write.
        """
        closed = set()
        for item in islice(wire.upcoming(self._config, first), self._jobs * _DEPTH):
            if side_of(item) != side:
                return
            file = str(item.path)
            if file in closed or item in self._bodies:
                continue
            case = self._record.new_case(item, side)
            try:
                body = self._eligibility.body_of(item, case)
            except NotAheadError as error:
                if item is first and not isinstance(error, NotYetError):
                    test, _ = split_node_id(item.nodeid, self._run.plan.sides)
                    self._in_turn[str(error)].append(test)
                closed.add(file)
                if is_strict or item is first:
                    return
                continue
            item.stash[READY_KEY] = case
            yield body

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Let a test's own fixture repeat what it did with the body."""
        body = self._bodies.get(request.node) if fixturedef.scope == "function" else None
        if body is None or fixturedef.argname not in body.steps:
            return (yield)
        function = fixturedef.func
        replace_function(fixturedef, body.replay_fixture(fixturedef.argname))
        try:
            return (yield)
        finally:
            replace_function(fixturedef, function)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Tell when the body really ran, and how long."""
        body = self._bodies.get(item)
        if body is not None and call.when == "call":
            call.start, call.stop, call.duration = body.started, body.started + body.duration, body.duration
        return (yield)

    def pytest_unconfigure(self) -> None:
        """Let the threads end."""
        self._threads.close()

    # what the user sees

    def pytest_sessionfinish(self) -> None:
        """A worker of pytest-xdist hands over what it has to tell."""
        wire.hand_over(self._config, "jobs", [self._ahead, dict(self._in_turn)])

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """The controller takes it."""
        ahead, in_turn = wire.handed_over(node, "jobs") or [0, {}]
        self._ahead += ahead
        for reason, tests in in_turn.items():
            self._in_turn[reason] += tests

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """With `-v`, say which tests ran in their turn, and why."""
        if self._config.get_verbosity() < 1:
            return
        terminalreporter.section(f"parity jobs: {self._ahead} ran with others, up to {self._jobs} at once", sep="-")
        for reason, runs in sorted(self._in_turn.items()):
            tests = sorted(set(runs))
            terminalreporter.write_line(f"{len(tests)} in turn: {reason}")
            for test in tests:
                terminalreporter.write_line(f"  {test}")


def replace_function(fixturedef: pytest.FixtureDef[Any], function: Any) -> None:
    """Give a fixture another function: pytest calls it at once, and keeps the generator that it returns."""
    object.__setattr__(fixturedef, "func", function)


def _time_limit(config: pytest.Config) -> float | None:
    """Seconds that each test may take, by pytest-timeout's option, variable or setting, in its order."""
    given = config.getoption("timeout", None) or os.environ.get("PYTEST_TIMEOUT")
    if not given and config.pluginmanager.has_plugin("timeout"):
        given = config.getini("timeout")
    return float(given) if given else None
