from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.run.ahead.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads()
    yield made
    made.close()
