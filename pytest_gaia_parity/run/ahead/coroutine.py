"""Runs a test that is a coroutine in a thread, as anyio's plugin for pytest runs it in its turn: in an event loop of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ENDS = (pytest.exit.Exception, KeyboardInterrupt, SystemExit)


#: anyio's fixture: `asyncio`, `trio`, or one of them and its options
BACKEND = "anyio_backend"


def run_coroutine(values: Mapping[str, Any], function: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    """Run a coroutine function to its end.

    :param values: those of the test's fixtures, by name.
    :raises BaseException: what the coroutine raised.
    """
    # anyio's plugin keeps one runner for the process, and anyio names no other way to a second one
    from anyio._core._eventloop import (  # noqa: PLC0415 - only where there are such tests
        get_async_backend,
        reset_current_async_library,
        set_current_async_library,
    )
    from anyio.pytest_plugin import extract_backend_and_options  # noqa: PLC0415 - likewise

    name, options = extract_backend_and_options(values[BACKEND])
    token = set_current_async_library(name)
    try:
        with get_async_backend(name).create_test_runner(options) as runner:
            runner.run_test(function, dict(arguments))
    except BaseExceptionGroup as group:
        end = _end_in(group)
        if end is not None:
            raise end from group
        raise
    finally:
        reset_current_async_library(token)


def _end_in(group: BaseExceptionGroup[BaseException]) -> BaseException | None:
    """What ends the run among the exceptions of a group, None where nothing does."""
    found: BaseException | None = group.subgroup(_ENDS)
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found
