"""Finds and reads `[tool.gaia-parity]`."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.config.check import checked_table
from pytest_gaia_parity.config.schema import Config
from pytest_gaia_parity.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "pyproject.toml"
TABLE = "tool.gaia-parity"


def load_config(start: Path, file: Path | None = None) -> Config:
    """Read the configuration in force for the folder *start*.

    :param file: the file to read instead of the nearest `pyproject.toml` with a table of ours, upwards from *start*.
    :raises ConfigError: there is none, it cannot be read, or something in it is wrong.
    """
    if file is not None:
        table = _table_of(file)
        if table is None:
            raise ConfigError(f"{file} has no table [{TABLE}]", hint=f"add [{TABLE}] to it, or name another file")
        return Config(file=file.resolve(), table=checked_table(table, file=file))
    folder = start.resolve()
    for candidate in (folder, *folder.parents):
        path = candidate / FILE_NAME
        if path.is_file() and (table := _table_of(path)) is not None:
            return Config(file=path, table=checked_table(table, file=path))
    raise ConfigError(
        f"no configuration: no {FILE_NAME} with a table [{TABLE}] in {folder} or above it",
        hint="gaia-parity init writes a commented one",
    )


def _table_of(path: Path) -> dict[str, Any] | None:
    try:
        with path.open("rb") as stream:
            document = tomllib.load(stream)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}", hint="correct that line") from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not UTF-8: {error.reason} at byte {error.start}", hint="save it as UTF-8"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}", hint="check the path and its permissions"
        ) from None
    table = document.get("tool", {}).get("gaia-parity")
    if table is not None and not isinstance(table, dict):
        raise ConfigError(f"{path}: '{TABLE}' is not a table", hint=f"write [{TABLE}] on a line of its own")
    return table
