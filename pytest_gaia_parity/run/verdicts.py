"""A comparison as pytest sees it: two more reports of a test named `test_x[local = dev]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from pytest_gaia_parity.model.comparison import Verdict
from pytest_gaia_parity.report.terminal import difference_text
from pytest_gaia_parity.run import wire
from pytest_gaia_parity.run.sides import join_node_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_gaia_parity.model.comparison import Comparison
    from pytest_gaia_parity.run.sides import Plan

Status = tuple[str, str, tuple[str, dict[str, bool]]]

_WORDS: dict[str, Status] = {
    Verdict.MATCH: ("passed", "=", ("MATCH", {"green": True})),
    Verdict.SKIPPED: ("skipped", "s", ("SKIPPED", {"yellow": True})),
}


def verdict_reports(comparison: Comparison, plan: Plan) -> Iterator[pytest.TestReport]:
    """Make the reports; pytest-html and JUnit want a call and a teardown."""
    outcome: Literal["passed", "failed", "skipped"] = "failed"
    longrepr: str | tuple[str, int, str] | None = None
    node_id = join_node_id(comparison.test, f"{plan.baseline} = {plan.candidate}")
    path = comparison.test.partition("::")[0]
    if comparison.verdict is Verdict.MATCH:
        outcome = "passed"
    elif comparison.verdict is Verdict.SKIPPED:
        outcome, longrepr = "skipped", (path, 0, comparison.reason or "skipped on both sides")
    else:
        longrepr = difference_text(comparison, baseline=plan.baseline, candidate=plan.candidate or "")
    location = (path, None, node_id.partition("::")[2].replace("::", "."))
    phases: tuple[Literal["call", "teardown"], ...] = ("call", "teardown")
    for when in phases:
        is_call = when == "call"
        report = pytest.TestReport(
            nodeid=node_id,
            location=location,
            keywords={},
            outcome=outcome if is_call else "passed",
            longrepr=longrepr if is_call else None,
            when=when,
        )
        wire.mark_verdict(report, comparison.verdict.value)
        yield report


def status_of(report: pytest.TestReport) -> Status | None:
    """Category, letter and word of a verdict's report, None for any other report."""
    verdict = wire.verdict_of(report)
    if verdict is None or report.when != "call":
        return None
    return _WORDS.get(verdict, ("failed", "F", (verdict.upper(), {"red": True})))
