"""What belongs to the process and not to a test, sorted by test while bodies run ahead: output, logs, warnings."""

from __future__ import annotations

import contextlib
import logging
import sys
import warnings
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.run.ahead.body import is_pytests

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Iterator

    import pytest

    from pytest_gaia_parity.run.ahead.body import Body


@contextlib.contextmanager
def sorted_by_body(item: pytest.Item, current: contextvars.ContextVar[Body | None]) -> Iterator[None]:
    """While this is open, what a body prints, logs or warns goes to its own take; what anybody else does, where it went before.

    :param item: a test of those that run, for what pytest keeps by test.
    """
    with contextlib.ExitStack() as stack:
        for name in ("stdout", "stderr"):
            stack.callback(setattr, sys, name, getattr(sys, name))
            setattr(sys, name, _Router(getattr(sys, name), name, current))
        stack.enter_context(_logs(item.config, current))
        stack.enter_context(_warnings(item.config, current))
        stack.enter_context(_explained(item))
        yield


class _Router:
    """A standard stream that is another one for each body."""

    def __init__(self, base: Any, name: str, current: contextvars.ContextVar[Body | None]) -> None:
        self._base = base
        self._name = name
        self._current = current

    def __getattr__(self, name: str) -> Any:
        body = self._current.get()
        return getattr(self._base if body is None else body.take.stream(self._name), name)


class _Collector(logging.Handler):
    """Keeps the records of bodies for the tests' turns."""

    def __init__(self, current: contextvars.ContextVar[Body | None]) -> None:
        super().__init__(logging.NOTSET)
        self._current = current

    def emit(self, record: logging.LogRecord) -> None:
        body = self._current.get()
        if body is not None:
            body.take.logs.append(record)


@contextlib.contextmanager
def _logs(config: pytest.Config, current: contextvars.ContextVar[Body | None]) -> Iterator[None]:
    root = logging.getLogger()
    collector = _Collector(current)
    pytests = [handler for handler in root.handlers if is_pytests(handler)]

    def is_nobodys(_: logging.LogRecord) -> bool:
        return current.get() is None

    level = root.level
    wanted = getattr(config.pluginmanager.get_plugin("logging-plugin"), "log_level", None)
    for handler in pytests:
        handler.addFilter(is_nobodys)
    root.addHandler(collector)
    if wanted is not None:  # as pytest does around each phase
        root.setLevel(min(level, wanted))
    try:
        yield
    finally:
        root.setLevel(level)
        root.removeHandler(collector)
        for handler in pytests:
            handler.removeFilter(is_nobodys)


@contextlib.contextmanager
def _warnings(config: pytest.Config, current: contextvars.ContextVar[Body | None]) -> Iterator[None]:
    from _pytest.config import apply_warning_filters  # noqa: PLC0415 - the very filters that pytest applies to each test

    with warnings.catch_warnings():
        shown = warnings.showwarning

        def show(  # noqa: PLR0913, PLR0917 - the signature is Python's
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: Any = None,
            line: str | None = None,
        ) -> None:
            body = current.get()
            if body is None:
                shown(message, category, filename, lineno, file, line)
            else:
                body.take.warnings.append(warnings.WarningMessage(message, category, filename, lineno))

        warnings.showwarning = show
        if not sys.warnoptions:
            warnings.filterwarnings("always", category=DeprecationWarning)
            warnings.filterwarnings("always", category=PendingDeprecationWarning)
        # a warning of one place is told once by default: here that would be once for all tests
        warnings.simplefilter("always", append=True)
        apply_warning_filters(config.getini("filterwarnings"), config.known_args_namespace.pythonwarnings or [])
        yield


@contextlib.contextmanager
def _explained(item: pytest.Item) -> Iterator[None]:
    """Let pytest explain failed assertions, as it does while a test's protocol runs."""
    from _pytest import assertion  # noqa: PLC0415 - pytest has no other way to it

    wrapper = assertion.pytest_runtest_protocol(item)
    next(wrapper)
    try:
        yield
    finally:
        with contextlib.suppress(StopIteration):
            wrapper.send(None)
