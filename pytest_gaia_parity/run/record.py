"""Records each parity test where it runs: its outcome, what it sent and saw, what it observed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gaia_parity.clients.tape import Tape, mask_record, masker_of
from pytest_gaia_parity.model.recording import TestRecord
from pytest_gaia_parity.run import wire
from pytest_gaia_parity.run.handle import Handle, rules_of_marks
from pytest_gaia_parity.run.sides import Side, split_node_id

if TYPE_CHECKING:
    import warnings
    from collections.abc import Callable, Generator

    from pytest_gaia_parity.model.recording import Outcome
    from pytest_gaia_parity.model.rules import CompareRules
    from pytest_gaia_parity.redact import Redactor
    from pytest_gaia_parity.run.state import Run

#: characters of a failure's message that are kept
_MESSAGE_LIMIT = 4000


class TapeMask:
    """Masks what a test printed: also the secrets that its exchanges teach. Made when it is first needed, anew when the tape has grown."""

    def __init__(self, tape: Tape, redactor: Redactor) -> None:
        self._tape = tape
        self._redactor = redactor
        self._taught_by = -1
        self._mask: Callable[[str], str] = str

    def __call__(self, text: str) -> str:
        """Mask one text."""
        if self._taught_by != len(self._tape.exchanges):
            self._taught_by = len(self._tape.exchanges)
            self._mask = masker_of(self._tape.exchanges, self._redactor)
        return self._mask(text)


@dataclass(slots=True)
class Case:
    """One run of one test, while it runs."""

    test: str
    side: Side
    tape: Tape
    handle: Handle
    started: float
    only_on: bool = False
    outcome: Outcome = "passed"
    phase: str = "call"
    message: str = ""
    duration: float = 0.0
    closes: bool = False
    fixtures: list[TestRecord] = field(default_factory=list)
    mask: TapeMask | None = None

    def note(self, report: pytest.TestReport, call: pytest.CallInfo[Any], mask: Callable[[str], str]) -> None:
        """Take over what one phase came to; the first thing that went wrong counts."""
        self.duration += report.duration
        if self.outcome != "passed":
            return
        outcome = _outcome_of(report)
        if outcome != "passed":
            self.outcome = outcome
            self.phase = report.when
            # masked before it is cut, or the beginning of a secret might stand at its end
            self.message = mask(_message_of(report, call))[:_MESSAGE_LIMIT]

    def record(self, mark_rules: CompareRules) -> TestRecord:
        """The finished value."""
        return TestRecord(
            test=self.test,
            run=self.side.run,
            outcome=self.outcome,
            phase=self.phase,
            message=self.message,
            exchanges=tuple(self.tape.exchanges),
            observations=tuple(self.tape.observations),
            rules=mark_rules.joined(self.handle.rules),
            started=self.started,
            duration=self.duration,
            only_on=self.only_on,
        )


#: the running test's case, for the fixture `parity`
CASE_KEY = pytest.StashKey[Case]()
#: the case of a test whose body ran ahead of its turn
READY_KEY = pytest.StashKey[Case]()


class RecordHooks:
    """Hooks of the process that runs tests: the worker's, or the only one's."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._case: Case | None = None
        #: node id of the last test that ended, and what masks its texts
        self._ended: tuple[str, TapeMask] = "", TapeMask(Tape(), run.redactor)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """Begin a tape before anything of the test is set up."""
        side = side_of(item)
        self._case = None
        if side is not None:
            ready = item.stash.get(READY_KEY, None)
            if ready is not None:
                del item.stash[READY_KEY]
            case = item.stash[CASE_KEY] = self._case = ready or self.new_case(item, side)
            self._run.recorder.use(case.tape)
        return (yield)

    def new_case(self, item: pytest.Item, side: Side) -> Case:
        """The case of a test that is about to run."""
        test, _ = split_node_id(item.nodeid, self._run.plan.sides)
        tape = Tape()
        only_on = item.get_closest_marker("only_on") is not None
        return Case(test, side, tape, Handle(tape), time.time(), only_on=only_on)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Keep what a fixture wider than a function sends apart: which test sets it up is chance."""
        case = self._case
        if case is None:
            return (yield)
        if fixturedef.scope == "function":
            self._close_tape_after(request.node)
            return (yield)
        tape = Tape()
        self._run.recorder.use(tape)
        started = time.time()
        try:
            return (yield)
        finally:
            self._run.recorder.use(case.tape)
            if tape.exchanges:
                case.fixtures.append(_fixture_record(fixturedef, request, tape, case.side, started))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """See to it that the tape ends with the test's own fixtures."""
        self._close_tape_after(item)
        return (yield)

    def _close_tape_after(self, item: pytest.Item) -> None:
        """End the tape when the test's own fixtures are torn down, before those of its class, module, session.

        Finalizers run last in, first out, so the first one that is added to the item runs last of its own.
        """
        case = self._case
        if case is not None and not case.closes:
            case.closes = True
            item.addfinalizer(lambda: self._run.recorder.use(None))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note each phase; the last one carries the record away."""
        report = yield
        case = item.stash.get(CASE_KEY, None)
        if case is None:
            return report
        redactor = self._run.redactor

        if case.mask is None:
            case.mask = TapeMask(case.tape, redactor)
        _mask_report(report, case.mask)
        case.note(report, call, case.mask)
        if report.when == "teardown":
            self._run.recorder.use(None)
            case.tape.settle()
            del item.stash[CASE_KEY]
            self._case = None
            self._ended = item.nodeid, case.mask
            records = [case.record(rules_of_marks(item)), *case.fixtures]
            wire.attach(report, [mask_record(record, redactor) for record in records], item.config)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage, nodeid: str) -> None:
        """Mask a warning before anybody prints it or sends it on; pytest tells a test's when the test has ended."""
        ended, mask = self._ended
        said = str(warning_message.message)
        masked = mask(said) if ended == nodeid else self._run.redactor.text(said)
        if masked != said:
            warning_message.message = masked


def side_of(item: pytest.Item) -> Side | None:
    """The side that a collected test runs on, None for one that is no parity test."""
    callspec = getattr(item, "callspec", None)
    side = None if callspec is None else callspec.params.get("target")
    return side if isinstance(side, Side) else None


def handle_of(item: pytest.Item) -> Handle:
    """The handle of the running test, for the fixture `parity`."""
    case = item.stash.get(CASE_KEY, None)
    if case is None:  # no option asked for parity: what is said goes nowhere
        return Handle(Tape())
    return case.handle


def _fixture_record(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest, tape: Tape, side: Side, started: float
) -> TestRecord:
    where = request.node.nodeid or "/".join(part for part in (fixturedef.baseid, "conftest.py") if part)
    of_instance = f", {side.instance}" if side.instance else ""
    return TestRecord(
        test=f"{where}::{fixturedef.argname} ({fixturedef.scope} fixture{of_instance})",
        run=side.run,
        outcome="passed",
        phase="setup",
        exchanges=tuple(tape.exchanges),
        started=started,
        duration=time.time() - started,
        origin="fixture",
    )


def _outcome_of(report: pytest.TestReport) -> Outcome:
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed" if report.passed and report.when == "call" else "passed"
    if report.skipped:
        return "skipped"
    if report.failed:
        return "failed" if report.when == "call" else "error"
    return "passed"


def _message_of(report: pytest.TestReport, call: pytest.CallInfo[Any]) -> str:
    if isinstance(report.longrepr, tuple):  # a skip: file, line, reason
        return str(report.longrepr[2])
    if call.excinfo is not None:
        return call.excinfo.exconly(tryshort=True)
    return str(report.longrepr or getattr(report, "wasxfail", ""))


def _mask_report(report: pytest.TestReport, mask: Callable[[str], str]) -> None:
    """Replace what pytest will print of a failure where it holds a secret."""
    is_told = report.failed and report.longrepr is not None
    if not is_told and not report.sections and not report.user_properties:
        return
    report.sections = [(name, mask(text)) for name, text in report.sections]
    report.user_properties = [
        (name, mask(value) if isinstance(value, str) else value) for name, value in report.user_properties
    ]
    if is_told:
        _mask_within(report, mask)


def _mask_within(report: pytest.TestReport, mask: Callable[[str], str]) -> None:
    """Mask a traceback line by line, so that it keeps its colours; as one text where a secret spans lines."""
    if isinstance(report.longrepr, str | tuple):
        report.longrepr = mask(str(report.longrepr))
        return
    _mask_parts(report.longrepr, mask)
    text = str(report.longrepr)
    masked = mask(text)
    if masked != text:
        report.longrepr = masked


def _mask_parts(part: Any, mask: Callable[[str], str]) -> Any:
    """Mask the texts within pytest's own representation, in place."""
    if isinstance(part, str):
        return mask(part)
    if isinstance(part, list | tuple):
        return type(part)(_mask_parts(one, mask) for one in part)
    for name, value in getattr(part, "__dict__", {}).items():
        if isinstance(value, str | list | tuple) or hasattr(value, "__dict__"):
            object.__setattr__(part, name, _mask_parts(value, mask))
    return part
