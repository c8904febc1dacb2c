"""The controller's side of a run: preflight, recordings, pairing, verdicts, reports, exit code."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gaia_parity import __version__, errors
from pytest_gaia_parity.compare.engine import Comparer
from pytest_gaia_parity.compare.pairing import Gathered, Pairing
from pytest_gaia_parity.model.comparison import Verdict
from pytest_gaia_parity.model.recording import Header
from pytest_gaia_parity.model.results import exit_code_of, side_of_header
from pytest_gaia_parity.report.gate import Gate
from pytest_gaia_parity.report.github import annotation_lines
from pytest_gaia_parity.report.preflight import table_lines
from pytest_gaia_parity.report.recording_writer import RecordingWriter
from pytest_gaia_parity.report.sink import Evidence, make_sinks, page_path
from pytest_gaia_parity.report.terminal import summary_lines
from pytest_gaia_parity.run import wire
from pytest_gaia_parity.run.confirm import Confirmer
from pytest_gaia_parity.run.failing import as_pytest_errors
from pytest_gaia_parity.run.flight import FlightRecorder
from pytest_gaia_parity.run.guests import register_guests
from pytest_gaia_parity.run.preflight import failures, instance_lines, run_preflight, without_preflight
from pytest_gaia_parity.run.sides import split_node_id
from pytest_gaia_parity.run.verdicts import status_of, verdict_reports

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

    from pytest_gaia_parity.model.comparison import Comparison
    from pytest_gaia_parity.model.recording import TestRecord
    from pytest_gaia_parity.model.results import Results
    from pytest_gaia_parity.report.sink import Sink
    from pytest_gaia_parity.run.preflight import Facts
    from pytest_gaia_parity.run.state import Run


#: what may be chance, and is confirmed before it is told
_DOUBTFUL = frozenset({Verdict.MISMATCH, Verdict.UNSTABLE})


class ControllerHooks:
    """Hooks of the process that talks to the user: the controller, or the only process."""

    def __init__(self, run: Run, config: pytest.Config) -> None:
        self._run = run
        self._plan = run.plan
        self._config = config
        self._session: pytest.Session | None = None
        self._writers: dict[str, RecordingWriter] = {}
        self._judge: Judge | None = None
        self._expected: set[str] = set()
        #: a fixture wider than a function → the test that first set it up
        self._carriers: dict[str, str] = {}
        self._counted = False
        self._finished = False
        self._flight = FlightRecorder(run, run.plan.targets)
        self.confirmer = Confirmer(run.plan)

    # the beginning

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Reach every target, open every file, before the first worker or test."""
        self._session = session
        if not self._config.option.collectonly:
            with as_pytest_errors():
                self._open()

    def _open(self) -> None:
        if self._run.options.up:
            from pytest_gaia_parity.run.up import bring_up  # noqa: PLC0415 - Docker's and Compose's adapters, for few

            bring_up(self._run, self._config, self._write)
        facts = self._preflight()
        headers = {target: self._header(target, facts) for target in self._plan.targets}
        if self._plan.is_parity:
            folder = self._reports_folder()
            paths = {target: folder / f"{target}.jsonl" for target in self._plan.targets}
            options = self._run.options
            sinks = make_sinks(folder, *self._plan.targets, form=options.report_form, step_summary=options.step_summary)
            self._judge = Judge(headers[self._plan.targets[0]], headers[self._plan.targets[1]], sinks)
            self._judge.gate.open()
            page = page_path(folder, self._plan.targets[1])
            register_guests(self._config, self._plan, self._judge.gate.tally, page)
        elif self._run.options.record is not None:
            paths = {self._plan.baseline: self._run.options.record}
        else:
            paths = {}
        for target, path in paths.items():
            self._writers[target] = RecordingWriter(path)
            self._writers[target].open(headers[target])

    def _preflight(self) -> Facts:
        if not self._run.options.preflight:
            return without_preflight(self._run)
        facts = run_preflight(self._run)
        if self._plan.instances:
            for line in instance_lines(facts):
                self._write(line)
        failed = failures(facts)
        if failed:
            for line in table_lines(failed):
                self._write(line)
            unreachable = ", ".join(sorted({target for target, _, _ in failed}))
            raise errors.UnreachableError(
                f"{unreachable} could not be reached; nothing was judged",
                hint="see the table above; --no-preflight runs the tests all the same",
            )
        return facts

    def _header(self, target: str, facts: Facts) -> Header:
        table = self._run.config.table
        is_baseline = target == self._plan.baseline
        return Header(
            target=target,
            network=table.targets[target].network,
            services=facts[target],
            shard=self._run.options.shard[0],
            shards=self._run.options.shard[1],
            runs=len(self._plan.sides) - 1 if is_baseline and self._plan.is_parity else 1,
            started=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            plugin=__version__,
            rules=table.compare.rules(),
            expected=self._run.config.expected(),
        )

    def _reports_folder(self) -> Path:
        options = self._run.options
        return options.reports or self._run.config.root / self._run.config.table.reports

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give a new worker of pytest-xdist what only the controller knows."""
        wire.send_payload(node, self._run.payload_for(node))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn which tests are to come, where this process collected them itself."""
        self._expect(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:  # noqa: ARG002
        """Learn which tests are to come, from the first worker that knows."""
        if not self._expected:
            self._expect(ids)

    def _expect(self, node_ids: Iterable[str]) -> None:
        if self._judge is None or self._expected:
            return
        sides = self._plan.sides
        self._expected = {test for test, side in (split_node_id(node_id, sides) for node_id in node_ids) if side}

    def pytest_runtest_logstart(self) -> None:
        """Before the first test: by now pytest has counted what it collected."""
        if self._session is not None and not self._counted:
            self._counted = True
            wire.expect_more(self._session, len(self._expected))

    # the records

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the records off a report, write them down, and judge the test if this was its last side."""
        records = wire.detach(report)
        if not records:
            return
        test, side = split_node_id(report.nodeid, self._plan.sides)
        for record in records:
            if record.origin == "fixture" and record.test not in self._carriers:
                self._carriers[record.test] = test
                if self._judge is not None and self._session is not None:
                    wire.expect_more(self._session, 1)
            if side is not None:
                self._take(record, target=side.target, is_baseline=side.is_baseline)

    def _take(self, record: TestRecord, *, target: str, is_baseline: bool) -> None:
        writer = self._writers.get(target)
        load = None
        if writer is not None:
            with as_pytest_errors():
                load = writer.write(record)
        if self._judge is None:
            return
        gathered = self._judge.pairing.add(record, is_baseline=is_baseline, load=load)
        if gathered is None:
            return
        comparison = self._judge.comparer.compare(*gathered)
        if comparison.verdict in _DOUBTFUL and self._rounds:
            self._judge.pairing.postpone()
            if self._config.option.maxfail:
                self._confirm()
        else:
            self._emit(comparison, gathered)

    def _emit(self, comparison: Comparison, gathered: Gathered) -> None:
        judge = self._require_judge()
        comparison = self._flight.attach(comparison, gathered)
        judge.gate.take(comparison, Evidence(gathered.baselines, gathered.candidates))
        for report in verdict_reports(comparison, self._plan):
            self._config.hook.pytest_runtest_logreport(report=report)
        maxfail = self._config.option.maxfail
        if self._session is not None and maxfail and self._session.testsfailed >= maxfail:
            wire.stop(self._config, self._session, f"stopping after {self._session.testsfailed} failures")

    # the end

    @property
    def _rounds(self) -> int:
        given = self._run.options.confirm
        return self._run.config.table.compare.confirm if given is None else given

    def _confirm(self) -> None:
        """Run what mismatched again, judge it anew with all its runs, and report it."""
        judge = self._require_judge()
        tests = judge.pairing.postponed
        if not tests or self._session is None:
            return
        for record, is_baseline in self.confirmer.rerun(self._session, tests, rounds=self._rounds):
            load = self._writers[self._plan.targets[0 if is_baseline else 1]].write(record)
            if record.origin == "fixture":
                judge.pairing.add(record, is_baseline=is_baseline, load=load)
            else:
                judge.pairing.confirm(record, is_baseline=is_baseline, load=load)
        for gathered in judge.pairing.release():
            self._emit(judge.comparer.compare(*gathered), gathered)

    def _confirm_fixtures(self, judge: Judge) -> None:
        """Set up again what mismatched, by a test that uses it; of that test itself nothing is kept."""
        doubtful = [
            self._carriers[one.test]
            for one in judge.pairing.fixtures()
            # more than one run of the candidate: a confirmed test has set it up again already
            if len(one.candidates) == 1 and judge.comparer.compare(*one).verdict in _DOUBTFUL
        ]
        if not doubtful or not self._rounds or self._session is None:
            return
        for record, is_baseline in self.confirmer.rerun(
            self._session, list(dict.fromkeys(doubtful)), rounds=self._rounds
        ):
            if record.origin == "fixture":
                load = self._writers[self._plan.targets[0 if is_baseline else 1]].write(record)
                judge.pairing.add(record, is_baseline=is_baseline, load=load)

    @pytest.hookimpl(wrapper=True, trylast=True)  # before the terminal ends its line of progress
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """When all tests have run: confirm, tell what is missing, judge the fixtures, tell what concerns the whole run."""
        result = yield
        if self._judge is not None and not session.config.option.collectonly:
            self._finish(self._judge)
        return result

    def _finish(self, judge: Judge) -> None:
        self._confirm()
        self._confirm_fixtures(judge)
        for gathered in (*judge.pairing.incomplete(self._expected), *judge.pairing.fixtures()):
            self._emit(judge.comparer.compare(*gathered), gathered)
        judge.findings = judge.comparer.finish()
        for comparison in judge.findings.comparisons:
            self._emit(comparison, Gathered(comparison.test, (), ()))
        self._finished = True

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
        """Close every file, and let the gate's verdict into the exit code."""
        interrupted = exitstatus == pytest.ExitCode.INTERRUPTED
        for writer in self._writers.values():
            writer.close(interrupted=interrupted or (self._judge is not None and not self._finished))
        judge = self._judge
        if judge is None:
            return
        if not self._finished:
            self._emit_unconfirmed(judge)
        findings = judge.findings
        judge.results, judge.paths = judge.gate.close(
            causes=() if findings is None else findings.causes,
            notes=() if findings is None else findings.notes,
            interrupted=not self._finished,
        )
        if exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = exit_code_of(judge.results.summary) or (
                errors.EXIT_INTERNAL if judge.gate.broken else 0
            )

    def _emit_unconfirmed(self, judge: Judge) -> None:
        """Tell the mismatches that an interrupted run had no time to confirm."""
        for gathered in judge.pairing.release():
            judge.gate.take(judge.comparer.compare(*gathered), Evidence(gathered.baselines, gathered.candidates))

    # what the user sees

    def pytest_report_teststatus(self, report: pytest.TestReport) -> object:
        """Give verdicts words of their own: MATCH, MISMATCH."""
        return status_of(report)

    def pytest_report_header(self) -> list[str]:
        """Say what is compared with what."""
        if self._plan.is_parity:
            order = " → ".join(side.id for side in self._plan.sides)
            return [f"parity: {self._plan.baseline} = {self._plan.candidate} ({order}), {self._run.config.file.name}"]
        return [f"parity: on {self._plan.baseline} only, {self._run.config.file.name}"]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Write one section: causes, findings, the closing line, where the reports are."""
        judge = self._judge
        if judge is None or judge.results is None:
            return
        terminalreporter.section(f"parity {self._plan.baseline} = {self._plan.candidate}", sep="=")
        width = terminalreporter._tw.fullwidth  # noqa: SLF001 - pytest names no other way to the width
        for line in summary_lines(judge.results, judge.gate.tally, paths=judge.paths, width=width):
            terminalreporter.write_line(line.text, **line.markup)
        if self._run.options.annotate:
            for text in annotation_lines(judge.results, judge.gate.tally):
                terminalreporter.write_line(text)

    def pytest_unconfigure(self) -> None:
        """End networks and the embedded stack."""
        for writer in self._writers.values():
            writer.forget()
        self._run.close()

    def _write(self, line: str) -> None:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(line)

    def _require_judge(self) -> Judge:
        assert self._judge is not None, "only a parity run judges"  # noqa: S101
        return self._judge


class Judge:
    """What a parity run has beside a run on one target."""

    def __init__(self, baseline: Header, candidate: Header, sinks: Sequence[Sink]) -> None:
        self.comparer = Comparer(
            baseline=baseline,
            candidate=candidate,
            rules=baseline.rules,
            expected=baseline.expected,
            today=dt.datetime.now(dt.UTC).date(),
        )
        self.pairing = Pairing(baseline_runs=baseline.runs)
        self.gate = Gate(
            baseline=side_of_header(baseline),
            candidate=side_of_header(candidate),
            sinks=sinks,
        )
        self.findings: Any = None
        self.results: Results | None = None
        self.paths: list[str] = []
