from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import MISMATCH
from tests.browser.samples import comparisons, write_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("", "200", id="all"),
        pytest.param("s:mismatch", "20 of 200", id="verdict"),
        pytest.param("s:mismatch s:skipped", "24 of 200", id="verdicts are joined by or"),
        pytest.param("!s:match", "29 of 200", id="not a verdict"),
        pytest.param("m:GET", "200 of 200", id="method"),
        pytest.param("m:POST", "0 of 200", id="no such method"),
        pytest.param("p:/assets s:unstable", "2 of 200", id="endpoint and verdict"),
        pytest.param("path:items[*].price", "20 of 200", id="field"),
        pytest.param("k:type-changed", "20 of 200", id="kind"),
        pytest.param("page-13]", "1 of 200", id="text"),
        pytest.param('"needs nats"', "4 of 200", id="quoted text, any case"),
        pytest.param("path:total !page-13]", "19 of 200", id="not a text"),
        pytest.param("is:new", "0 of 200", id="new"),
        pytest.param("http://x", "0 of 200", id="a colon is no filter by itself"),
    ],
)
def test_the_filter_grammar(visit: Callable[..., Any], report: Path, text: str, found: str) -> None:
    page = visit(report)
    page.fill("#q", text)
    assert page.text_content("#found").replace("200 of 200", "200") == found.replace("200 of 200", "200")


def test_verdict_buttons_and_the_filter_are_one(visit: Callable[..., Any], report: Path) -> None:
    page = visit(report)
    page.click("[data-verdict=mismatch]")
    assert page.input_value("#q") == "s:mismatch"
    assert page.get_attribute("[data-verdict=mismatch]", "aria-pressed") == "true"
    page.click("[data-verdict=mismatch]")
    assert page.input_value("#q") == ""


def test_every_state_is_in_the_address(visit: Callable[..., Any], report: Path) -> None:
    page = visit(report)
    page.fill("#q", "s:mismatch")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_selector("#detail .exchange")
    page.keyboard.press("n")
    page.keyboard.press("u")
    page.click("#tab-0-1")
    again = visit(report, fragment="#" + page.url.partition("#")[2])
    again.wait_for_selector("#detail .exchange")
    assert again.input_value("#q") == "s:mismatch"
    assert again.get_attribute("#unify", "aria-pressed") == "true"
    assert again.get_attribute("#tab-0-1", "aria-selected") == "true"
    assert again.text_content("#detail h2") == page.text_content("#detail h2")


def test_back_and_forward_of_the_browser_work(visit: Callable[..., Any], report: Path) -> None:
    page = visit(report)
    page.click("#list a >> nth=0")
    page.wait_for_selector("#detail .exchange")
    page.go_back()
    page.wait_for_selector("#overview", state="visible")
    page.go_forward()
    page.wait_for_selector("#detail .exchange")


def test_a_difference_is_shown_in_its_place_with_its_words_marked(visit: Callable[..., Any], report: Path) -> None:
    page = visit(report, fragment=MISMATCH + "&d=2")
    page.wait_for_selector("tr.here")
    assert page.text_content("tr.here td.l").strip().startswith('"total": ')
    assert page.locator("tr.here td.r ins").count() == 2, "the quotes that make a text of a number"
    folds = page.locator("tr.fold button")
    before = page.locator("table.diff tr").count()
    folds.first.click()
    assert page.locator("table.diff tr").count() > before


def test_the_ignore_rule_is_copied_as_configuration(visit: Callable[..., Any], report: Path) -> None:
    page = visit(report, permissions=["clipboard-read", "clipboard-write"])
    page.click("#fields .copy >> nth=0")
    page.wait_for_selector("#live:has-text('copied')", state="attached")
    assert page.evaluate("navigator.clipboard.readText()").startswith('[tool.gaia-parity.compare]\nignore = ["body.')


@pytest.mark.parametrize("width", [1280, 390])
def test_what_the_services_logged_is_told_for_each_side(visit: Callable[..., Any], report: Path, width: int) -> None:
    page = visit(report, fragment=MISMATCH, width=width)
    page.wait_for_selector("#detail .exchange")
    page.click("role=tab[name='Log']")
    left, right = page.locator("#panel-0 .sides > div").all()
    assert "traceparent=00-4bf92f3577b34da6" in left.text_content()
    assert "12 rows in 3.1 ms" in left.text_content()
    assert "no line has the trace id: these were written at the time" in right.text_content()
    assert "price list of 2026-10 is in use <b>" in right.text_content()
    again = visit(report, fragment="#" + page.url.partition("#")[2], width=width)
    again.wait_for_selector("role=tab[name='Log'][selected]")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_comparison_without_logs_has_no_tab_for_them(visit: Callable[..., Any], report: Path) -> None:
    page = visit(report, fragment=MISMATCH.replace("13", "23", 1).replace("13", "23").replace("assets_23", "assets_3"))
    page.wait_for_selector("#detail .exchange")
    assert page.locator("role=tab").all_text_contents()[-1] == "curl"


def test_the_page_stays_small_however_many_comparisons(visit: Callable[..., Any], tmp_path: Path) -> None:
    write_page(tmp_path / "many.html", comparisons(3000, size=300))
    page = visit(tmp_path / "many.html", fragment=MISMATCH)
    page.wait_for_selector("#detail .exchange")
    assert page.evaluate("document.querySelectorAll('*').length") < 5000
    page.evaluate("document.getElementById('scroller').scrollTop = 1e9")
    page.wait_for_selector('#list li[aria-posinset="3000"]')
    assert page.locator("#list li").count() < 60


def test_a_large_body_is_shown_piece_by_piece(visit: Callable[..., Any], tmp_path: Path) -> None:
    write_page(tmp_path / "large.html", comparisons(4, size=1_000_000))
    page = visit(
        tmp_path / "large.html", fragment="#c=parity_tests%2Ftest_assets_3.py%3A%3Atest_listing%5Bpage-3%5D&d=2"
    )
    page.wait_for_selector("tr.here")
    assert page.evaluate("document.querySelectorAll('*').length") < 5000


def test_print_has_the_summary_and_the_filtered_mismatches(visit: Callable[..., Any], report: Path) -> None:
    page = visit(report, fragment="#q=page-13")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.is_visible("#overview")
    assert page.locator("#print > ol > li").count() == 2
    assert "page-13]" in page.inner_text("#print")
    assert not page.is_visible("#bar")
    assert not page.is_visible("#side")


@pytest.mark.parametrize("chosen", ["by the system", "by hand"])
def test_print_is_black_on_white_whatever_the_theme(visit: Callable[..., Any], report: Path, chosen: str) -> None:
    page = visit(report, color_scheme="dark" if chosen == "by the system" else "light")
    if chosen == "by hand":
        page.click("#theme")
    colour = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(colour) != "rgb(255, 255, 255)"
    page.emulate_media(media="print")
    assert page.evaluate(colour) == "rgb(255, 255, 255)"


@pytest.mark.parametrize("options", [{"forced_colors": "active"}, {"reduced_motion": "reduce"}])
def test_forced_colours_and_reduced_motion_lose_nothing(
    visit: Callable[..., Any], report: Path, options: dict[str, str]
) -> None:
    page = visit(report, fragment=MISMATCH, **options)
    page.wait_for_selector("#detail .exchange")
    assert page.locator("td.g:has-text('≠')").count() > 0
    assert page.evaluate("getComputedStyle(document.getElementById('main')).scrollBehavior") == (
        "smooth" if "forced_colors" in options else "auto"
    )


def test_the_theme_can_be_switched_without_storage(visit: Callable[..., Any], report: Path) -> None:
    page = visit(report, color_scheme="light")
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(colour)
    page.click("#theme")
    assert page.evaluate(colour) != light
    page.click("#theme")
    assert page.evaluate(colour) == light
