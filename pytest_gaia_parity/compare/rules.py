"""`CompareRules` with their paths read, and what of them was used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_gaia_parity.model.path import Path, matches, parse_path

if TYPE_CHECKING:
    from pytest_gaia_parity.model.rules import CompareRules


class Rules:
    """Rules that a walk asks at each place."""

    def __init__(self, rules: CompareRules) -> None:
        self.ignore = [(text, parse_path(text)) for text in rules.ignore]
        self.shape = [parse_path(text) for text in rules.shape]
        self.unordered = [parse_path(text) for text in rules.unordered]
        self.tolerance = rules.tolerance
        #: ignores that matched a place that is there
        self.used: set[str] = set()

    def ignores(self, path: Path) -> bool:
        """Whether a place is not compared."""
        found = False
        for text, pattern in self.ignore:
            if matches(pattern, path):
                self.used.add(text)
                found = True
        return found

    def is_shape(self, path: Path) -> bool:
        """Whether a place is compared by type and structure only."""
        return any(matches(pattern, path) for pattern in self.shape)

    def is_unordered(self, path: Path) -> bool:
        """Whether the order of this very array means nothing."""
        return any(len(pattern) <= len(path) and matches(pattern, path) for pattern in self.unordered)
