"""Work on many services at once, that ends with Ctrl-C: programs under way are stopped, not waited for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_gaia_parity.adapters.process import Runner

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(
    runner: Runner,
    work: Callable[[T], R],
    items: Iterable[T],
    *,
    interrupted: Callable[[list[R]], None] = lambda _: None,
) -> list[R]:
    """Do *work* for all items at once; the results in order.

    :param interrupted: told, after Ctrl-C, the results of what came to its end nevertheless.
    """
    pool = ThreadPoolExecutor(max_workers=16)
    futures = [pool.submit(work, item) for item in items]
    try:
        return [future.result() for future in futures]
    except KeyboardInterrupt:
        for future in futures:
            future.cancel()
        runner.stop_all()
        pool.shutdown(wait=True)
        ended = [future for future in futures if not future.cancelled() and future.exception() is None]
        interrupted([future.result() for future in ended])
        raise
    finally:
        pool.shutdown(wait=True)
