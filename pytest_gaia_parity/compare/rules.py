"""`CompareRules` with their paths read, and what of them was used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.model.path import ANY, DEEP, Path, matches, parse_path

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pytest_gaia_parity.model.rules import CompareRules


class Rules:
    """Rules that a walk asks at each place."""

    def __init__(self, rules: CompareRules, used: Collection[str] = ()) -> None:
        self.ignore = [(text, parse_path(text)) for text in rules.ignore]
        self.shape = [parse_path(text) for text in rules.shape]
        self.unordered = [parse_path(text) for text in rules.unordered]
        self.tolerance = rules.tolerance
        #: ignores that matched a place that is there
        self.used: set[str] = {text for text, _ in self.ignore if text in used}

    def ignores(self, path: Path) -> bool:
        """Whether a place is not compared."""
        found = False
        for text, pattern in self.ignore:
            if matches(pattern, path):
                self.used.add(text)
                found = True
        return found

    def look(self, tree: Any) -> None:
        """Note which ignores name a place that is there, also where nothing differs.

        :param tree: all that is known of an exchange or of observations, from the root.
        """
        self.used |= {text for text, pattern in self.ignore if text not in self.used and _reaches(pattern, tree)}

    @property
    def has_unused(self) -> bool:
        """Whether some ignore has matched nothing yet."""
        return len(self.used) < len(self.ignore)

    def is_shape(self, path: Path) -> bool:
        """Whether a place is compared by type and structure only."""
        return any(matches(pattern, path) for pattern in self.shape)

    def is_unordered(self, path: Path) -> bool:
        """Whether the order of this very array means nothing."""
        return any(len(pattern) <= len(path) and matches(pattern, path) for pattern in self.unordered)


def _reaches(pattern: Path, tree: Any) -> bool:
    """Whether a pattern names a place in a tree."""
    if not pattern:
        return True
    head, rest = pattern[0], pattern[1:]
    children = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    if head is DEEP:
        return _reaches(rest, tree) or any(_reaches(pattern, child) for child in children)
    if head is ANY:
        return any(_reaches(rest, child) for child in children)
    if isinstance(tree, dict):
        return head in tree and _reaches(rest, tree[head])
    return isinstance(tree, list) and isinstance(head, int) and head < len(tree) and _reaches(rest, tree[head])


def idle_ignores(ignores: Sequence[str], used: Collection[str], defaults: Collection[str]) -> list[str]:
    """What is wrong with ignores, by path: nothing was there, everything is, another one or a default covers it."""
    parsed = {text: parse_path(text) for text in ignores}
    notes = []
    for text, pattern in parsed.items():
        wider = next((one for one in parsed if one != text and matches(parsed[one], pattern)), None)
        if all(part in {ANY, DEEP} for part in pattern):
            notes.append(f"'{text}' ignores everything: nothing was compared")
        elif wider is not None:
            notes.append(f"'{text}' is ignored twice: '{wider}' covers it")
        elif len(pattern) > 1 and pattern[0] == "headers" and str(pattern[1]) in defaults:
            notes.append(f"'{text}' is ignored anyway, by default")
        elif text not in used:
            notes.append(f"'{text}' is ignored, and nothing was there")
    return notes
