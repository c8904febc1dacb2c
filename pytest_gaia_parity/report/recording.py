"""Recordings: one run of one target as JSON Lines, written line by line and read back the same way."""

from __future__ import annotations

import os
from collections import deque
from functools import partial
from typing import IO, TYPE_CHECKING, Final, Self

import msgspec

from pytest_gaia_parity.errors import RecordingError, ReportError
from pytest_gaia_parity.model.recording import SCHEMA, BodyLine, End, Header, Line, TestRecord
from pytest_gaia_parity.report.bodies import body_line, with_large, without_large
from pytest_gaia_parity.report.encode import encode_json
from pytest_gaia_parity.report.files import cannot_write, partial_of, shown_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pytest_gaia_parity.model.exchange import Body

#: an `End` line is far shorter than this
_TAIL: Final = 65536
_LINE: Final[msgspec.json.Decoder[Line]] = msgspec.json.Decoder(Line)


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


class Recording:
    """A recording that was opened: its header and end at once, its records as they are asked for.

    `end` is None where the run was killed before it could close the file.
    """

    def __init__(self, path: Path, header: Header, end: End | None) -> None:
        self.path = path
        self.header = header
        self.end = end

    @property
    def is_whole(self) -> bool:
        """Whether the recorded run came to its own end."""
        return self.end is not None and not self.end.interrupted

    def __iter__(self) -> Iterator[TestRecord]:
        return self.records()

    def records(self) -> Iterator[TestRecord]:
        """Read the test lines, one at a time.

        :raises RecordingError: a line is not a test line, or there are fewer than the end says.
        """
        count = 0
        with self.path.open("rb") as file, _Bodies(self.path) as bodies:
            for number, text in enumerate(bodies.noting(file), 1):
                if number == 1 or (self.end is None and not text.endswith(b"\n")):
                    continue
                line = _decoded(self.path, number, text)
                if isinstance(line, End):
                    break
                if isinstance(line, Header):
                    raise _broken(self.path, number, "a second header: two recordings were joined into one file")
                if isinstance(line, BodyLine):
                    bodies.add(line.digest)
                    continue
                count += 1
                try:
                    yield with_large(line, bodies.load)
                except KeyError as error:
                    raise _broken(self.path, number, f"the line of the body {error} is not before it") from None
        if self.end is not None and count != self.end.records:
            raise _broken(self.path, count + 2, f"the end promises {self.end.records} test lines, there are {count}")


class _Bodies:
    """Where the lines of a file's bodies are; they are read when they are asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._starts: dict[str, int] = {}
        self._start = 0
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def noting(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Pass the lines on, and know where the current one begins."""
        following = 0
        for line in lines:
            self._start, following = following, following + len(line)
            yield line

    def add(self, digest: str) -> None:
        """The current line holds this body."""
        self._starts[digest] = self._start

    def load(self, digest: str) -> BodyLine:
        if self._file is None:
            self._file = self._path.open("rb")
        self._file.seek(self._starts[digest])
        line = _LINE.decode(self._file.readline())
        assert isinstance(line, BodyLine)  # noqa: S101 - it was read as one
        return line


def read_recording(path: Path, *, allow_cut: bool = False) -> Recording:
    """Open a recording and check its first and last line.

    :param allow_cut: take a recording without its end, up to its last whole line.
    :raises RecordingError: it is missing, empty, cut off, of a newer schema, or no recording at all.
    """
    try:
        with path.open("rb") as file:
            header = _header(path, file.readline())
            end = _end(file)
    except OSError as error:
        raise _unreadable(path, error) from None
    if end is None and not allow_cut:
        number = _count_lines(path)
        raise _broken(
            path, number, "the recording ends here without its closing line: its run was killed or the file was cut"
        )
    return Recording(path, header, end)


def _header(path: Path, text: bytes) -> Header:
    if not text.strip():
        raise _broken(path, 1, "the file is empty")
    try:
        schema = msgspec.json.decode(text, type=_Any).schema
    except msgspec.MsgspecError:
        raise _no_recording(path, "its first line is not JSON with a schema") from None
    if schema > SCHEMA:
        raise RecordingError(
            f"'{shown_path(path)}' line 1: schema {schema} is newer than {SCHEMA}, the newest that is understood here",
            hint="pip install --upgrade pytest-gaia-parity",
        )
    try:
        line = _LINE.decode(text)
    except msgspec.MsgspecError as error:
        raise _no_recording(path, str(error)) from None
    if not isinstance(line, Header):
        raise _no_recording(path, "its first line is no header")
    return line


class _Any(msgspec.Struct):
    """What every header of every schema has."""

    schema: int


def _end(file: IO[bytes]) -> End | None:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL))
    tail = file.read()
    if not tail.endswith(b"\n"):
        return None
    try:
        line = _LINE.decode(tail.rstrip(b"\n").rpartition(b"\n")[2])
    except msgspec.MsgspecError:
        return None
    return line if isinstance(line, End) else None


def _decoded(path: Path, number: int, text: bytes) -> Line:
    try:
        return _LINE.decode(text)
    except msgspec.MsgspecError as error:
        raise _broken(path, number, f"not a line of a recording ({error})") from None


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _broken(path: Path, number: int, what: str) -> RecordingError:
    return RecordingError(
        f"'{shown_path(path)}' line {number}: {what}",
        hint="record it again: pytest --target NAME --record FILE",
    )


def _no_recording(path: Path, why: str) -> RecordingError:
    return RecordingError(
        f"'{shown_path(path)}' is not a recording: {why}",
        hint="name a file that pytest --target NAME --record FILE wrote",
    )


def _unreadable(path: Path, error: OSError) -> RecordingError:
    partial = partial_of(path)
    if isinstance(error, FileNotFoundError) and partial.exists():
        return RecordingError(
            f"'{shown_path(path)}' does not exist, but its run left '{shown_path(partial)}' when it was killed",
            hint="record it again: pytest --target NAME --record FILE",
        )
    return RecordingError(
        f"'{shown_path(path)}' cannot be read: {error.strerror or error}",
        hint="name a file that pytest --target NAME --record FILE wrote",
    )
