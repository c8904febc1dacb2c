"""What is to be said of shards: missing, broken off, repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_gaia_parity.report.files import shown_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_gaia_parity.cli.shelf import Shelf
    from pytest_gaia_parity.report.recording import Recording

#: files that are named in one sentence
_NAMED = 5


def lost_notes(by_target: Mapping[str, Sequence[Recording]]) -> list[str]:
    """Say which shards broke off, and which are not there; with any of these a merge cannot pass."""
    notes = []
    for target, recordings in by_target.items():
        broken = [shown_path(one.path) for one in recordings if not one.is_whole]
        if broken:
            notes.append(f"{_counted(len(broken), 'shard')} of {target} broke off: {_some(broken)}")
        missing = _missing(recordings)
        if missing:
            total = max(one.header.shards for one in recordings)
            notes.append(
                f"of {target} {_counted(len(missing), 'shard')} of {total} missing: {_some(map(str, missing))}"
            )
    return notes


def repeated_notes(shelf: Shelf) -> Iterator[str]:
    """Say which shards repeat each other."""
    rows = [
        f"'{shown_path(later.path)}' has {_counted(count, 'test')} of '{shown_path(first.path)}'"
        for later, first, count in shelf.repeated()
    ]
    if rows:
        yield f"the same runs are in more than one recording, and count once: {_some(rows)}"


def _missing(recordings: Sequence[Recording]) -> list[int]:
    total = max(one.header.shards for one in recordings)
    return sorted(set(range(1, total + 1)) - {one.header.shard for one in recordings})


def _some(names: Iterator[str] | Sequence[str] | map[str]) -> str:
    listed = list(names)
    rest = len(listed) - _NAMED
    return ", ".join(listed[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
