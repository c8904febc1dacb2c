"""Checks the configuration: unknown key, wrong type, undefined name → file, key, nearest valid one."""

from __future__ import annotations

import string
import typing
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_gaia_parity.config.schema import CompareConfig, Config, ConfigFile, TargetConfig
from pytest_gaia_parity.errors import ConfigError, nearest
from pytest_gaia_parity.model.comparison import Kind
from pytest_gaia_parity.model.path import parse_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_ROOT = "tool.gaia-parity"


def checked_table(table: Mapping[str, Any], *, file: Path) -> ConfigFile:
    """Decode the table of a configuration file.

    :raises ConfigError: naming file, key and the nearest valid one.
    """
    for key, name, valid in _unknown_keys(table, ConfigFile, _ROOT):
        raise ConfigError(f"{file}: [{key}] has no key '{name}'; {nearest(name, valid)}", hint="correct or remove it")
    for key, problem, hint in _wrong_values(table, ConfigFile, _ROOT):
        raise ConfigError(f"{file}: '{key}': {problem}", hint=hint)
    decoded = msgspec.convert(table, ConfigFile)
    for key, problem, hint in _problems(decoded):
        raise ConfigError(f"{file}: '{_ROOT}.{key}': {problem}", hint=hint)
    return decoded


def require_target(config: Config, name: str, *, option: str) -> str:
    """Return *name* if it is a configured target.

    :raises ConfigError: naming the file and the nearest target.
    """
    if name not in config.table.targets:
        raise ConfigError(
            f"{option}: '{name}' is no target of {config.file}; {nearest(name, config.table.targets)}",
            hint=f"use one of these, or add [{_ROOT}.targets.{name}]",
        )
    return name


def _unknown_keys(value: Any, expected: Any, key: str) -> Iterator[tuple[str, str, list[str]]]:
    """Walk tables beside the types they are decoded into; yields table, unknown key, valid keys."""
    origin, arguments = typing.get_origin(expected), typing.get_args(expected)
    if isinstance(expected, type) and issubclass(expected, msgspec.Struct) and isinstance(value, dict):
        fields = {field.encode_name: field for field in msgspec.structs.fields(expected)}
        for name, item in value.items():
            if name not in fields:
                yield key, name, list(fields)
            else:
                yield from _unknown_keys(item, fields[name].type, f"{key}.{name}")
    elif origin is dict and isinstance(value, dict):
        for name, item in value.items():
            yield from _unknown_keys(item, arguments[1], f"{key}.{name}")
    elif origin is list and isinstance(value, list):
        for item in value:
            yield from _unknown_keys(item, arguments[0], key)


def _wrong_values(value: Any, expected: Any, key: str) -> Iterator[tuple[str, str, str]]:
    """Walk down to each value that cannot be decoded (msgspec's own path leaves the names of tables out)."""
    try:
        msgspec.convert(value, expected)
    except msgspec.ValidationError as error:
        found = list(_wrong_parts(value, expected, key))
        if found:
            yield from found
            return
        says = str(error).partition(" - at `$")[0]
        if typing.get_origin(expected) is typing.Literal:
            valid = [str(item) for item in typing.get_args(expected)]
            yield key, f"{value!r} is not valid; {nearest(str(value), valid)}", f"correct '{key}'"
        else:
            yield key, says[:1].lower() + says[1:], f"correct '{key}'"


def _wrong_parts(value: Any, expected: Any, key: str) -> Iterator[tuple[str, str, str]]:
    origin, arguments = typing.get_origin(expected), typing.get_args(expected)
    if isinstance(expected, type) and issubclass(expected, msgspec.Struct) and isinstance(value, dict):
        for field in msgspec.structs.fields(expected):
            if field.encode_name in value:
                yield from _wrong_values(value[field.encode_name], field.type, f"{key}.{field.encode_name}")
    elif origin is dict and isinstance(value, dict):
        for name, item in value.items():
            yield from _wrong_values(item, arguments[1], f"{key}.{name}")
    elif origin is list and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _wrong_values(item, arguments[0], f"{key}[{number}]")


def _amounts(table: ConfigFile) -> Iterator[tuple[str, str, str]]:
    if table.jobs < 1:
        yield "jobs", f"{table.jobs} is less than 1", "1 is the default: one test at a time"
    if table.timeout <= 0:
        yield "timeout", f"{table.timeout:g} is not a number of seconds above nought", "30 is the default"


def _problems(table: ConfigFile) -> Iterator[tuple[str, str, str]]:
    """What the types cannot say; yields key, problem, hint."""
    if table.targets and table.baseline not in table.targets:
        yield (
            "baseline",
            f"'{table.baseline}' is no target; {nearest(table.baseline, table.targets)}",
            f"name a target, or add [{_ROOT}.targets.{table.baseline}]",
        )
    yield from _amounts(table)
    for name, target in table.targets.items():
        yield from _target_problems(name, target, table)
    for name, service in table.services.items():
        for called in service.calls:
            if called not in table.services:
                yield (
                    f"services.{name}.calls",
                    f"'{called}' is no service; {nearest(called, table.services)}",
                    f"name a service, or add [{_ROOT}.services.{called}]",
                )
        if not service.health.startswith("/"):
            yield f"services.{name}.health", f"'{service.health}' is no path", "begin it with /"
    yield from _compare_problems(table.compare)
    for number, expected in enumerate(table.expected):
        if expected.kind not in set(Kind):
            yield (
                f"expected[{number}].kind",
                f"'{expected.kind}' is no kind of difference; {nearest(expected.kind, Kind)}",
                "the results file has the kind of each difference",
            )
        yield from _path_problems(f"expected[{number}].path", expected.path)


def _target_problems(name: str, target: TargetConfig, table: ConfigFile) -> Iterator[tuple[str, str, str]]:
    key = f"targets.{name}"
    if not target.url and not target.urls:
        yield key, "has neither 'url' nor 'urls'", f'add url = "http://{{service}}:8000" to [{_ROOT}.{key}]'
    for service, url in target.urls.items():
        if table.services and service not in table.services:
            yield (
                f"{key}.urls",
                f"'{service}' is no service; {nearest(service, table.services)}",
                f"name a service, or add [{_ROOT}.services.{service}]",
            )
        yield from _url_problems(f"{key}.urls.{service}", url)
    if target.url:
        yield from _url_problems(f"{key}.url", target.url)
        yield from _placeholder_problems(f"{key}.url", target.url, ("service", "app") if target.app else ("service",))
    yield from _placeholder_problems(f"{key}.app", target.app, ("service",))
    if target.network == "fly" and not target.app:
        yield key, "network 'fly' needs 'app', the Fly app of a service", f'add app = "gaia-{{service}}-{name}"'
    for number, write in enumerate(target.writes):
        parts = write.split()
        if len(parts) != 3 or not parts[2].startswith("/"):
            yield (
                f"{key}.writes[{number}]",
                f"'{write}' is not of the form METHOD service /path",
                'as in "POST auth /login"',
            )
        elif table.services and parts[1] not in table.services:
            yield (
                f"{key}.writes[{number}]",
                f"'{parts[1]}' is no service; {nearest(parts[1], table.services)}",
                "name a service",
            )


def _url_problems(key: str, url: str) -> Iterator[tuple[str, str, str]]:
    if not url.startswith(("http://", "https://")):
        yield key, f"'{url}' is no http or https URL", 'as in "http://{service}:8000"'


def _placeholder_problems(key: str, text: str, valid: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    try:
        names = [field for _, field, _, _ in string.Formatter().parse(text) if field is not None]
    except ValueError as error:
        yield key, f"'{text}' cannot be filled in: {error}", "write placeholders as {service}"
        return
    for name in names:
        if name not in valid:
            about = " (the target has no 'app')" if name == "app" else ""
            yield key, f"unknown placeholder '{{{name}}}'{about}; {nearest(name, valid)}", "correct or remove it"


def _compare_problems(compare: CompareConfig) -> Iterator[tuple[str, str, str]]:
    if compare.repeat < 1:
        yield "compare.repeat", f"{compare.repeat} is less than 1", "2 is the default"
    if compare.confirm < 0:
        yield "compare.confirm", f"{compare.confirm} is less than 0", "2 is the default, 0 turns it off"
    if compare.tolerance < 0:
        yield "compare.tolerance", f"{compare.tolerance:g} is less than 0", "0.01 allows one per cent"
    for name, paths in (("ignore", compare.ignore), ("shape", compare.shape), ("unordered", compare.unordered)):
        for path in paths:
            yield from _path_problems(f"compare.{name}", path)


def _path_problems(key: str, path: str) -> Iterator[tuple[str, str, str]]:
    try:
        parse_path(path)
    except ConfigError as error:
        yield key, error.message, error.hint
