"""A temporary file of pieces, written as they come and read back in order."""

from __future__ import annotations

import tempfile
from typing import IO, TYPE_CHECKING

from pytest_gaia_parity.report.files import cannot_write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Spool:
    """Keeps bytes on disk beside *target* and only their places in memory; nameless, so a killed run leaves nothing."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._places: list[tuple[str, int, int]] = []
        #: bytes taken so far
        self.size = 0
        try:
            # beside the target: it has room for it, the system's temporary folder may not
            self._file: IO[bytes] = tempfile.TemporaryFile(dir=target.parent, buffering=1 << 18)  # noqa: SIM115 - closed by close()
        except OSError as error:
            raise cannot_write(target, error) from None

    def __len__(self) -> int:
        return len(self._places)

    def add(self, key: str, piece: bytes) -> None:
        """Append a piece under *key*."""
        try:
            self._file.write(piece)
        except OSError as error:
            raise cannot_write(self._target, error) from None
        self._places.append((key, self.size, len(piece)))
        self.size += len(piece)

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Keys and sizes in the order of `in_order`."""
        return ((key, size) for key, _, size in self._sorted())

    def in_order(self) -> Iterator[tuple[str, bytes]]:
        """Read the pieces sorted by key, equal keys as they came: the order of arrival depends on workers."""
        self._file.flush()
        for key, at, size in self._sorted():
            self._file.seek(at)
            yield key, self._file.read(size)

    def _sorted(self) -> list[tuple[str, int, int]]:
        self._places.sort(key=lambda place: (place[0], place[1]))
        return self._places

    def close(self) -> None:
        """Give the space back."""
        self._file.close()
