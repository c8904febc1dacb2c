"""Reads recordings: one run of one target as JSON Lines."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Final, NamedTuple

import msgspec

from pytest_gaia_parity.errors import RecordingError
from pytest_gaia_parity.model.recording import SCHEMA, BodyLine, End, Header, Line, TestRecord
from pytest_gaia_parity.report.bodies import with_large
from pytest_gaia_parity.report.files import partial_of, shown_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


#: an `End` line is far shorter than this
_TAIL: Final = 65536
_LINE: Final[msgspec.json.Decoder[Line]] = msgspec.json.Decoder(Line)


class Head(NamedTuple):
    """Which run of which test a line is."""

    test: str
    run: int
    origin: str
    only_on: bool


class Recording:
    """A recording that was opened: its header and end at once, its records as they are asked for.

    `end` is None where the run was killed before it could close the file.
    """

    def __init__(self, path: Path, header: Header, end: End | None) -> None:
        self.path = path
        self.header = header
        self.end = end
        #: digest → where the line of the body begins
        self._bodies: dict[str, int] = {}
        self._file: IO[bytes] | None = None

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
        try:
            for start, _ in self.heads():
                yield self.load(start)
        finally:
            self.forget()

    def heads(self) -> Iterator[tuple[int, Head]]:
        """Where each test line begins, and of which run of which test it is; `load` reads it.

        :raises RecordingError: a line is not a test line, or there are fewer than the end says.
        """
        count = following = 0
        with self.path.open("rb") as file:
            for number, text in enumerate(file, 1):
                start, following = following, following + len(text)
                if number == 1 or (self.end is None and not text.endswith(b"\n")):
                    continue
                line = _decoded(self.path, number, text)
                if isinstance(line, End):
                    break
                if isinstance(line, Header):
                    raise _broken(self.path, number, "a second header: two recordings were joined into one file")
                if isinstance(line, BodyLine):
                    self._bodies[line.digest] = start
                    continue
                count += 1
                yield start, Head(line.test, line.run, line.origin, line.only_on)
        if self.end is not None and count != self.end.records:
            raise _broken(self.path, count + 2, f"the end promises {self.end.records} test lines, there are {count}")

    def load(self, start: int) -> TestRecord:
        """Read the test line that begins at *start*, with its bodies.

        :raises RecordingError: a body is not there.
        """
        line = _LINE.decode(self._line(start))
        assert isinstance(line, TestRecord)  # noqa: S101 - it was read as one
        try:
            return with_large(line, self._load_body)
        except KeyError as error:
            with self.path.open("rb") as file:
                number = file.read(start).count(b"\n") + 1
            raise _broken(self.path, number, f"the line of the body {error} is not before it") from None

    def forget(self) -> None:
        """Close what `load` reads from; it is opened again when it is needed."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _load_body(self, digest: str) -> BodyLine:
        line = _LINE.decode(self._line(self._bodies[digest]))
        assert isinstance(line, BodyLine)  # noqa: S101 - it was read as one
        return line

    def _line(self, start: int) -> bytes:
        if self._file is None:
            self._file = self.path.open("rb")
        self._file.seek(start)
        return self._file.readline()


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
