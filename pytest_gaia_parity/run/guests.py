"""What a parity run adds to the reports of others: pytest-html, JUnit XML, pytest's FAILURES section."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gaia_parity.report import pytest_html
from pytest_gaia_parity.run import wire
from pytest_gaia_parity.run.sides import Side, split_node_id

if TYPE_CHECKING:
    from collections.abc import Generator

    from pytest_gaia_parity.report.tally import Tally
    from pytest_gaia_parity.run.sides import Plan

#: verdicts that pytest shows in its FAILURES section; our own section sums up all of them
_SHOWN = 10


def register_guests(config: pytest.Config, plan: Plan, tally: Tally, page: Path) -> None:
    """Join the reports that this run writes."""
    failures = FailuresGuest()
    guests: list[object] = [failures, failures.restorer()]
    if config.getoption("htmlpath", None):
        guests.append(PytestHtmlGuest(Path(config.option.htmlpath), plan, tally, page))
    if config.getoption("xmlpath", None):
        guests.append(JunitGuest(config, plan, tally, page))
    for guest in guests:
        config.pluginmanager.register(guest, f"gaia-parity-{type(guest).__name__}")


class PytestHtmlGuest:
    """A column with the verdict and a link into our page; hooks that do not exist without pytest-html."""

    def __init__(self, html: Path, plan: Plan, tally: Tally, page: Path) -> None:
        self._plan = plan
        self._tally = tally
        self._page = pytest_html.page_link(page.absolute(), html.absolute())
        self._labels = [Side(target=f"{plan.baseline} = {plan.candidate}")]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Name the column."""
        cells.insert(2, pytest_html.HEADER)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        """Fill the column; an empty row is one that somebody removed."""
        if not cells:
            return
        verdict = wire.verdict_of(report) if isinstance(report, pytest.TestReport) else None
        pytest_html.escape_id(cells)
        test, _ = split_node_id(report.nodeid, self._labels)
        pytest_html.add_cell(cells, verdict, test, self._page)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Say how it ended, above the table."""
        counts = ", ".join(f"{count} {verdict}" for verdict, count in self._tally.summary.items() if count)
        closing = f"parity {self._plan.baseline} = {self._plan.candidate}: {counts or 'nothing was compared'}"
        prefix.append(pytest_html.summary_html(closing, self._page))


class JunitGuest:
    """The run's sums as properties of the test suite, where every schema of JUnit XML allows them.

    A test's own property is allowed by the old family only; in the new one its verdict is in the failure's message.
    """

    def __init__(self, config: pytest.Config, plan: Plan, tally: Tally, page: Path) -> None:
        self._config = config
        self._plan = plan
        self._tally = tally
        self._page = page

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Give a verdict's report its property."""
        verdict = wire.verdict_of(report)
        if verdict is not None and self._config.getini("junit_family") != "xunit2":
            report.user_properties.append(("parity", verdict))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Add them before pytest writes the file."""
        from _pytest.junitxml import xml_key  # noqa: PLC0415 - pytest names it nowhere else

        log = self._config.stash.get(xml_key, None)
        if log is None:
            return
        values = {"baseline": self._plan.baseline, "candidate": self._plan.candidate or "", "report": self._page.name}
        for name, value in (values | {name: str(count) for name, count in self._tally.summary.items()}).items():
            log.add_global_property(f"parity.{name}", value)


class FailuresGuest:
    """Keeps all but the first verdicts out of pytest's FAILURES section, which is quadratic in failures.

    For each failure pytest walks all reports there are (`_pytest.terminal`, `_get_teardown_reports`): of 10,000 tests with 1,000
    mismatches that took three times as long as the run. Counts and the short summary stay complete.
    """

    def __init__(self) -> None:
        self._all: list[Any] = []

    def restorer(self) -> object:
        """What puts them back between the section and the short summary, inside pytest's wrapper."""
        return _Restorer(self._all)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> Generator[None, None, None]:
        """Take them out before pytest's own wrapper writes the section."""
        failed = terminalreporter.stats.get("failed", [])
        self._all[:] = failed
        verdicts = [report for report in failed if wire.verdict_of(report) is not None]
        hidden = set(map(id, verdicts[_SHOWN:]))
        failed[:] = [report for report in failed if id(report) not in hidden]
        yield


class _Restorer:
    """Puts the verdicts back that the section did not show."""

    def __init__(self, reports: list[Any]) -> None:
        self._reports = reports

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Run after FAILURES and before the counts."""
        if self._reports:
            terminalreporter.stats["failed"][:] = self._reports
