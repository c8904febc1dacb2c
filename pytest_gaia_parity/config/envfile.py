"""The .env file, read once into named secrets: python-dotenv's parser, Docker Compose's interpolation."""

from __future__ import annotations

import io
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_gaia_parity.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dotenv.parser import Binding

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SINGLE_QUOTED = re.compile(r"[^=]*=[^\S\r\n]*'")
#: what Docker Compose replaces: `$$`, `$NAME`, `${NAME}` and `${NAME` with one of `:-` `-` `:?` `?` `:+` `+` and a word
_REFERENCE = re.compile(r"\$(?:(?P<escaped>\$)|(?P<plain>[A-Za-z_]\w*)|(?P<open>\{)|)")
_BRACED = re.compile(r"(?P<name>[A-Za-z_]\w*)(?P<operator>:?[-?+])?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something in the file that its author did not mean; never a value.

    :param line: counted from 1; 0 for the file as a whole.
    """

    line: int
    says: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.says}" if self.line else self.says


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvFile:
    """What a .env file says.

    :param problems: what in it is malformed or doubtful.
    :param notes: about the file itself: missing, readable by others.
    """

    path: Path
    exists: bool
    values: Mapping[str, str] = field(repr=False, default_factory=dict)
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def read_env(path: Path, *, environment: Mapping[str, str] | None = None) -> EnvFile:
    """Read *path*; a missing file is empty and noted.

    :param environment: where `${NAME}` is looked up first, as Docker Compose does; by default that of this process.
    :raises ConfigError: it cannot be read, or is not UTF-8.
    """
    try:
        content, mode = path.read_bytes(), path.stat().st_mode
    except FileNotFoundError:
        return EnvFile(path=path, exists=False, notes=(f"'{path}' does not exist",))
    except OSError as error:
        raise ConfigError(
            f"'{path}' cannot be read: {error.strerror}", hint="check 'env-file' and the file's permissions"
        ) from None
    try:
        text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig").read()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"'{path}' is not UTF-8: line {line}", hint="save it as UTF-8") from None
    values, problems = parse_env(text, environment=os.environ if environment is None else environment)
    notes = (f"'{path}' can be read by other users of this machine: chmod 600 {path}",) if mode & 0o044 else ()
    return EnvFile(path=path, exists=True, values=values, problems=tuple(problems), notes=notes)


def parse_env(text: str, *, environment: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
    r"""Return values and problems of a file's text.

    >>> parse_env("A=1\nB='$A'\nC=${A}${D:-2}", environment={})
    ({'A': '1', 'B': '$A', 'C': '12'}, [])
    """
    from dotenv.parser import parse_stream  # noqa: PLC0415 - one run in many needs it

    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    problems: list[Problem] = []
    for binding in parse_stream(io.StringIO(text)):
        line = _line_of(binding)
        if binding.error:
            problems.append(
                Problem(line=line, says="is not NAME=VALUE, or a quote is not closed; the line is left out")
            )
        elif binding.key is not None:
            says = _refusal(binding) or _taken_twice(binding.key, lines)
            if says:
                problems.append(Problem(line=line, says=says))
            if not _refusal(binding):
                lines[binding.key] = line
                values[binding.key] = _value(binding, line, values=values, environment=environment, problems=problems)
    return values, problems


def _line_of(binding: Binding) -> int:
    """The line a binding starts on; python-dotenv counts the blank lines before it as part of it."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def _refusal(binding: Binding) -> str:
    key = str(binding.key)
    if not _NAME.fullmatch(key):
        return "the name is not of letters, digits and underscores; the line is left out"
    if binding.value is None:
        return f"'{key}' has no '='; the line is left out"
    if "\0" in binding.value:
        return f"'{key}' has a NUL byte, which no environment can hold; the line is left out"
    return ""


def _taken_twice(key: str, lines: Mapping[str, int]) -> str:
    return f"'{key}' stands already on line {lines[key]}; the last one counts" if key in lines else ""


def _value(
    binding: Binding, line: int, *, values: Mapping[str, str], environment: Mapping[str, str], problems: list[Problem]
) -> str:
    value = str(binding.value)
    if _SINGLE_QUOTED.match(binding.original.string) or "$" not in value:
        return value
    interpolation = _Interpolation(values, environment)
    replaced = interpolation.replace(value)
    problems.extend(
        Problem(line=line, says=f"'{binding.key}' {says}") for says in dict.fromkeys(interpolation.problems)
    )
    return replaced


class _Interpolation:
    """Replaces the references in one value, and gathers what is wrong with them."""

    def __init__(self, values: Mapping[str, str], environment: Mapping[str, str]) -> None:
        self.problems: list[str] = []
        self._values = values
        self._environment = environment

    def replace(self, text: str) -> str:
        return "".join(self._parts(text))

    def _parts(self, text: str) -> Iterator[str]:
        position = 0
        while (found := _REFERENCE.search(text, position)) is not None:
            yield text[position : found.start()]
            position = found.end()
            if found["escaped"]:
                yield "$"
            elif found["plain"]:
                yield self._look_up(found["plain"])
            elif found["open"] and (end := _closing(text, position)) >= 0:
                yield self._braced(text[position:end], literal=text[found.start() : end + 1])
                position = end + 1
            else:
                self.problems.append("has a '$' before no name, kept as it is; write '$$', or quote the value with '…'")
                yield found[0]
        yield text[position:]

    def _braced(self, inner: str, *, literal: str) -> str:
        found = _BRACED.match(inner)
        if found is None or (found["operator"] is None and found.end() != len(inner)):
            self.problems.append("has a '${…}' that is no reference, kept as it is; write '$$', or quote it with '…'")
            return literal
        name, operator, word = found["name"], found["operator"] or "", inner[found.end() :]
        value = self._find(name)
        is_set = bool(value) if operator.startswith(":") else value is not None
        if operator.endswith("+"):
            return self.replace(word) if is_set else ""
        if is_set:
            return str(value)
        if operator.endswith("-"):
            return self.replace(word)
        if operator.endswith("?"):
            self.problems.append(f"needs '{name}', which is not set")
            return ""
        return self._look_up(name)

    def _look_up(self, name: str) -> str:
        value = self._find(name)
        if value is None:
            self.problems.append(f"refers to '{name}', which is not set before it; it becomes empty")
        return value or ""

    def _find(self, name: str) -> str | None:
        inside, outside = self._values.get(name), self._environment.get(name)
        if outside is not None and inside is not None and outside != inside:
            self.problems.append(f"takes '{name}' from the environment, as Docker Compose does, not from this file")
        return inside if outside is None else outside


def _closing(text: str, start: int) -> int:
    """The place of the brace that closes the one before *start*, -1 if there is none."""
    depth = 1
    for position in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return position
    return -1


def state_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Where what must be remembered between runs is kept, for this user alone: `GAIA_PARITY_STATE`, else XDG's place."""
    env = os.environ if environment is None else environment
    if env.get("GAIA_PARITY_STATE"):
        return Path(env["GAIA_PARITY_STATE"])
    home = env.get("XDG_STATE_HOME") or str(Path(env.get("HOME", "~")).expanduser() / ".local" / "state")
    return Path(home) / "gaia-parity"
