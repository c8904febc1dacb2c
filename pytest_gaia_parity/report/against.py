"""What is new since an earlier run: its results, asked about each comparison of this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pytest_gaia_parity.report.tally import endpoint_pattern, field_pattern

if TYPE_CHECKING:
    from pytest_gaia_parity.model.comparison import Comparison, Difference
    from pytest_gaia_parity.model.results import Results

_Finding = tuple[str, str, str]


class Earlier:
    """The findings of an earlier run; marks what it did not know, and tells what has gone."""

    def __init__(self, results: Results, *, name: str) -> None:
        self._name = name
        self._verdicts = {one.test: one.verdict for one in results.comparisons}
        self._findings = {one.test: {_finding(each) for each in one.differences} for one in results.comparisons}
        self._gone = sum(map(len, self._findings.values()))

    def marked(self, comparison: Comparison) -> Comparison:
        """The comparison with `new` where the earlier run had another verdict, or not this difference."""
        known = self._findings.get(comparison.test, set())
        self._gone -= len(known & {_finding(one) for one in comparison.differences})
        differences = tuple(
            one if _finding(one) in known else msgspec.structs.replace(one, new=True) for one in comparison.differences
        )
        is_new = not comparison.verdict.passes and self._verdicts.get(comparison.test) is not comparison.verdict
        return msgspec.structs.replace(comparison, differences=differences, new=is_new)

    def note(self) -> str:
        """What is said about the earlier run at the end."""
        gone = f"; {self._gone} of its differences did not occur again" if self._gone else ""
        return f"compared with the earlier results '{self._name}': what they did not have is marked as new{gone}"


def _finding(one: Difference) -> _Finding:
    return endpoint_pattern(one.exchange), field_pattern(one.path), one.kind.value
