"""What each of the four services consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.routing import BaseRoute


async def _nothing() -> None:
    """Nothing is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Routes, and how to let go of what they hold."""

    routes: Sequence[BaseRoute]
    close: Callable[[], Awaitable[None]] = _nothing
