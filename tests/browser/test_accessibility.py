from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.browser.conftest import MISMATCH
from tests.browser.samples import comparisons, write_page

if TYPE_CHECKING:
    from collections.abc import Callable

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def axe() -> str:
    module = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed: uv sync --group browser")
    return (Path(module.__path__[0]) / "axe.min.js").read_text(encoding="utf-8")


def show_help(page: Any) -> None:
    page.click("#help-open")


def show_list(page: Any) -> None:
    if page.is_visible("#show-list"):
        page.click("#show-list")


def nothing(page: Any) -> None:
    """The state is in the address."""


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize(
    ("fragment", "then"),
    [
        pytest.param("", nothing, id="overview"),
        pytest.param("", show_list, id="list"),
        pytest.param("#q=nothing-is-called-so", show_list, id="empty"),
        pytest.param("#c=no-such-test", nothing, id="error"),
        pytest.param(MISMATCH + "&d=1", nothing, id="difference"),
        pytest.param(MISMATCH + "&view=unified", nothing, id="unified"),
        pytest.param(MISMATCH + "&t=0.6", nothing, id="log"),
        pytest.param("", show_help, id="help"),
    ],
)
def test_axe_finds_nothing(  # noqa: PLR0917 - fixtures
    visit: Callable[..., Any],
    small_report: Path,
    axe: str,
    fragment: str,
    then: Callable[[Any], None],
    width: int,
) -> None:
    page = visit(small_report, fragment=fragment, width=width)
    if "c=parity" in fragment:
        page.wait_for_selector("#detail .exchange")
    then(page)
    page.evaluate("document.getElementById('main').scrollTo({top: 0, behavior: 'instant'})")
    # rows that wait below the edge of the list: axe cannot see them, those in sight look the same
    page.evaluate(
        "for (const row of document.querySelectorAll('#list li')) if (row.getBoundingClientRect().bottom > innerHeight) row.remove()"
    )
    page.evaluate(axe)
    told = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate("tags => axe.run(document, {runOnly: tags})", _RULES)
        told += [
            f"{scheme} {kind} {one['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
            for kind in ("violations", "incomplete")
            for one in found[kind]
            for node in one["nodes"]
            # a sign alone, as ≠: axe measures text only; signs have the colours of the words beside them
            if not (kind == "incomplete" and "only non-text characters" in node["failureSummary"])
        ]
    assert not told


@pytest.mark.parametrize("width", [1280, 320])
def test_without_scripts_the_summary_and_the_mismatches_are_readable(
    visit: Callable[..., Any], report: Path, axe: str, width: int
) -> None:
    page = visit(report, width=width, ready=False, java_script_enabled=False)
    assert page.is_visible("text=No parity")
    assert page.is_visible("text=Which fields differ")
    summary = page.locator("#static summary").first
    summary.click()
    assert page.locator("#static details[open] li").first.is_visible()
    assert page.locator("button:visible").count() == 0, "nothing that would not work"
    del axe


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("fragment", ["", MISMATCH])
def test_nothing_is_wider_than_the_window(visit: Callable[..., Any], report: Path, width: int, fragment: str) -> None:
    page = visit(report, fragment=fragment, width=width)
    if fragment:
        page.wait_for_selector("#detail .exchange")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.getElementById('main').scrollWidth <= document.getElementById('main').clientWidth")


def test_a_long_name_of_a_test_does_not_widen_the_page(visit: Callable[..., Any], tmp_path: Path) -> None:
    name = "parity_tests/test_chat.py::test_answer_comes_at_once_where_no_stream_is_wanted[of-the-largest-model]"
    path = tmp_path / "parity-dev.html"
    write_page(path, ((msgspec.structs.replace(one, test=name), evidence) for one, evidence in comparisons(1)))
    page = visit(path, width=320)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate("document.getElementById('main').scrollWidth <= document.getElementById('main').clientWidth")
