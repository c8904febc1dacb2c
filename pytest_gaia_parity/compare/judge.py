"""Verdicts by presence and outcome, before and after anything is compared in detail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_gaia_parity.model.comparison import Comparison, Difference, Kind, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.model.recording import TestRecord

_FAILED = frozenset({"failed", "error"})


def by_outcome(test: str, baselines: Sequence[TestRecord], candidates: Sequence[TestRecord]) -> Comparison | None:
    """The verdict that outcomes alone decide, None where the exchanges must be looked at."""
    if not baselines or not candidates:
        side = (
            "neither side" if not baselines and not candidates else "the baseline" if not baselines else "the candidate"
        )
        return Comparison(
            test=test, verdict=Verdict.MISSING, reason=f"{side} has {'a' if side[0] == 'n' else 'no'} result"
        )
    outcomes = [record.outcome for record in baselines]
    if len(set(outcomes)) > 1:
        return Comparison(
            test=test, verdict=Verdict.UNSTABLE, reason=f"the baseline's own runs ended {', '.join(outcomes)}"
        )
    base = baselines[0]
    others = [record for record in candidates if record.outcome != base.outcome]
    if others:
        return None
    if base.outcome in _FAILED:
        return Comparison(test=test, verdict=Verdict.BOTH_FAILED, reason=_first_line(base.message))
    if base.outcome == "skipped":
        return Comparison(test=test, verdict=Verdict.SKIPPED, reason=_first_line(base.message))
    return None


def outcome_differences(baselines: Sequence[TestRecord], candidates: Sequence[TestRecord]) -> list[Difference]:
    """The difference in outcome, if any run of the candidate ended otherwise than the baseline."""
    base = baselines[0]
    return [
        Difference(
            path="outcome",
            kind=Kind.OUTCOME_CHANGED,
            baseline=base.outcome,
            candidate=record.outcome,
            says=f"{record.phase}: {_first_line(record.message)}" if record.message else "",
            fact=f"{base.outcome} in {len(baselines)} of {len(baselines)} baseline runs",
        )
        for record in candidates
        if record.outcome != base.outcome
    ][:1]


def verdict_of(differences: Sequence[Difference]) -> Verdict:
    """Notes pass, anything else does not."""
    if any(difference.severity is Severity.ERROR for difference in differences):
        return Verdict.MISMATCH
    return Verdict.MATCH


def _first_line(message: str) -> str:
    return message.partition("\n")[0]
