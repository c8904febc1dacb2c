from __future__ import annotations

from pathlib import Path

import pytest

from pytest_gaia_parity.report.pytest_html import add_cell, escape_id, page_link, summary_html
from tests.unit.report.hostile import PAYLOADS

ROW = ['<td class="col-result">Failed</td>', '<td class="col-testId">t.py::test</td>', '<td class="col-links"></td>']


def test_a_verdict_links_into_the_page() -> None:
    cells = ROW[:]
    add_cell(cells, "mismatch", "t.py::test[a b]", "parity-dev.html")
    assert cells[2] == '<td class="col-parity"><a href="parity-dev.html#c=t.py%3A%3Atest%5Ba%20b%5D">mismatch</a></td>'


def test_another_row_gets_an_empty_cell() -> None:
    cells = ROW[:]
    add_cell(cells, None, "t", "p.html")
    assert cells[2] == '<td class="col-parity"></td>'
    assert len(cells) == len(ROW) + 1


@pytest.mark.parametrize("text", PAYLOADS)
def test_hostile_text_stays_in_its_cell(text: str) -> None:
    cells = [ROW[0], f'<td class="col-testId">t.py::test[<b>{text}]</td>', ROW[2]]
    escape_id(cells)
    add_cell(cells, text, text, "p.html")
    assert all(cell.count("<td") == cell.count("</td>") == 1 for cell in cells)
    assert "<b>" not in cells[1]
    assert "\n" not in cells[1] + cells[2]
    assert cells[2].count("<") == 4
    assert cells[2].count('"') == 4
    assert summary_html(text, "p.html").count("<") == 4


def test_an_id_without_markup_is_left_alone() -> None:
    cells = ROW[:]
    escape_id(cells)
    assert cells == ROW


def test_the_link_is_relative_to_the_other_report() -> None:
    assert page_link(Path("/a/reports/parity-dev.html"), Path("/a/out/report.html")) == "../reports/parity-dev.html"
