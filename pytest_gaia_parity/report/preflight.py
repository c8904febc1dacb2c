"""The table of what preflight could not reach: service, name, address, route, reason, hint."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.model.recording import ServiceFacts

_HEADINGS = ("target", "service", "name", "address", "route", "reason")


def table_lines(failed: Sequence[tuple[str, str, ServiceFacts]]) -> list[str]:
    """Render a row for each failure, and below it what to do next.

    :param failed: target, service, what preflight saw of it.
    """
    rows = [
        (target, name, urlsplit(seen.url).netloc, seen.address or "-", seen.route or "-", seen.failure)
        for target, name, seen in failed
    ]
    widths = [max(len(row[column]) for row in (_HEADINGS, *rows)) for column in range(len(_HEADINGS))]
    lines = [_row(_HEADINGS, widths), _row(tuple("-" * width for width in widths), widths)]
    for row, (_, _, seen) in zip(rows, failed, strict=True):
        lines.append(_row(row, widths))
        lines += [f"    {what}: {told}" for what in ("cause", "hint") if (told := seen.details.get(what))]
    return lines


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
