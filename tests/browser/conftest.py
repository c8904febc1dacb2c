"""A real browser: the distribution's Chromium, driven by Playwright; without either the tests skip and say so."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.samples import SKEW, comparisons, write_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the browser."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser, started once a file: while it runs, this thread counts as having an event loop, which other tests start."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: uv sync --group browser")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_QUIET.split())
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open a page; what it writes to the console or throws fails the test."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def open_page(
        path: Path | str,
        *,
        fragment: str = "",
        width: int = 1280,
        ready: bool = True,
        allowed: tuple[str, ...] = (),
        **options: Any,
    ) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text) if not any(one in message.text for one in allowed) else None
            ),
        )
        page.goto(f"{path if isinstance(path, str) else path.as_uri()}{fragment}")
        if ready:
            page.wait_for_selector("html[data-ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


@pytest.fixture(scope="session")
def small_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of twenty comparisons."""
    path = tmp_path_factory.mktemp("report") / "parity-dev.html"
    write_page(path, comparisons(20, size=600), causes=(SKEW,), notes=("ignore 'body.trace' matches nothing",))
    return path


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of two hundred comparisons."""
    path = tmp_path_factory.mktemp("report") / "parity-dev.html"
    write_page(path, comparisons(200))
    return path


MISMATCH = "#c=parity_tests%2Ftest_assets_13.py%3A%3Atest_listing%5Bpage-13%5D"
