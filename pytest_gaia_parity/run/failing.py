"""The one place where our errors become pytest's: usage errors without a traceback, and exits with our codes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

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
