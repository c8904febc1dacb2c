"""Known differences: each must occur exactly as it is written down, until its day."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from pytest_gaia_parity.model.comparison import Comparison, Difference, Kind, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_gaia_parity.model.rules import Expected


class Ledger:
    """The known differences of a run, and which of them occurred."""

    def __init__(self, expected: Sequence[Expected], today: dt.date) -> None:
        self._expected = tuple(expected)
        self._today = today
        self._met: set[int] = set()
        self._seen: set[str] = set()

    def settle(self, test: str, differences: Sequence[Difference]) -> list[Difference]:
        """Turn those that are known, and not past their day, into notes."""
        return [self._settled(test, difference) for difference in differences]

    def seen(self, test: str) -> None:
        """Take note that a test ran: of one that was not selected nothing can be said."""
        self._seen.add(test)

    def unmet(self) -> Iterator[Comparison]:
        """A finding for each that did not occur, or is past its day."""
        for number, one in enumerate(self._expected):
            if self._is_over(one):
                yield _finding(one, f"was accepted until {one.until}, and that day is past")
            elif number not in self._met and one.test in self._seen:
                yield _finding(one, "is expected, and did not occur")

    def _settled(self, test: str, difference: Difference) -> Difference:
        for number, one in enumerate(self._expected):
            if _is_it(one, test, difference) and not self._is_over(one):
                self._met.add(number)
                return msgspec.structs.replace(difference, severity=Severity.NOTE, says=f"known: {one.reason}")
        return difference

    def _is_over(self, one: Expected) -> bool:
        return dt.date.fromisoformat(one.until) < self._today


def _is_it(one: Expected, test: str, difference: Difference) -> bool:
    return (
        one.test == test
        and one.path == difference.path
        and one.kind == difference.kind.value
        and one.exchange in {"", difference.exchange}
        and one.baseline in (msgspec.UNSET, difference.baseline)
        and one.candidate in (msgspec.UNSET, difference.candidate)
    )


def _finding(one: Expected, problem: str) -> Comparison:
    return Comparison(
        test=f"{one.test} (expected difference)",
        verdict=Verdict.MISMATCH,
        reason=f"the known difference '{one.path}' ({one.reason}) {problem}",
        differences=(
            Difference(
                exchange=one.exchange,
                path=one.path,
                kind=Kind(one.kind),
                baseline=one.baseline,
                candidate=one.candidate,
                says=f"this known difference {problem}: remove it from [[tool.gaia-parity.expected]]",
            ),
        ),
    )
