"""Compares all runs of one test: the steps of the comparison, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import msgspec

from pytest_gaia_parity.compare.addresses import Addresses
from pytest_gaia_parity.compare.align import align, key_of, label_of
from pytest_gaia_parity.compare.codings import compare_codings
from pytest_gaia_parity.compare.decode import Decoded, decode
from pytest_gaia_parity.compare.explain import causes_of
from pytest_gaia_parity.compare.headers import OF_CLIENT, meaning
from pytest_gaia_parity.compare.identity import broken, identities
from pytest_gaia_parity.compare.judge import by_outcome, outcome_differences, verdict_of
from pytest_gaia_parity.compare.known import Ledger
from pytest_gaia_parity.compare.walk import Rules, Walk
from pytest_gaia_parity.model.comparison import Cause, Comparison, Difference, Kind, Pair, Severity, Verdict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

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
        decided = by_outcome(test, baselines, candidates)
        if decided is not None:
            return self._explained(decided, baselines, candidates)
        self._compared += 1
        rules = Rules(self._rules_for(baselines, candidates))
        differences, pairs, unstable = self._differences(baselines, candidates, rules)
        self._used |= rules.used & set(self._rules.ignore)
        if unstable:
            return Comparison(test=test, verdict=Verdict.UNSTABLE, reason=unstable, exchanges=pairs)
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
            notes += [
                f"'{path}' is ignored, and nothing was there" for path in self._rules.ignore if path not in self._used
            ]
        return Findings(comparisons=tuple(self._ledger.unmet()), notes=tuple(notes))

    def _rules_for(self, baselines: Sequence[TestRecord], candidates: Sequence[TestRecord]) -> CompareRules:
        rules = self._rules
        for record in (baselines[0], candidates[0]):
            rules = rules.joined(record.rules)
        return rules

    def _differences(
        self, baselines: Sequence[TestRecord], candidates: Sequence[TestRecord], rules: Rules
    ) -> tuple[list[Difference], tuple[Pair, ...], str]:
        """All differences of the first run of the candidate that stand in its other runs too."""
        first, pairs, unstable = self._against(baselines, candidates[0], rules)
        for candidate in candidates[1:]:
            if not first or unstable:
                break
            again, _, _ = self._against(baselines, candidate, rules)
            places = {(one.exchange.partition(" ")[0], one.path, one.kind) for one in again}
            first = [
                one
                if (one.exchange.partition(" ")[0], one.path, one.kind) in places or one.kind in _NEVER_A_NOTE
                else msgspec.structs.replace(one, severity=Severity.NOTE, says="not in every run of the candidate")
                for one in first
            ]
        return [*outcome_differences(baselines, candidates), *first], pairs, unstable

    def _against(
        self, baselines: Sequence[TestRecord], candidate: TestRecord, rules: Rules
    ) -> tuple[list[Difference], tuple[Pair, ...], str]:
        mine, its = self._addresses
        reference = baselines[0].exchanges
        keys = [key_of(exchange, mine) for exchange in reference]
        other_runs = [
            dict(align(keys, [key_of(exchange, mine) for exchange in record.exchanges])) for record in baselines[1:]
        ]
        found: list[Difference] = []
        pairs: list[Pair] = []
        trees: list[tuple[list[dict[str, Any]], dict[str, Any]]] = []
        for index, other in align(keys, [key_of(exchange, its) for exchange in candidate.exchanges]):
            pair = len(pairs)
            if index is None:
                label = label_of(candidate.exchanges[other or 0], its)
                pairs.append(Pair(label=label, candidate=other))
                trees.append(([{}], {}))
                if not _is_sometimes(candidate.exchanges[other or 0], baselines, reference, mine, its):
                    found.append(
                        Difference(
                            exchange=label, path="exchange", kind=Kind.EXCHANGE_ADDED, candidate=label, pair=pair
                        )
                    )
                continue
            label = label_of(reference[index], mine)
            runs = [reference[index]]
            for record, aligned in zip(baselines[1:], other_runs, strict=True):
                partner = aligned.get(index)
                if partner is not None:
                    runs.append(record.exchanges[partner])
            pairs.append(Pair(label=label, baseline=index, candidate=other))
            if other is None:
                trees.append(([{}], {}))
                if len(runs) == len(baselines):
                    found.append(
                        Difference(
                            exchange=label, path="exchange", kind=Kind.EXCHANGE_REMOVED, baseline=label, pair=pair
                        )
                    )
                continue
            statuses = [_status(run) for run in runs]
            if len(set(statuses)) > 1:
                return [], tuple(pairs), f"{label}: the baseline itself answered {', '.join(map(str, statuses))}"
            walk = Walk(rules, len(baselines), exchange=label, pair=pair)
            trees.append(_compare_exchange(walk, runs, candidate.exchanges[other], (mine, its)))
            found += walk.found
        found += _observations(baselines, candidate, rules, self._addresses)
        labels = [pair.label for pair in pairs]
        found += _identities(trees, labels, rules, found, len(baselines))
        return found, tuple(pairs), ""

    def _explained(
        self, comparison: Comparison, baselines: Sequence[TestRecord], candidates: Sequence[TestRecord]
    ) -> Comparison:
        if comparison.verdict.passes:
            return comparison
        causes = causes_of(comparison, baselines, candidates, self._headers)
        return msgspec.structs.replace(comparison, causes=causes)


_NEVER_A_NOTE = frozenset({Kind.STATUS_CHANGED, Kind.OUTCOME_CHANGED, Kind.EXCHANGE_ADDED, Kind.EXCHANGE_REMOVED})


def _status(exchange: Exchange) -> object:
    if exchange.failure is not None:
        return exchange.failure.type
    return None if exchange.response is None else exchange.response.status


def _is_sometimes(
    exchange: Exchange, baselines: Sequence[TestRecord], reference: Sequence[Exchange], mine: Addresses, its: Addresses
) -> bool:
    """Whether the baseline makes this call in some of its runs."""
    key = key_of(exchange, its)
    most = max(sum(key_of(one, mine) == key for one in record.exchanges) for record in baselines)
    return most > sum(key_of(one, mine) == key for one in reference)


def _compare_exchange(
    walk: Walk, runs: Sequence[Exchange], candidate: Exchange, addresses: tuple[Addresses, Addresses]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Compare request, status, headers, body; returns the trees, for identities across exchanges."""
    mine, its = addresses
    before = [_Parts.of(run, mine) for run in runs]
    after = _Parts.of(candidate, its)
    walk.compare([part.request for part in before], after.request, ("request",))
    status, other = _status(runs[0]), _status(candidate)
    if status != other:
        walk.kind = Kind.STATUS_CHANGED
        walk.compare([status] * len(runs), other, ("status",))
        walk.kind = None
    walk.kind = Kind.HEADER_CHANGED
    walk.compare([part.headers for part in before], after.headers, ("headers",))
    walk.kind = None
    compare_codings(walk, runs[0], candidate)
    _compare_bodies(walk, [part.body for part in before], after.body)
    return [part.tree for part in before], after.tree


class _Parts(NamedTuple):
    """What of an exchange is compared."""

    request: dict[str, Any]
    headers: dict[str, Any]
    body: Decoded

    @classmethod
    def of(cls, exchange: Exchange, addresses: Addresses) -> _Parts:
        request, response = exchange.request, exchange.response
        url = urlsplit(request.url)
        query: dict[str, Any] = {}
        for name, value in parse_qsl(url.query, keep_blank_values=True):
            query.setdefault(name, []).append(addresses.neutral(value))
        sent = {
            "path": url.path or "/",
            "query": {name: values[0] if len(values) == 1 else values for name, values in query.items()},
            "headers": meaning(request.headers, addresses, ignored=OF_CLIENT),
            "body": _comparable_request_body(exchange, addresses),
        }
        if response is None:
            return cls(sent, {}, Decoded("empty", None))
        return cls(sent, meaning(response.headers, addresses), decode(response.body, response.headers, addresses))

    @property
    def tree(self) -> dict[str, Any]:
        return {"request": self.request, "headers": self.headers, "body": self.body.tree}


def _comparable_request_body(exchange: Exchange, addresses: Addresses) -> Any:
    """The body that the test sent; of a multipart form the boundary is chosen by the client and means nothing."""
    request = exchange.request
    content_type = next((value for name, value in request.headers if name.lower() == "content-type"), "")
    _, found, boundary = content_type.partition("boundary=")
    if found and request.body.text is not None:
        return request.body.text.replace(boundary.strip('"'), "boundary").splitlines()
    return decode(request.body, request.headers, addresses).tree


def _compare_bodies(walk: Walk, before: Sequence[Decoded], after: Decoded) -> None:
    if walk.rules.ignores(("body",)):
        return
    if after.problems != before[0].problems:
        walk.found.append(
            Difference(
                exchange=walk.exchange,
                path="body",
                kind=Kind.ENCODING_CHANGED,
                baseline="; ".join(before[0].problems) or "readable",
                candidate="; ".join(after.problems) or "readable",
                pair=walk.pair,
            )
        )
        return
    if after.kind != before[0].kind:
        walk.compare([{"kind": part.kind} for part in before], {"kind": after.kind}, ("body",))
        return
    if after.kind == "truncated" and after.tree != before[0].tree:
        walk.compare([part.tree for part in before] * 2, after.tree, ("body",))
        return
    walk.compare([part.tree for part in before], after.tree, ("body",))


def _observations(
    baselines: Sequence[TestRecord], candidate: TestRecord, rules: Rules, addresses: tuple[Addresses, Addresses]
) -> list[Difference]:
    def tree(record: TestRecord, own: Addresses) -> dict[str, Any]:
        return {one.name: _neutral(one.value, own) for one in record.observations}

    walk = Walk(rules, len(baselines), kind=Kind.OBSERVATION_CHANGED)
    walk.compare([tree(record, addresses[0]) for record in baselines], tree(candidate, addresses[1]), ("observations",))
    return walk.found


def _neutral(value: Any, addresses: Addresses) -> Any:
    if isinstance(value, str):
        return addresses.neutral(value)
    if isinstance(value, dict):
        return {name: _neutral(item, addresses) for name, item in value.items()}
    return [_neutral(item, addresses) for item in value] if isinstance(value, list) else value


def _identities(
    trees: Sequence[tuple[list[dict[str, Any]], dict[str, Any]]],
    labels: Sequence[str],
    rules: Rules,
    found: Sequence[Difference],
    runs: int,
) -> list[Difference]:
    """Identities across all exchanges; places that differ anyway are told once."""
    whole = [(pair, before, after) for pair, (before, after) in enumerate(trees) if len(before) == runs]
    tables: list[Mapping[Any, str]] = [
        dict(entry for pair, before, _ in whole for entry in identities(before[run], pair)) for run in range(runs)
    ]
    if not tables[0]:
        return []
    candidate = dict(entry for pair, _, after in whole for entry in identities(after, pair))
    told = {(one.pair, one.path) for one in found}
    return [one for one in broken(tables, candidate, labels=labels, rules=rules) if (one.pair, one.path) not in told]
