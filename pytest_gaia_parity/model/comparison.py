"""What comparing one test yields: verdict, differences, causes."""

from __future__ import annotations

import enum
from typing import Any

import msgspec


class Verdict(enum.StrEnum):
    """The judgement on one test; only `match` and `skipped` pass the gate."""

    MATCH = "match"
    MISMATCH = "mismatch"
    UNSTABLE = "unstable"
    BOTH_FAILED = "both-failed"
    MISSING = "missing"
    SKIPPED = "skipped"

    @property
    def passes(self) -> bool:
        """Whether this verdict lets a run end well."""
        return self in {Verdict.MATCH, Verdict.SKIPPED}


class Kind(enum.StrEnum):
    """How two places differ."""

    STATUS_CHANGED = "status-changed"
    VALUE_CHANGED = "value-changed"
    TYPE_CHANGED = "type-changed"
    ADDED = "added"
    REMOVED = "removed"
    ORDER_CHANGED = "order-changed"
    FORMAT_CHANGED = "format-changed"
    IDENTITY_CHANGED = "identity-changed"
    HEADER_CHANGED = "header-changed"
    ENCODING_CHANGED = "encoding-changed"
    EXCHANGE_ADDED = "exchange-added"
    EXCHANGE_REMOVED = "exchange-removed"
    OUTCOME_CHANGED = "outcome-changed"
    OBSERVATION_CHANGED = "observation-changed"


class Severity(enum.StrEnum):
    """`note` is shown and passes; `error` fails."""

    NOTE = "note"
    ERROR = "error"


class Difference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One place where the sides differ. A side where the place does not exist has no value."""

    #: `POST auth /login`, or empty for what belongs to no exchange
    exchange: str = ""
    path: str
    kind: Kind
    baseline: Any = msgspec.UNSET
    candidate: Any = msgspec.UNSET
    #: made by a factory so that it is written although it is the default
    severity: Severity = msgspec.field(default_factory=lambda: Severity.ERROR)
    #: the fact that was broken and its evidence: "a uuid in 2 of 2 baseline runs"
    fact: str = ""
    #: in plain words, where kind and values do not say it all
    says: str = ""
    #: how many places share this difference; *path* is the first of them
    count: int = 1
    #: index into `Comparison.exchanges`, None for what belongs to no exchange
    pair: int | None = None
    #: was not there in the earlier results that were given to compare with
    new: bool = False


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """Why, and what to do next."""

    id: str
    says: str
    hint: str


class Pair(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which exchange of the baseline was compared with which of the candidate, by index into their records."""

    label: str
    baseline: int | None = None
    candidate: int | None = None


class Log(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the service of one side logged of one exchange, masked and bounded."""

    #: index into `Comparison.exchanges`
    pair: int
    #: `baseline` or `candidate`
    side: str
    service: str
    lines: tuple[str, ...] = ()
    #: how the lines were found where not by their trace id, or why there are none
    says: str = ""


class Comparison(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The verdict on one test, and all that supports it. Equal recordings give equal bytes: it holds no time."""

    test: str
    verdict: Verdict
    #: one sentence where the verdict needs it: the same failure, which side has no result
    reason: str = ""
    differences: tuple[Difference, ...] = ()
    causes: tuple[Cause, ...] = ()
    exchanges: tuple[Pair, ...] = ()
    #: of what mismatched, in a live run
    logs: tuple[Log, ...] = ()
    #: fails, and did not fail so in the earlier results that were given to compare with
    new: bool = False
