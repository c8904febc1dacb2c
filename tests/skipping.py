"""Skips what cannot run on this machine, with the reason; in CI, where everything must be there, that fails."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def cannot(reason: str) -> NoReturn:
    """Skip for a reason; in CI, where everything must be there, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"in CI nothing may be skipped: {reason}", pytrace=False)
    pytest.skip(reason)
