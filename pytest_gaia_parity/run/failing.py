"""The one place where our errors become pytest's: usage errors without a traceback, and exits with our codes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gaia_parity.errors import ConfigError, ParityError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def as_pytest_errors() -> Iterator[None]:
    """Turn a `ParityError` into what pytest shows without a traceback and ends with the right exit code for."""
    try:
        yield
    except ConfigError as error:
        raise pytest.UsageError(str(error)) from None
    except ParityError as error:
        raise pytest.exit.Exception(str(error), returncode=error.exit_code) from None


class ToldOnce:
    """What ends a run before its first test is told once: pytest writes it to stderr, and again between exclamation marks."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._has_started = False

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Every plugin has started: from here on pytest tells it once by itself."""
        self._has_started = True

    @pytest.hookimpl(trylast=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Take back what the terminal has kept to write at the end."""
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and not self._has_started and isinstance(excinfo.value, pytest.exit.Exception):
            reporter._keyboardinterrupt_memo = None  # noqa: SLF001 - pytest names no other way
