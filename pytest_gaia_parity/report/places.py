"""Where a comparison's differences are, asked for by place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_gaia_parity.errors import ConfigError
from pytest_gaia_parity.model.comparison import Severity
from pytest_gaia_parity.model.path import ANY, matches, parse_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_gaia_parity.model.comparison import Difference
    from pytest_gaia_parity.model.path import Path, Segment

_VARIES, _DIFFERS, _NOTED = 1, 2, 3


class Places:
    """The differences of one exchange by their path; a place that differs without one varies as the baseline does."""

    def __init__(self, differences: Iterable[tuple[int, Difference]]) -> None:
        self._exact: dict[Path, tuple[int, int]] = {}
        self._patterns: list[tuple[Path, tuple[int, int]]] = []
        for number, difference in differences:
            flag = _DIFFERS if difference.severity is Severity.ERROR else _NOTED
            try:
                path = parse_path(difference.path)
            except ConfigError:
                continue
            self._exact.setdefault(path, (flag, number))
            if difference.count > 1:
                pattern = tuple(ANY if isinstance(segment, int) else segment for segment in path)
                self._patterns.append((pattern, (flag, number)))

    def find(self, left: Sequence[Segment], right: Sequence[Segment], *, below: bool = False) -> tuple[int, int]:
        """Flag and number of the difference at a place or above it, and with *below* under it."""
        for place in (tuple(left), tuple(right)):
            for length in range(len(place), 0, -1):
                if (found := self._exact.get(place[:length])) is not None:
                    return found
            for pattern, found in self._patterns:
                if matches(pattern, place):
                    return found
            if below:
                for path, found in self._exact.items():
                    if path[: len(place)] == place:
                        return found
        return _VARIES, -1
