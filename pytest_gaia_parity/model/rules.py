"""What the user said about comparing: by configuration, mark or handle."""

from __future__ import annotations

import msgspec


class CompareRules(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="kebab", forbid_unknown_fields=True
):
    """Paths to treat specially, and tolerances; the same for a run (configuration) and for a test (mark, handle)."""

    #: not compared at all
    ignore: tuple[str, ...] = ()
    #: compared by type and structure, not by value
    shape: tuple[str, ...] = ()
    #: arrays compared as sets with repetition
    unordered: tuple[str, ...] = ()
    #: relative difference that two numbers may have
    tolerance: float = 0.0

    def joined(self, other: CompareRules) -> CompareRules:
        """Both sets of rules; the wider tolerance counts."""
        return CompareRules(
            ignore=_union(self.ignore, other.ignore),
            shape=_union(self.shape, other.shape),
            unordered=_union(self.unordered, other.unordered),
            tolerance=max(self.tolerance, other.tolerance),
        )


def _union(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


class Expected(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="kebab", forbid_unknown_fields=True
):
    """A known difference: must occur exactly so, and ends on a day."""

    test: str
    path: str
    kind: str
    reason: str
    #: last day it is accepted, ISO date
    until: str
    baseline: object = msgspec.UNSET
    candidate: object = msgspec.UNSET
    exchange: str = ""
