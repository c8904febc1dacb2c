"""`parity-dev.json`: the results, written as they come and read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pytest_gaia_parity.errors import RecordingError
from pytest_gaia_parity.model.results import SCHEMA, Results
from pytest_gaia_parity.report.encode import encode_json
from pytest_gaia_parity.report.files import shown_path, whole_file
from pytest_gaia_parity.report.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_gaia_parity.model.comparison import Comparison
    from pytest_gaia_parity.model.results import Side
    from pytest_gaia_parity.report.sink import Evidence


class ResultsSink:
    """Writes the results file: a comparison a line, sorted by test, so that equal runs give equal bytes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._spool: Spool | None = None

    def open(self, baseline: Side, candidate: Side) -> None:  # noqa: ARG002 - the sides come again, complete, with the results
        """Begin.

        :raises ReportError: the folder cannot be written to.
        """
        self._spool = Spool(self._path)

    def write(self, comparison: Comparison, evidence: Evidence) -> None:  # noqa: ARG002 - the results hold no bodies
        """Take one comparison."""
        if self._spool is None:
            raise ValueError("the sink is not open")
        self._spool.add(comparison.test, encode_json(comparison))

    def close(self, results: Results) -> str:
        """Write the file.

        :raises ReportError: it cannot be written.
        """
        if self._spool is None:
            raise ValueError("the sink is not open")
        with whole_file(self._path) as file:
            for piece in _pieces(results, self._spool):
                file.write(piece)
        self._spool.close()
        return shown_path(self._path)


def _pieces(results: Results, spool: Spool) -> Iterator[bytes]:
    """The file in the order of the schema, a field a line; what has its default value is left out."""
    yield b'{"schema":%d' % SCHEMA
    for name in ("baseline", "candidate", "summary"):
        yield b',\n"%s":' % name.encode() + encode_json(getattr(results, name))
    yield b',\n"comparisons":['
    for number, (_, piece) in enumerate(spool.in_order()):
        yield (b",\n" if number else b"\n") + piece
    yield b"\n]" if len(spool) else b"]"
    for name in ("causes", "interrupted", "notes"):
        if value := getattr(results, name):
            yield b',\n"%s":' % name.encode() + encode_json(value)
    yield b"}\n"


def read_results(path: Path) -> Results:
    """Read a results file.

    :raises RecordingError: it cannot be read, or is not one.
    """
    try:
        content = path.read_bytes()
        head = msgspec.json.decode(content, type=_Schema)
        if head.schema <= SCHEMA:
            return msgspec.json.decode(content, type=Results)
    except OSError as error:
        raise RecordingError(f"'{shown_path(path)}' cannot be read: {error.strerror or error}", hint=_HINT) from None
    except msgspec.MsgspecError as error:
        raise RecordingError(f"'{shown_path(path)}' is not a results file: {error}", hint=_HINT) from None
    raise RecordingError(
        f"'{shown_path(path)}': schema {head.schema} is newer than {SCHEMA}, the newest that is understood here",
        hint="pip install --upgrade pytest-gaia-parity",
    )


class _Schema(msgspec.Struct):
    """What every results file of every schema has."""

    schema: int


_HINT = "name a results file that a parity run wrote, as in reports/parity-dev.json"
