"""Cells and lines for a pytest-html report: it inserts what it is given as HTML, so everything is escaped here."""

from __future__ import annotations

import os
import re
from html import escape
from typing import TYPE_CHECKING, Final

from pytest_gaia_parity.report.plain import fragment, visible

if TYPE_CHECKING:
    from collections.abc import MutableSequence
    from pathlib import Path

HEADER: Final = '<th class="sortable" data-column-type="parity">Parity</th>'
#: where our column goes: after result and test
_AT: Final = 2
_ID_CELL = re.compile(r'(<td class="col-testId">)(.*)(</td>)', re.DOTALL)


def add_cell(cells: MutableSequence[str], verdict: str | None, test: str, page: str) -> None:
    """Add the column to a row: the verdict, linked into our page where it is a verdict's row."""
    link = ""
    if verdict is not None:
        href = escape(page + fragment(c=test), quote=True)
        link = f'<a href="{href}">{escape(visible(verdict))}</a>'
    cells.insert(_AT, f'<td class="col-parity">{link}</td>')


def escape_id(cells: MutableSequence[str]) -> None:
    """Escape the test's id, which pytest-html 4.2 runs as HTML (pytest-html#1024); once it escapes, leave it."""
    for number, cell in enumerate(cells):
        match = _ID_CELL.fullmatch(cell)
        if match and ("<" in match[2] or ">" in match[2]):
            # one line, or pytest-html does not find its own cell again
            cells[number] = match[1] + escape(visible(match[2]), quote=True) + match[3]


def summary_html(closing: str, page: str) -> str:
    """Render the line above pytest-html's own summary."""
    return f'<p>{escape(visible(closing))} (<a href="{escape(page, quote=True)}">the parity report</a>)</p>'


def page_link(page: Path, html: Path) -> str:
    """Where our page is, seen from the pytest-html report."""
    return os.path.relpath(page, html.parent).replace(os.sep, "/")
