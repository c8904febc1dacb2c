"""`gaia-parity init`: a commented starter configuration, a first parity test and a CI workflow; overwrites nothing."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_gaia_parity.errors import EXIT_PARITY, ConfigError

if TYPE_CHECKING:
    import argparse

#: file of the project → file of the package's folder `starter`
_FILES = {
    "parity_tests/test_health.py": "test_health.py.txt",
    ".github/workflows/parity.yml": "parity.yml.txt",
}


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the flags."""
    parser = verbs.add_parser(
        "init",
        help="write a commented starter configuration, a first parity test and a CI workflow",
        description="Write a starter configuration, a first parity test and a CI workflow. Nothing is overwritten.",
    )
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:  # noqa: ARG001 - every verb is called alike
    """Write what is not there yet, and say what was done with each file."""
    starter = files("pytest_gaia_parity.cli") / "starter"
    print(_add_table(Path("pyproject.toml"), (starter / "pyproject.toml.txt").read_text(encoding="utf-8")))
    for name, source in _FILES.items():
        print(_write(Path(name), (starter / source).read_text(encoding="utf-8")))
    print("next: correct the targets in pyproject.toml, then run pytest --parity dev")
    return EXIT_PARITY


def _add_table(path: Path, text: str) -> str:
    if not path.exists():
        return _write(path, text)
    try:
        present = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} is not valid TOML: {error}", hint="correct it, then run gaia-parity init again"
        ) from None
    if "gaia-parity" in present.get("tool", {}):
        return f"kept     {path}: it has a table [tool.gaia-parity]"
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{text}")
    return f"extended {path}"


def _write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return f"kept     {path}: it exists"
    return f"wrote    {path}"
