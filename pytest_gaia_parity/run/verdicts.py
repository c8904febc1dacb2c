"""A comparison as pytest sees it: two more reports of a test named `test_x[local = dev]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from pytest_gaia_parity.model.comparison import Verdict
from pytest_gaia_parity.report.terminal import difference_text
from pytest_gaia_parity.run.sides import join_node_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_gaia_parity.model.comparison import Comparison
    from pytest_gaia_parity.run.sides import Plan

#: set on a verdict's reports, so that our status words and pytest-html's column find it
VERDICT = "gaia_parity_verdict"

_WORDS: dict[str, tuple[str, str, tuple[str, dict[str, bool]]]] = {
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
    for when in ("call", "teardown"):
        is_call = when == "call"
        yield pytest.TestReport(
            nodeid=node_id,
            location=location,
            keywords={},
            outcome=outcome if is_call else "passed",
            longrepr=longrepr if is_call else None,
            when=when,  # type: ignore[arg-type]
            user_properties=[("parity", comparison.verdict.value)],
            **{VERDICT: comparison.verdict.value},
        )


def status_of(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """Category, letter and word of a verdict's report, None for any other report."""
    verdict = getattr(report, VERDICT, None)
    if verdict is None or report.when != "call":
        return None
    return _WORDS.get(verdict, ("failed", "F", (verdict.upper(), {"red": True})))
