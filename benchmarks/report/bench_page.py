"""The report page in Chromium: size, time to write, to the first row, to filter, to open a difference.

Ratios against pytest-html with as much data, in the same browser, in the same run:

    python -m benchmarks.report.bench_page                    # 1,000 comparisons of 2 KB
    python -m benchmarks.report.bench_page --count 10000
    python -m benchmarks.report.bench_page --count 100000 --size 500 --alone
    python -m benchmarks.report.bench_page --count 20 --size 1000000 --alone
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from playwright.sync_api import sync_playwright

from tests.browser.samples import comparisons, write_page

if TYPE_CHECKING:
    from collections.abc import Callable

_RUNS = 3
_QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
_FIRST_ROW = """new MutationObserver((_, self) => {
  if (!document.querySelector('ROW')) return;
  self.disconnect();
  requestAnimationFrame(() => requestAnimationFrame(() => { window.firstRow = performance.now(); }));
}).observe(document, {childList: true, subtree: true});"""
_SETTLED = "await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"

_OTHER_TEST = """
import pytest, pytest_html
BODY = {body!r}

@pytest.mark.parametrize("number", range({count}))
def test_listing(number, extras):
    extras.append(pytest_html.extras.html("<table><tr><td>" + BODY + "</td><td>" + str(number) + "</td></tr></table>"))
    assert number % 10 != 3
"""


class Page(NamedTuple):
    """A page to measure: how its rows are found, how it is filtered, how one is opened."""

    path: Path
    row: str
    filter: str
    open: str


class Figures(NamedTuple):
    """Medians, in milliseconds, megabytes and nodes."""

    size: float
    first_row: float
    filter: float
    open: float
    nodes: int


def write_ours(folder: Path, count: int, size: int) -> tuple[Page, float, float]:
    """Write our page; returns seconds that writing took and megabytes that memory grew by."""
    given = list(comparisons(count, size=size)) if count <= 20_000 else comparisons(count, size=size)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    write_page(folder / "ours.html", given, form="single")
    took = time.perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    page = Page(
        folder / "ours.html",
        row="#list li",
        filter="const q = document.getElementById('q'); q.value = 's:mismatch price'; q.dispatchEvent(new Event('input'))",
        open="document.querySelector('#list a').click(); while (!document.querySelector('#detail .exchange tr')) await new Promise(done => setTimeout(done, 1))",
    )
    return page, took, grown


def write_other(folder: Path, count: int, size: int) -> Page:
    """Write a pytest-html report of as many tests with as large extras."""
    (folder / "test_other.py").write_text(_OTHER_TEST.format(body="x" * size, count=count), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--tb=line",
        "-p",
        "no:gaia-parity",
        "-p",
        "no:cacheprovider",
        "--html=other.html",
        "--self-contained-html",
        "test_other.py",
    ]
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=False)  # noqa: S603 - our own command
    return Page(
        folder / "other.html",
        row=".results-table-row",
        filter="document.querySelector('input[data-test-result=passed]').click()",
        open="document.querySelector('.results-table-row .col-result').click()",
    )


def measure(browser: Any, page: Page) -> Figures:
    """Open it a few times, filter, open a difference; medians."""
    times = [_once(browser, page) for _ in range(_RUNS)]
    first, filtered, opened, nodes = (statistics.median(column) for column in zip(*times, strict=True))
    return Figures(page.path.stat().st_size / 1e6, first, filtered, opened, int(nodes))


def _once(browser: Any, page: Page) -> tuple[float, float, float, int]:
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.set_default_timeout(300_000)
    tab.add_init_script(_FIRST_ROW.replace("ROW", page.row))
    tab.goto(page.path.as_uri(), timeout=300_000)
    tab.wait_for_selector(page.row, state="attached")
    tab.evaluate(f"async () => {{ {_SETTLED}; }}")
    first = tab.evaluate("window.firstRow")
    act: Callable[[str], float] = lambda code: tab.evaluate(  # noqa: E731 - one expression with the tab in it
        f"async () => {{ const began = performance.now(); {code}; {_SETTLED}; return performance.now() - began; }}"
    )
    filtered, opened = act(page.filter), act(page.open)
    nodes = tab.evaluate("document.querySelectorAll('*').length")
    tab.close()
    return first, filtered, opened, nodes


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--size", type=int, default=2000)
    parser.add_argument("--alone", action="store_true", help="without pytest-html")
    given = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        page, took, grown = write_ours(folder, given.count, given.size)
        browser = playwright.chromium.launch(executable_path=program, args=_QUIET.split())
        ours = measure(browser, page)
        print(f"{given.count} comparisons of {given.size} bytes: written in {took:.2f} s, {grown:.0f} MB more memory")
        other = None if given.alone else measure(browser, write_other(folder, given.count, given.size))
        for field in Figures._fields:
            mine = getattr(ours, field)
            line = f"  {field:10} {mine:10.2f}"
            if other is not None:
                theirs = getattr(other, field)
                line += f"   pytest-html {theirs:12.2f}   ratio {mine / theirs:.3f}"
            print(line)
        browser.close()


if __name__ == "__main__":
    main()
