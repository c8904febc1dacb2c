"""Compares all runs of one test: the steps of the comparison, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from pytest_gaia_parity.compare.addresses import Addresses
from pytest_gaia_parity.compare.align import align_runs
from pytest_gaia_parity.compare.explain import causes_of
from pytest_gaia_parity.compare.group import grouped
from pytest_gaia_parity.compare.headers import IGNORED
from pytest_gaia_parity.compare.identity import broken
from pytest_gaia_parity.compare.judge import by_outcome, outcome_differences, verdict_of
from pytest_gaia_parity.compare.known import Ledger
from pytest_gaia_parity.compare.messages import Sent, compare_exchange, status_of
from pytest_gaia_parity.compare.rules import Rules, idle_ignores
from pytest_gaia_parity.compare.standing import fails, shown_too, standing
from pytest_gaia_parity.compare.walk import Walk
from pytest_gaia_parity.model.comparison import Cause, Comparison, Difference, Kind, Pair, Severity, Verdict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from pytest_gaia_parity.compare.align import Row
    from pytest_gaia_parity.compare.identity import Occurrence
    from pytest_gaia_parity.model.exchange import Exchange
    from pytest_gaia_parity.model.recording import Header, TestRecord
    from pytest_gaia_parity.model.rules import CompareRules, Expected


class Findings(NamedTuple):
    """What concerns the whole run."""

    comparisons: tuple[Comparison, ...] = ()
    causes: tuple[Cause, ...] = ()
    notes: tuple[str, ...] = ()


class Comparer:
    """Compares the runs of one test at a time under one set of run-wide rules.

    Deterministic; keeps only what `finish` needs: which ignores were used, which expectations were met.
    """

    def __init__(
        self,
        *,
        baseline: Header,
        candidate: Header,
        rules: CompareRules,
        expected: Sequence[Expected] = (),
        today: dt.date,
    ) -> None:
        self._headers = (baseline, candidate)
        self._addresses = (Addresses(baseline), Addresses(candidate))
        self._rules = rules
        self._ledger = Ledger(expected, today)
        self._used: set[str] = set()
        self._compared = 0

    def compare(self, test: str, baselines: Sequence[TestRecord], candidates: Sequence[TestRecord]) -> Comparison:
        """Judge one test by all runs that there are; either side may have none."""
        self._ledger.seen(test)
        decided = by_outcome(test, baselines, candidates)
        if decided is not None:
            return self._explained(decided, baselines, candidates)
        self._compared += 1
        rules = Rules(self._rules_for(baselines, candidates), self._used)
        differences, pairs, unstable = self._differences(baselines, candidates, rules)
        self._used |= rules.used & set(self._rules.ignore)
        if unstable:
            unsure = Comparison(
                test=test,
                verdict=Verdict.UNSTABLE,
                reason=unstable,
                differences=tuple(differences),
                exchanges=pairs,
            )
            return self._explained(unsure, baselines, candidates)
        differences = self._ledger.settle(test, differences)
        comparison = Comparison(
            test=test, verdict=verdict_of(differences), differences=tuple(differences), exchanges=pairs
        )
        return self._explained(comparison, baselines, candidates)

    def finish(self) -> Findings:
        """What is left to say when every test was compared."""
        notes = []
        if self._headers[0].runs == 1:
            notes.append("the baseline ran once: nothing was learnt of what varies by itself, usual forms were assumed")
        if self._compared:
            notes += idle_ignores(self._rules.ignore, self._used, IGNORED)
        return Findings(comparisons=tuple(self._ledger.unmet()), notes=tuple(notes))

    def _rules_for(self, baselines: Sequence[TestRecord], candidates: Sequence[TestRecord]) -> CompareRules:
        rules = self._rules
        for record in (baselines[0], candidates[0]):
            rules = rules.joined(record.rules)
        return rules

    def _differences(
        self, baselines: Sequence[TestRecord], candidates: Sequence[TestRecord], rules: Rules
    ) -> tuple[list[Difference], tuple[Pair, ...], str]:
        """The differences that stand in most runs of the candidate; what stands in a few makes the test unstable."""
        found, pairs, unstable = self._against(baselines, candidates[0], rules)
        if unstable:
            return [], pairs, unstable
        found = self._with_fewer(found, baselines, candidates[0], rules)
        if len(candidates) > 1:
            again = [
                self._with_fewer(self._against(baselines, candidate, rules)[0], baselines, candidate, rules)
                for candidate in candidates[1:]
            ]
            found, unstable = standing(found, again)
        return grouped([*outcome_differences(baselines, candidates), *found]), pairs, unstable

    def _with_fewer(
        self, found: list[Difference], baselines: Sequence[TestRecord], candidate: TestRecord, rules: Rules
    ) -> list[Difference]:
        """The differences that fewer runs of the baseline show too: more evidence only weakens what is held against one.

        Chance is ruled out with the first two runs (an order, a constant among elements), not with their number.
        """
        for count in range(2, len(baselines)):
            if not any(map(fails, found)):
                break
            found = shown_too(found, self._against(baselines[:count], candidate, rules)[0])
        return found

    def _against(
        self, baselines: Sequence[TestRecord], candidate: TestRecord, rules: Rules
    ) -> tuple[list[Difference], tuple[Pair, ...], str]:
        mine, its = self._addresses
        rows = align_runs([record.exchanges for record in baselines], candidate.exchanges, mine, its)
        is_cut = baselines[0].outcome != candidate.outcome
        found: list[Difference] = []
        names: list[Occurrence] = []
        pairs = tuple(Pair(label=row.label, baseline=row.baseline, candidate=row.candidate) for row in rows)
        for number, row in enumerate(rows):
            runs = [baselines[run].exchanges[index] for run, index in row.runs]
            if row.candidate is None or not runs:
                found += _lone(row, number, len(baselines), is_cut=is_cut)
                continue
            statuses = [status_of(run) for run in runs]
            if len(set(statuses)) > 1:
                return [], pairs, f"{row.label}: the baseline itself answered {', '.join(map(str, statuses))}"
            other = candidate.exchanges[row.candidate]
            walk = Walk(
                rules,
                len(baselines),
                exchange=row.label,
                pair=number,
                names=names,
                starts=tuple(self._began(run, 0) for run in runs),
                start=self._began(other, 1),
            )
            compare_exchange(walk, runs, other, (mine, its), is_echo=bool(found))
            found += walk.found
        found += self._observations(baselines, candidate, rules, names)
        labels = [*(row.label for row in rows), ""]
        told = {(one.pair, one.path) for one in found}
        sent = Sent(candidate.exchanges)
        found += [one for one in broken(names, labels=labels, is_shared=sent.holds) if (one.pair, one.path) not in told]
        return found, pairs, ""

    def _began(self, exchange: Exchange, side: int) -> float:
        """When an exchange began by the clock of the service that answered; 0 where unknown."""
        facts = self._headers[side].services.get(exchange.service)
        started = exchange.timings.started
        return started + (facts.clock_offset or 0.0) if facts is not None and started else started

    def _observations(
        self, baselines: Sequence[TestRecord], candidate: TestRecord, rules: Rules, names: list[Occurrence]
    ) -> list[Difference]:
        mine, its = self._addresses
        walk = Walk(rules, len(baselines), kind=Kind.OBSERVATION_CHANGED, names=names)
        seen = [_observed(record, mine) for record in baselines]
        if rules.has_unused:
            rules.look({"observations": seen[0]})
        walk.compare(seen, _observed(candidate, its), ("observations",))
        return walk.found

    def _explained(
        self, comparison: Comparison, baselines: Sequence[TestRecord], candidates: Sequence[TestRecord]
    ) -> Comparison:
        if comparison.verdict.passes:
            return comparison
        causes = causes_of(comparison, baselines, candidates, self._headers)
        return msgspec.structs.replace(comparison, causes=causes)


def _lone(row: Row, number: int, runs: int, *, is_cut: bool) -> Iterator[Difference]:
    """A call that one side alone made; where a test ended early, or polls, that follows from elsewhere."""
    if row.candidate is None and len(row.runs) < runs:
        return
    if row.candidate is not None and row.is_sometimes:
        return
    is_added = row.candidate is not None
    yield Difference(
        exchange=row.label,
        path="exchange",
        kind=Kind.EXCHANGE_ADDED if is_added else Kind.EXCHANGE_REMOVED,
        baseline=msgspec.UNSET if is_added else row.label,
        candidate=row.label if is_added else msgspec.UNSET,
        severity=Severity.NOTE if row.is_repeat or is_cut else Severity.ERROR,
        says="the same question asked once more or once less"
        if row.is_repeat
        else "the test ended early"
        if is_cut
        else "",
        pair=number,
    )


def _observed(record: TestRecord, addresses: Addresses) -> dict[str, Any]:
    return {one.name: _neutral(one.value, addresses) for one in record.observations}


def _neutral(value: Any, addresses: Addresses) -> Any:
    if isinstance(value, str):
        return addresses.neutral(value)
    if isinstance(value, dict):
        return {name: _neutral(item, addresses) for name, item in value.items()}
    return [_neutral(item, addresses) for item in value] if isinstance(value, list) else value
