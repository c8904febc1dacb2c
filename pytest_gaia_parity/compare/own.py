"""What is an environment's own although nothing in the value proves it: its rows' times and numbers, its cursors, its day.

A moment, a date or a number of an id that held still on each side may be data, and then its change is a fault; or it
belongs to a row that each environment made for itself. The row tells: where a random id of the same row is the
environment's own, so are its times and its numbers.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_gaia_parity.compare.forms import form_of, is_called_id, is_id, is_random, moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_gaia_parity.model.comparison import Difference
    from pytest_gaia_parity.model.path import Path

_DIGEST = re.compile(
    r"(?i)(?:^|[_-])(?:sha-?\d*|md5|crc\d*|hash|checksum|digest|commit|revision|integrity|fingerprint)$"
)
_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d/%b/%Y", "%a %b %d", "%d %b %Y")
_RANDOM = frozenset({"hex", "token", "base64", "object id", "text", "word"})
#: characters from which on a random text names something
_SHORTEST = 10


class Unsure(NamedTuple):
    """A difference that is none if its row is the environment's own."""

    path: Path
    baseline: Any
    candidate: Any
    difference: Difference


def may_be_own(first: Any, value: Any, key: Any) -> bool:
    """Whether a value that held still may be the environment's own, if its row is."""
    if isinstance(first, str) and isinstance(value, str):
        form, mine = form_of(first), form_of(value)
        if form.kind in {"time", "date", "HTTP date"} and form == mine:
            return not _is_zone_lost(first, value)
        return _are_numbers_of_ids(first, value, key) or _are_random(first, value, key)
    return type(first) is type(value) is int and is_id(key)


def is_cursor(first: Any, value: Any, key: Any) -> bool:
    """Whether a place is called an id and holds random text: it names a row, whatever its alphabet."""
    return isinstance(first, str) and isinstance(value, str) and is_called_id(key) and _are_random(first, value, key)


def _are_numbers_of_ids(first: str, value: str, key: Any) -> bool:
    return is_id(key) and first.isdigit() and value.isdigit()


def _are_random(first: str, value: str, key: Any) -> bool:
    return (
        len(first) == len(value) >= _SHORTEST
        and not (isinstance(key, str) and _DIGEST.search(key))
        and form_of(first).kind in _RANDOM
        and form_of(value).kind in _RANDOM
        and all(re.fullmatch(r"[A-Za-z0-9+/_-]+={0,2}", text) for text in (first, value))
        and any(is_random(re.sub(r"[+/=]", "", text)) for text in (first, value))
    )


def _is_zone_lost(first: str, value: str) -> bool:
    mine, its = moment_of(first), moment_of(value)
    if mine is None or its is None or form_of(first).kind == "date":
        return False
    return abs(mine - its) % 900 < 1e-6


def settled(unsure: Sequence[Unsure], own: Sequence[Path], equal_ids: bool) -> Iterator[Difference]:  # noqa: FBT001
    """Yield the differences whose rows are not the environment's own.

    :param own: places of random values that are the environment's own.
    :param equal_ids: some number of an id is the same on both sides, so that these are shared.
    """
    rows = {_row(path) for path in own}
    columns: dict[tuple[Any, ...], int] = {}
    ids = {(str(one.baseline), str(one.candidate)) for one in unsure if is_id(one.path[-1] if one.path else None)}
    for one in unsure:
        columns[_column(one.path)] = columns.get(_column(one.path), 0) + 1
    for one in unsure:
        key = one.path[-1] if one.path else None
        is_number = str(one.baseline).isdigit()
        is_column = "*" in _column(one.path) and columns[_column(one.path)] > 1
        if _row(one.path) in rows or (is_column and not is_number and not moment_of(one.baseline)):
            continue
        if is_number and is_id(key) and not equal_ids and len(ids) > 1 and _is_one_to_one(ids):
            continue
        yield one.difference


def _is_one_to_one(pairs: set[tuple[str, str]]) -> bool:
    return len({one for one, _ in pairs}) == len(pairs) == len({other for _, other in pairs})


def _row(path: Path) -> Path:
    """The element of an array that a place is in, else the object."""
    for number, part in enumerate(path):
        if isinstance(part, int):
            return tuple(path[: number + 1])
    return tuple(path[:-1])


def _column(path: Path) -> tuple[Any, ...]:
    return tuple("*" if isinstance(part, int) else part for part in path)


def ids_of(tree: Any, key: Any = None) -> Iterator[str]:
    """The numbers of ids in a tree."""
    if isinstance(tree, dict):
        for name, item in tree.items():
            yield from ids_of(item, name)
    elif isinstance(tree, list):
        for item in tree:
            yield from ids_of(item, key)
    elif is_id(key) and (type(tree) is int or (isinstance(tree, str) and tree.isdigit())):
        yield str(tree)


def without_day(text: str, started: float) -> str:
    """A text with the day of its run, as services write days, taken out."""
    moment = dt.datetime.fromtimestamp(started, dt.UTC)
    for shift in (0, -1, 1):
        day = moment + dt.timedelta(days=shift)
        for spelling in _DAYS:
            text = re.sub(rf"(?<!\d){re.escape(day.strftime(spelling))}(?!\d)", "{day}", text)
    return text
