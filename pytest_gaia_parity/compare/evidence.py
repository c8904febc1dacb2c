"""What the causes are read from: differences, exchanges of both sides, what preflight saw."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from pytest_gaia_parity.model.comparison import Kind, Severity
from pytest_gaia_parity.model.recording import ServiceFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.model.comparison import Comparison
    from pytest_gaia_parity.model.exchange import Exchange
    from pytest_gaia_parity.model.recording import Header, TestRecord


class Sign(NamedTuple):
    """One place where the evidence shows a cause."""

    says: str
    #: the service that it concerns; None where the comparison itself shows it
    service: str | None = None


class Both(NamedTuple):
    """An exchange that differs, as each side showed it; either may be missing."""

    baseline: Exchange | None
    candidate: Exchange | None


class Evidence:
    """All that is known of a comparison that did not pass."""

    def __init__(
        self,
        comparison: Comparison,
        baselines: Sequence[TestRecord],
        candidates: Sequence[TestRecord],
        headers: tuple[Header, Header],
    ) -> None:
        self.comparison = comparison
        self.baseline, self.candidate = headers
        self._records = (baselines, candidates)

    @cached_property
    def differing(self) -> tuple[Both, ...]:
        """The exchanges that hold a difference which fails; where nothing was paired, all that the candidate showed."""
        if not self.comparison.exchanges:
            return tuple(Both(None, exchange) for exchange in self._exchanges(1))
        told = {one.pair for one in self.comparison.differences if one.severity is Severity.ERROR}
        return tuple(
            Both(self._exchange(0, pair.baseline), self._exchange(1, pair.candidate))
            for number, pair in enumerate(self.comparison.exchanges)
            if number in told
        )

    @cached_property
    def services(self) -> frozenset[str]:
        """The services that the differences are about, with those that they call.

        A test that got nowhere, since a fixture before it failed, may be about any.
        """
        own = {exchange.service for both in self.differing for exchange in both if exchange is not None}
        if not own:
            return frozenset(self.candidate.services) if self._only_outcome else frozenset()
        return frozenset(own | {name for service in own for name in self.called(service)})

    def called(self, service: str) -> tuple[str, ...]:
        """The services that a service calls, as the configuration says."""
        return tuple(self.facts(service).details.get("calls", ()))

    def facts(self, service: str) -> ServiceFacts:
        """What preflight saw of a service on the candidate."""
        return self.candidate.services.get(service, ServiceFacts())

    def facts_before(self, service: str) -> ServiceFacts:
        """What preflight saw of it on the baseline."""
        return self.baseline.services.get(service, ServiceFacts())

    @property
    def _only_outcome(self) -> bool:
        return any(one.kind is Kind.OUTCOME_CHANGED for one in self.comparison.differences) or not (
            self.comparison.differences
        )

    def _exchanges(self, side: int) -> tuple[Exchange, ...]:
        records = self._records[side]
        return records[0].exchanges if records else ()

    def _exchange(self, side: int, index: int | None) -> Exchange | None:
        exchanges = self._exchanges(side)
        return None if index is None or index >= len(exchanges) else exchanges[index]
