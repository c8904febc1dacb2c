"""Writes a recording line by line, and reads back what nobody shall have to keep in memory."""

from __future__ import annotations

import os
from collections import deque
from functools import partial
from typing import IO, TYPE_CHECKING

import msgspec

from pytest_gaia_parity.errors import ReportError
from pytest_gaia_parity.model.recording import BodyLine, End, Header, Line, TestRecord
from pytest_gaia_parity.report.bodies import body_line, with_large, without_large
from pytest_gaia_parity.report.encode import encode_json
from pytest_gaia_parity.report.files import cannot_write, partial_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_gaia_parity.model.exchange import Body

_LINE: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


class RecordingWriter:
    """Writes one recording: `NAME.partial` while it grows, NAME once it is closed.

    Each line is handed to the system as it is written, so what a killed run leaves behind is readable up to its last whole line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._reader: IO[bytes] | None = None
        self._records = 0
        #: where the next line begins, and where those of bodies do
        self._size = 0
        self._bodies: dict[str, int] = {}
        #: where each line began, the last few: what a full disk may have to give back
        self._starts: deque[int] = deque(maxlen=100)
        self._failure = ""

    def open(self, header: Header) -> None:
        """Begin with *header*: preflight has run by then, so its facts are known.

        :raises ReportError: the file cannot be created.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # appending: after a cut by a full disk the next line begins at the new end
            partial_of(self._path).unlink(missing_ok=True)
            self._file = partial_of(self._path).open("ab", buffering=0)
        except OSError as error:
            raise cannot_write(self._path, error) from None
        self._line(header)

    def write(self, record: TestRecord) -> Callable[[], TestRecord]:
        """Append one run of one test; returns what reads it back, so that nobody has to keep it.

        :raises ReportError: the disk is full, or gone. The file ends with its last whole line.
        """
        start = self._line(without_large(record, self._store))
        self._records += 1
        return partial(self._load, start)

    def close(self, *, interrupted: bool = False, reason: str = "") -> Path:
        """Write the closing line and give the file its name; harmless when it is closed already.

        Where there is no room left even for that, the last tests make room for it.
        """
        while self._file is not None:
            interrupted, reason = interrupted or bool(self._failure), reason or self._failure
            try:
                self._line(End(records=self._records, interrupted=interrupted, reason=reason))
            except ReportError:
                if len(self._starts) < 2:  # the header is not given back
                    raise
                self._drop_last()
                continue
            self._file.close()
            self._file = None
            partial_of(self._path).replace(self._path)
        return self._path

    def forget(self) -> None:
        """Nothing will be read back any more."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _store(self, digest: str, body: Body) -> None:
        if digest not in self._bodies:
            self._bodies[digest] = self._line(body_line(digest, body))

    def _line(self, line: Line) -> int:
        """Write a line; returns where it begins."""
        if self._file is None:
            raise ValueError("the recording is not open")
        start, data = self._size, encode_json(line) + b"\n"
        try:
            # past Python's own buffer: what is not on the disk is not to be tried again by closing the file
            written = 0
            while written < len(data):
                written += os.write(self._file.fileno(), data[written:])
        except OSError as error:
            os.ftruncate(self._file.fileno(), start)
            problem = cannot_write(self._path, error)
            self._failure = problem.message
            raise problem from None
        self._starts.append(start)
        self._size += len(data)
        return start

    def _drop_last(self) -> None:
        assert self._file is not None  # noqa: S101 - only `close` calls this
        self._size = self._starts.pop()
        is_test = isinstance(_LINE.decode(self._read(self._size)), TestRecord)
        self.forget()
        self._records -= is_test
        os.ftruncate(self._file.fileno(), self._size)

    def _load(self, start: int) -> TestRecord:
        line = _LINE.decode(self._read(start))
        assert isinstance(line, TestRecord)  # noqa: S101 - it was written as one
        return with_large(line, self._load_body)

    def _load_body(self, digest: str) -> BodyLine:
        line = _LINE.decode(self._read(self._bodies[digest]))
        assert isinstance(line, BodyLine)  # noqa: S101 - likewise
        return line

    def _read(self, start: int) -> bytes:
        if self._reader is None:
            self._reader = (partial_of(self._path) if self._file is not None else self._path).open("rb")
        self._reader.seek(start)
        return self._reader.readline()
