from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import MISMATCH

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_from_the_filter_to_a_difference_and_back_without_a_mouse(visit: Callable[..., Any], report: Path) -> None:
    page = visit(report)
    press(page, "/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("s:mismatch page-1")
    assert page.text_content("#found") == "11 of 200"
    press(page, "ArrowDown", "ArrowDown", "Enter")
    page.wait_for_selector("#detail .exchange")
    second = page.get_attribute('#list li[aria-posinset="2"] a', "title")
    assert page.text_content("#detail h2").endswith(second)
    press(page, "n")
    assert "d=1" in page.url
    assert page.locator("tr.here").count() == 1
    press(page, "n", "n", "p")
    assert "d=2" in page.url
    press(page, "Escape")
    assert page.is_visible("#overview")


def test_j_and_k_go_through_the_filtered_list(visit: Callable[..., Any], report: Path) -> None:
    page = visit(report, fragment="#q=s:mismatch")
    names = page.eval_on_selector_all("#list a", "links => links.map(link => link.title)")
    seen = []
    for key in "jjk":
        press(page, key)
        page.wait_for_selector("#detail h2")
        seen.append(page.evaluate("new URLSearchParams(location.hash.slice(1)).get('c')"))
    assert seen == [names[0], names[1], names[0]]


def test_every_control_can_be_reached_by_tab(visit: Callable[..., Any], report: Path) -> None:
    page = visit(report, fragment=MISMATCH)
    page.wait_for_selector("#detail .exchange")
    reached = set()
    for _ in range(80):
        press(page, "Tab")
        reached.add(
            page.evaluate(
                "document.activeElement.id || document.activeElement.textContent.trim() || document.activeElement.tagName"
            )
        )
    assert {"theme", "help-open", "q", "← Back", "Previous", "Next", "unify", "tab-0-0", "panel-0"} <= reached
    assert any(one.startswith("≠ mismatch") for one in reached), "the verdict buttons, and one row of the list"


def test_arrows_move_in_the_tabs(visit: Callable[..., Any], report: Path) -> None:
    page = visit(report, fragment=MISMATCH)
    page.wait_for_selector("#detail .exchange")
    page.focus("#tab-0-0")
    press(page, "ArrowRight")
    assert page.get_attribute("#tab-0-1", "aria-selected") == "true"
    assert "x-region" in page.text_content("#panel-0")
    press(page, "End")
    assert "traceparent=" in page.text_content("#panel-0"), "the log is the last"
    press(page, "ArrowLeft")
    assert "curl -i -X GET" in page.text_content("#panel-0")
    press(page, "Home")
    assert page.get_attribute("#tab-0-0", "aria-selected") == "true"


def test_focus_stays_with_its_row_while_the_list_scrolls(visit: Callable[..., Any], report: Path) -> None:
    page = visit(report)
    page.focus("#list a")
    press(page, "End")
    assert page.evaluate("document.activeElement.parentNode.getAttribute('aria-posinset')") == "200"
    press(page, "ArrowUp", "PageUp", "Home")
    assert page.evaluate("document.activeElement.parentNode.getAttribute('aria-posinset')") == "1"
    page.evaluate("document.getElementById('scroller').scrollTop = 6000")
    page.wait_for_selector('#list li[aria-posinset="110"]')
    assert page.evaluate("document.activeElement.parentNode.getAttribute('aria-posinset')") == "1"


def test_letter_keys_can_be_switched_off_and_do_not_disturb_typing(visit: Callable[..., Any], report: Path) -> None:
    page = visit(report)
    press(page, "/")
    page.keyboard.type("jnu?")
    assert page.input_value("#q") == "jnu?"
    press(page, "Escape", "Escape", "?")
    assert page.is_visible("#help")
    page.uncheck("#keys")
    page.click("#help-close")
    press(page, "j")
    assert not page.is_visible("#detail")
    assert not page.is_visible("#help")


@pytest.mark.parametrize("width", [320, 1280])
def test_u_switches_between_side_by_side_and_unified(visit: Callable[..., Any], report: Path, width: int) -> None:
    page = visit(report, fragment=MISMATCH, width=width)
    page.wait_for_selector("#detail .exchange")
    columns = page.locator("table.diff thead th").count
    before = columns()
    assert before == (2 if width == 320 else 3)
    press(page, "u")
    assert columns() == (3 if width == 320 else 2)
    assert "view=" in page.url
