"""What is going to be changed, as values: names, never a secret's value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

#: told a line of progress
Say = Callable[[str], None]


class ChangeKind(StrEnum):
    """What is done about one secret, and why."""

    ADD = "add"
    CHANGE = "change"
    #: others changed it since it was written from here
    DRIFT = "drift"
    #: it is there, but whether it is equal cannot be told here
    UNKNOWN = "unknown"
    UNCHANGED = "unchanged"
    #: nobody declares it; it is kept
    EXTRA = "extra"
    #: nobody declares it; it is removed
    REMOVE = "remove"


#: names that share a line if there are more
MANY = 3

WRITTEN = frozenset({ChangeKind.ADD, ChangeKind.CHANGE, ChangeKind.DRIFT, ChangeKind.UNKNOWN})

_SIGNS = {
    ChangeKind.ADD: ("+", "is added"),
    ChangeKind.CHANGE: ("~", "is changed"),
    ChangeKind.DRIFT: ("!", "was changed by others since the last sync, is written again"),
    ChangeKind.UNKNOWN: ("?", "is there, but was not written from here, so it is written again"),
    ChangeKind.UNCHANGED: ("=", "is unchanged"),
    ChangeKind.EXTRA: (".", "is declared by no one, is kept (--prune removes it)"),
    ChangeKind.REMOVE: ("-", "is declared by no one, is removed"),
}


def short_image(image: str) -> str:
    """An image with its digest by the first twelve digits, as Docker shows it.

    >>> short_image("registry.fly.io/gaia@sha256:0123456789abcdef0123")
    'registry.fly.io/gaia@sha256:0123456789ab'
    """
    return re.sub(r"(sha256:[0-9a-f]{12})[0-9a-f]+", r"\1", image)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One secret of one service."""

    name: str
    kind: ChangeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSecrets:
    """What is done to one service.

    :param values: what is written, never shown.
    :param staged: names that are staged already and wait for a deployment.
    :param failure: why nothing could be planned, empty where it could.
    """

    service: str
    app: str
    changes: tuple[Change, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    staged: tuple[str, ...] = ()
    optional_missing: tuple[str, ...] = ()
    failure: str = ""

    def names(self, *kinds: ChangeKind) -> tuple[str, ...]:
        """The names with one of these kinds."""
        return tuple(change.name for change in self.changes if change.kind in kinds)

    @property
    def written(self) -> tuple[str, ...]:
        """The names whose values are written."""
        return self.names(*WRITTEN)

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.written or self.names(ChangeKind.REMOVE) or self.staged or self.failure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A planned sync of secrets, and once it was applied what came of it.

    :param results: service → `done`, `staged`, `settled`, or why it failed; empty for a plan that was not applied.
    """

    target: str
    services: tuple[ServiceSecrets, ...]
    notes: tuple[str, ...] = ()
    results: Mapping[str, str] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)

    @property
    def writes(self) -> int:
        """How many secrets are written or removed."""
        return sum(len(one.written) + len(one.names(ChangeKind.REMOVE)) for one in self.services)

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing to do anywhere."""
        return all(one.is_settled for one in self.services)

    @property
    def is_good(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    def lines(self) -> list[str]:
        """The plan as people read it."""
        lines = [f"note: {note}" for note in self.notes]
        for one in self.services:
            lines += service_lines(one)
        count = len(self.services)
        removals = sum(len(one.names(ChangeKind.REMOVE)) for one in self.services)
        parts = [
            f"{count} to {verb}" for count, verb in ((self.writes - removals, "write"), (removals, "remove")) if count
        ]
        total = ", ".join(parts) or "nothing to write"
        return [*lines, f"secrets of {self.target}: {total}, in {count} service{'s' * (count != 1)}"]


def service_lines(one: ServiceSecrets) -> list[str]:
    """The plan of one service as people read it."""
    lines = [f"{one.service} ({one.app})"]
    if one.failure:
        return [*lines, f"  ✖ {one.failure}"]
    for kind, (sign, says) in _SIGNS.items():
        names = one.names(kind) if kind is not ChangeKind.UNCHANGED else ()
        if len(names) > MANY:
            lines.append(f"  {sign} {', '.join(names)}: each {says}")
        else:
            lines += [f"  {sign} {name} {says}" for name in names]
    unchanged = one.names(ChangeKind.UNCHANGED)
    if unchanged:
        lines.append(f"  = {len(unchanged)} unchanged: {', '.join(unchanged)}")
    staged = [name for name in one.staged if name not in one.names(ChangeKind.REMOVE)]
    if staged:
        lines.append(f"  > staged before, wait for a deployment: {', '.join(staged)}")
    if one.optional_missing:
        lines.append(f"  · optional, not set: {', '.join(one.optional_missing)}")
    return lines
