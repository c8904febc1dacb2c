"""The data of the page: JSON, compressed and in base64, in chunks that are unpacked when they are looked at."""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_gaia_parity.report.spool import Spool

#: bytes of details that are compressed together: opening one inflates its chunk
_CHUNK: Final = 150_000


def packed_all(spool: Spool) -> str:
    """Pack everything that was spooled as one array."""
    return _packed(_array((piece for _, piece in spool.in_order()), len(spool)))


def chunk_starts(spool: Spool) -> list[int]:
    """Number of the first comparison of each chunk."""
    starts, size = [0], 0
    for number, (_, length) in enumerate(spool.sizes()):
        if size and size + length > _CHUNK:
            starts.append(number)
            size = 0
        size += length
    return starts


def packed_chunks(spool: Spool, starts: list[int]) -> Iterator[str]:
    """Pack the chunks that begin at *starts*."""
    pieces = (piece for _, piece in spool.in_order())
    for start, end in zip(starts, [*starts[1:], len(spool)], strict=True):
        yield _packed(_array(pieces, end - start))


def _array(pieces: Iterator[bytes], count: int) -> Iterator[bytes]:
    yield b"["
    for number in range(count):
        yield (b",\n" if number else b"") + next(pieces)
    yield b"]"


def _packed(pieces: Iterator[bytes]) -> str:
    """Zlib keeps no time, so equal input gives equal bytes."""
    compressor = zlib.compressobj(6)
    packed = b"".join([*(compressor.compress(piece) for piece in pieces), compressor.flush()])
    return base64.b64encode(packed).decode("ascii")
