"""Sums up comparisons as they come: which fields, which endpoints, which causes; in memory bounded by their variety."""

from __future__ import annotations

import bisect
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from pytest_gaia_parity.errors import ConfigError
from pytest_gaia_parity.model.comparison import Cause, Comparison, Difference, Kind, Severity, Verdict
from pytest_gaia_parity.model.path import ANY, parse_path, render_path
from pytest_gaia_parity.model.results import empty_summary

if TYPE_CHECKING:
    from collections.abc import Iterable

_Key = TypeVar("_Key")
_Group = TypeVar("_Group")

#: examples kept of each group
EXAMPLES = 3
#: groups kept apart; what comes after is counted as the rest
GROUPS = 2000

_ID = re.compile(r"\d+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{12,}|[0-9A-HJKMNP-TV-Z]{26}")


@lru_cache(maxsize=4096)
def field_pattern(path: str) -> str:
    """Generalise a path to the field it belongs to.

    >>> field_pattern("body.items[3].price")
    'body.items[*].price'
    """
    try:
        segments = parse_path(path)
    except ConfigError:
        return path
    return render_path([ANY if isinstance(segment, int) else segment for segment in segments]).replace(".*", "[*]")


@lru_cache(maxsize=4096)
def endpoint_pattern(label: str) -> str:
    """Generalise an exchange's label to its endpoint: ids in the path become `{id}`.

    >>> endpoint_pattern("GET asset /assets/42/files")
    'GET asset /assets/{id}/files'
    """
    head, slash, path = label.partition("/")
    path = path.partition("?")[0]
    return head + slash + "/".join("{id}" if _ID.fullmatch(part) else part for part in path.split("/"))


@dataclass(slots=True)
class FieldGroup:
    """One field that differs, in whichever comparisons."""

    path: str
    severity: Severity
    kinds: Counter[str] = field(default_factory=Counter)
    endpoints: Counter[str] = field(default_factory=Counter)
    comparisons: int = 0
    places: int = 0
    #: comparisons in which it is new since the earlier results
    new: int = 0
    #: test and difference
    examples: list[tuple[str, Difference]] = field(default_factory=list)

    def add(self, test: str, differences: list[Difference]) -> None:
        """Count one comparison's differences in this field."""
        self.comparisons += 1
        self.new += any(difference.new for difference in differences)
        for difference in differences:
            self.places += difference.count
            self.kinds[difference.kind.value] += 1
        self.endpoints.update({endpoint_pattern(difference.exchange) for difference in differences})
        # the first by name, whatever order they come in
        bisect.insort(self.examples, (test, differences[0]), key=lambda example: example[0])
        del self.examples[EXAMPLES:]


@dataclass(slots=True)
class CauseGroup:
    """One cause, and what it explains."""

    cause: Cause
    comparisons: int = 0
    tests: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Endpoint:
    """One endpoint: in how many comparisons it took part, and in how many of them it differed."""

    name: str
    comparisons: int = 0
    differing: int = 0
    fields: Counter[str] = field(default_factory=Counter)


class Tally:
    """The sums of a run so far."""

    def __init__(self, comparisons: Iterable[Comparison] = ()) -> None:
        self.summary = empty_summary()
        #: comparisons that fail, and did not fail so in the earlier results
        self.new = 0
        #: comparisons that match, but with notes
        self.with_notes = 0
        #: fields, endpoints, causes beyond GROUPS that are only counted
        self.ungrouped = 0
        self._fields: dict[tuple[str, Severity], FieldGroup] = {}
        self._endpoints: dict[str, Endpoint] = {}
        self._causes: dict[Cause, CauseGroup] = {}
        self._others: dict[tuple[Verdict, str], CauseGroup] = {}
        for comparison in comparisons:
            self.add(comparison)

    def add(self, comparison: Comparison) -> None:
        """Count one comparison."""
        self.summary[comparison.verdict.value] += 1
        self.new += comparison.new
        self.with_notes += comparison.verdict is Verdict.MATCH and bool(comparison.differences)
        self._add_fields(comparison)
        self._add_endpoints(comparison)
        for cause in dict.fromkeys(comparison.causes):
            if (group := self._group(self._causes, cause, CauseGroup(cause))) is not None:
                _count(group, comparison.test)
        self._add_other(comparison)

    @property
    def fields(self) -> list[FieldGroup]:
        """Errors first, then by number of comparisons; the outcome of tests, a consequence, after what led to it."""
        return sorted(self._fields.values(), key=_weight)

    @property
    def endpoints(self) -> list[Endpoint]:
        """Those that differ most first."""
        return sorted(self._endpoints.values(), key=lambda one: (-one.differing, -one.comparisons, one.name))

    @property
    def causes(self) -> list[CauseGroup]:
        """Those that explain most first."""
        return sorted(self._causes.values(), key=lambda group: (-group.comparisons, group.cause.id, group.cause.says))

    @property
    def others(self) -> list[tuple[Verdict, CauseGroup]]:
        """What fails without a difference: both failed, unstable, missing; by reason."""
        ordered = sorted(self._others.items(), key=lambda item: (-item[1].comparisons, item[0]))
        return [(verdict, group) for (verdict, _), group in ordered]

    def _add_fields(self, comparison: Comparison) -> None:
        found: dict[tuple[str, Severity], list[Difference]] = {}
        for difference in comparison.differences:
            found.setdefault((field_pattern(difference.path), difference.severity), []).append(difference)
        for key, differences in found.items():
            if (group := self._group(self._fields, key, FieldGroup(*key))) is not None:
                group.add(comparison.test, differences)

    def _add_endpoints(self, comparison: Comparison) -> None:
        labels = {endpoint_pattern(pair.label) for pair in comparison.exchanges}
        differing: dict[str, set[str]] = {}
        for difference in comparison.differences:
            if difference.exchange and difference.severity is Severity.ERROR:
                name = endpoint_pattern(difference.exchange)
                differing.setdefault(name, set()).add(field_pattern(difference.path))
        for name in sorted(labels | set(differing)):
            if (endpoint := self._group(self._endpoints, name, Endpoint(name))) is not None:
                endpoint.comparisons += 1
                endpoint.differing += name in differing
                endpoint.fields.update(differing.get(name, ()))

    def _add_other(self, comparison: Comparison) -> None:
        if comparison.verdict.passes or comparison.verdict is Verdict.MISMATCH:
            return
        key = (comparison.verdict, comparison.reason)
        fresh = CauseGroup(Cause(id=comparison.verdict.value, says=comparison.reason, hint=""))
        if (group := self._group(self._others, key, fresh)) is not None:
            _count(group, comparison.test)

    def _group(self, groups: dict[_Key, _Group], key: _Key, fresh: _Group) -> _Group | None:
        if key not in groups and len(groups) >= GROUPS:
            self.ungrouped += 1
            return None
        return groups.setdefault(key, fresh)


def can_be_ignored(kind: str) -> bool:
    """Whether an ignore rule is offered: an outcome, a status or a missing exchange is never noise."""
    return kind not in {Kind.OUTCOME_CHANGED, Kind.STATUS_CHANGED, Kind.EXCHANGE_ADDED, Kind.EXCHANGE_REMOVED}


def _weight(group: FieldGroup) -> tuple[bool, bool, int, str]:
    is_outcome = Kind.OUTCOME_CHANGED.value in group.kinds
    return group.severity is Severity.NOTE, is_outcome, -group.comparisons, group.path


def _count(group: CauseGroup, test: str) -> None:
    group.comparisons += 1
    bisect.insort(group.tests, test)
    del group.tests[EXAMPLES:]
