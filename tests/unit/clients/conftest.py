from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.clients.peer import OK, Peer, Script

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def peer() -> Iterator[Peer]:
    one = Peer(Script([OK]))
    yield one
    one.close()
