"""Two bodies as aligned rows: structure first, so that only what differs looks different."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from pytest_gaia_parity.report.tree import Pairs, neutral_key, quoted, scalar_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_gaia_parity.model.path import Segment
    from pytest_gaia_parity.report.places import Places

#: flags of a row; the page knows them by the same numbers
SAME: Final = 0
VARIES: Final = 1
DIFFERS: Final = 2
NOTED: Final = 3

Row = list[Any]
"""`[SAME, depth, text]`, or `[flag, depth, left, right, difference]` with None for an absent side and -1 for no difference."""

Place = tuple["Segment", ...]


def align_json(left: Any, right: Any, places: Places, root: Place) -> list[Row]:
    """Align two parsed bodies; *root* is the place of the body itself."""
    aligner = _Aligner(places)
    aligner.align(left, right, "", 0, (root, root))
    return aligner.rows


def align_lines(left: Sequence[str], right: Sequence[str], places: Places, root: Place) -> list[Row]:
    """Align two texts line by line."""
    rows: list[Row] = []
    found = places.find(root, root, below=True)
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, left, right, autojunk=True).get_opcodes():
        if tag == "equal":
            rows.extend([SAME, 0, line] for line in left[i1:i2])
        else:
            rows.extend([found[0], 0, one, other, found[1]] for one, other in zip_longest(left[i1:i2], right[j1:j2]))
    return rows


class _Aligner:
    """Collects rows while two trees are walked side by side."""

    def __init__(self, places: Places) -> None:
        self.rows: list[Row] = []
        self._places = places

    def align(self, left: Any, right: Any, label: str, depth: int, at: tuple[Place, Place]) -> None:
        if left == right and type(left) is type(right):
            self.rows += [[SAME, deep, text] for deep, text in _lines(left, label, depth)]
        elif isinstance(left, Pairs) and isinstance(right, Pairs):
            self._group(label, depth, "{}")
            self._objects(left, right, depth + 1, at)
            self.rows.append([SAME, depth, "}"])
        elif isinstance(left, list) and isinstance(right, list):
            self._group(label, depth, "[]")
            self._arrays(left, right, depth + 1, at)
            self.rows.append([SAME, depth, "]"])
        else:
            lines = zip_longest(_lines(left, label, depth), _lines(right, label, depth))
            flag, number = self._places.find(*at)
            for one, other in lines:
                self._changed(flag, number, one, other)

    def _group(self, label: str, depth: int, brackets: str) -> None:
        self.rows.append([SAME, depth, label + brackets[0]])

    def _changed(self, flag: int, number: int, one: tuple[int, str] | None, other: tuple[int, str] | None) -> None:
        depth = (one or other or (0, ""))[0]
        self.rows.append([flag, depth, one and one[1], other and other[1], number])

    def _only(self, value: Any, label: str, depth: int, place: Place, *, is_left: bool) -> None:
        flag, number = self._places.find(place, place)
        for line in _lines(value, label, depth):
            self._changed(flag, number, line if is_left else None, None if is_left else line)

    def _objects(self, left: Pairs, right: Pairs, depth: int, at: tuple[Place, Place]) -> None:
        if len(left) == len(right) and all(one[0] == other[0] for one, other in zip(left, right, strict=True)):
            self._alike(left, right, depth, at)
            return
        others = _occurrences(right)
        mine = _occurrences(left)
        for key in _merged(list(mine), list(others)):
            label, place = f"{quoted(key[0])}: ", (at[0] + (key[0],), at[1] + (key[0],))
            if key not in others:
                self._only(mine[key], label, depth, place[0], is_left=True)
            elif key not in mine:
                self._only(others[key], label, depth, place[1], is_left=False)
            else:
                self.align(mine[key], others[key], label, depth, place)

    def _alike(self, left: Pairs, right: Pairs, depth: int, at: tuple[Place, Place]) -> None:
        """Objects with the same keys in the same order: the usual case, at a third of the cost."""
        for (key, one), (_, other) in zip(left, right, strict=True):
            self.align(one, other, f"{quoted(key)}: ", depth, ((*at[0], key), (*at[1], key)))

    def _arrays(self, left: list[Any], right: list[Any], depth: int, at: tuple[Place, Place]) -> None:
        for i, j in _matched(left, right):
            if i is None:
                self._only(right[j or 0], "", depth, (*at[1], j or 0), is_left=False)
            elif j is None:
                self._only(left[i], "", depth, (*at[0], i), is_left=True)
            else:
                self.align(left[i], right[j], "", depth, ((*at[0], i), (*at[1], j)))


def _occurrences(pairs: Pairs) -> dict[tuple[str, int], Any]:
    """Key and how often it stood before: a duplicate key is a member of its own."""
    found: dict[tuple[str, int], Any] = {}
    for key, value in pairs:
        number = 0
        while (key, number) in found:
            number += 1
        found[key, number] = value
    return found


def _merged(first: list[tuple[str, int]], second: list[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """The first list's order, each extra of the second after the one it follows there."""
    known = set(first)
    following: dict[tuple[str, int] | None, list[tuple[str, int]]] = {}
    last: tuple[str, int] | None = None
    for key in second:
        if key in known:
            last = key
        else:
            following.setdefault(last, []).append(key)
    yield from following.get(None, ())
    for key in first:
        yield key
        yield from following.get(key, ())


def _matched(left: list[Any], right: list[Any]) -> Iterator[tuple[int | None, int | None]]:
    """Which elements stand side by side."""
    if len(left) == len(right):
        yield from ((index, index) for index in range(len(left)))
        return
    matcher = SequenceMatcher(None, [neutral_key(one) for one in left], [neutral_key(one) for one in right])
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag in {"equal", "replace"}:
            yield from zip_longest(range(i1, i2), range(j1, j2))
        else:
            yield from ((index, None) for index in range(i1, i2))
            yield from ((None, index) for index in range(j1, j2))


def _lines(value: Any, label: str, depth: int) -> list[tuple[int, str]]:
    """A value as indented lines without commas: a comma is no difference."""
    lines: list[tuple[int, str]] = []
    _add_lines(lines, value, label, depth)
    return lines


def _add_lines(lines: list[tuple[int, str]], value: Any, label: str, depth: int) -> None:
    if isinstance(value, Pairs) and value:
        lines.append((depth, label + "{"))
        for key, item in value:
            _add_lines(lines, item, f"{quoted(key)}: ", depth + 1)
        lines.append((depth, "}"))
    elif isinstance(value, list) and value:
        lines.append((depth, label + "["))
        for item in value:
            _add_lines(lines, item, "", depth + 1)
        lines.append((depth, "]"))
    else:
        lines.append((depth, label + scalar_text(value)))
