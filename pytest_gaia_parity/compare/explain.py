"""From differences and facts to causes, by asking each cause in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_gaia_parity.compare.causes import CAUSES, Evidence
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
    """The causes that the evidence shows, the surest first."""
    evidence = Evidence(comparison, tuple(baselines), tuple(candidates), *headers)
    found = [(kind, says) for kind in CAUSES for says in kind.shown_by(evidence)]
    return tuple(Cause(id=kind.id, says=says, hint=kind.hint) for kind, says in found)
