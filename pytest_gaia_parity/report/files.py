"""Files that appear whole or not at all: written beside their name, moved there when finished."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pytest_gaia_parity.errors import ConfigError, ReportError

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTIAL = ".partial"


def partial_of(path: Path) -> Path:
    """Where *path* is written until it is whole."""
    return path.with_name(path.name + PARTIAL)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that takes its name when the block ends well, and vanishes when it does not.

    :raises ReportError: the file cannot be written.
    """
    partial = partial_of(path)
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise cannot_write(path, error) from None
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def cannot_write(path: Path, error: OSError) -> ReportError:
    """The error for a report that cannot be written."""
    return ReportError(
        f"'{path}' cannot be written: {error.strerror or error}",
        hint='free space or change the folder with reports = "…" in [tool.gaia-parity]',
    )


def prepare_folder(folder: Path) -> None:
    """Create the reports folder and prove that it can be written to, before anything runs.

    :raises ConfigError: it cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # permission bits do not tell the truth on every file system, and never to root
        descriptor, name = tempfile.mkstemp(prefix=".probe-", dir=folder)
        os.close(descriptor)
        Path(name).unlink()
    except OSError as error:
        raise ConfigError(
            f"the reports folder '{folder}' cannot be written to: {error.strerror or error}",
            hint='make it writable, or name another with reports = "…" in [tool.gaia-parity]',
        ) from None


def shown_path(path: Path) -> str:
    """Render *path* relative to the working directory where that is possible."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
