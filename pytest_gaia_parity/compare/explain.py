"""From differences and facts to causes, by asking each cause in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_gaia_parity.compare.causes import BOTH_DIFFER, BOTH_DIFFER_HINT, CAUSES, OF_ENVIRONMENT
from pytest_gaia_parity.compare.evidence import Evidence
from pytest_gaia_parity.model.comparison import Cause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.model.comparison import Comparison
    from pytest_gaia_parity.model.recording import Header, TestRecord


def causes_of(
    comparison: Comparison,
    baselines: Sequence[TestRecord],
    candidates: Sequence[TestRecord],
    headers: tuple[Header, Header],
) -> tuple[Cause, ...]:
    """The causes that the evidence shows for the services which the differences are about, the surest first."""
    evidence = Evidence(comparison, baselines, candidates, headers)
    found = [
        Cause(id=kind.id, says=sign.says, hint=kind.hint_for(evidence.candidate.target))
        for kind in CAUSES
        for sign in kind.signs(evidence)
        if sign.service is None or sign.service in evidence.services
    ]
    return _single_steps(tuple(dict.fromkeys(found)))


def _single_steps(causes: tuple[Cause, ...]) -> tuple[Cause, ...]:
    """Where version and environment both differ, offer to change one of them at a time."""
    versions = [cause for cause in causes if cause.id == "version-skew"]
    others = [cause for cause in causes if cause.id in OF_ENVIRONMENT]
    if not versions or not others:
        return causes
    says = f"{versions[0].says}, and the environments differ: {others[0].says}"
    kept = (cause for cause in causes if cause.id != "version-skew")
    return (*kept, Cause(id=BOTH_DIFFER, says=says, hint=BOTH_DIFFER_HINT))
