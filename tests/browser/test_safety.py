from __future__ import annotations

import http.server
import json
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gaia_parity.model.comparison import Cause, Comparison, Difference, Kind, Pair, Verdict
from pytest_gaia_parity.model.exchange import Body, Exchange, Failure, Observation, Request, Response
from pytest_gaia_parity.model.recording import ServiceFacts, TestRecord
from pytest_gaia_parity.model.results import SCHEMA, Results, Side
from pytest_gaia_parity.report.html import HtmlSink
from pytest_gaia_parity.report.sink import Evidence
from pytest_gaia_parity.report.tally import Tally
from tests.browser.conftest import MISMATCH
from tests.browser.samples import comparisons, write_page
from tests.unit.report.hostile import PAYLOADS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def hostile_comparison(text: str, number: int) -> tuple[Comparison, Evidence]:
    """The text wherever a service or a test could put it."""
    label = f"GET asset /{text}"
    differences = (
        Difference(exchange=label, path=f"body.{json.dumps([text])}", kind=Kind.VALUE_CHANGED, baseline=text, candidate=text + "!", pair=0, says=text, fact=text),
        Difference(path="observations.x", kind=Kind.OBSERVATION_CHANGED, baseline={text: 1}, candidate=text),
    )  # fmt: skip
    sides = []
    for mark in ("", "!"):
        body = json.dumps({text: text + mark})
        ok = Exchange(
            service=text,
            request=Request(
                method=text, url=f"http://asset/{text}", headers=((text, text + mark),), body=Body(text=text)
            ),
            response=Response(
                status=200, reason=text, http_version=text, headers=(("Location", text + mark),), body=Body(text=body)
            ),
            trace=text,
        )
        bad = Exchange(
            service="x", request=Request(method="GET", url=text), failure=Failure(type=text, message=text + mark)
        )
        sides.append(
            [
                TestRecord(
                    test="",
                    outcome="failed",
                    message=text,
                    exchanges=(ok, bad),
                    observations=(Observation(name=text, value=text + mark),),
                )
            ]
        )
    pairs = (Pair(label=label, baseline=0, candidate=0), Pair(label=text, baseline=1, candidate=1))
    comparison = Comparison(
        test=f"t.py::test[{text}-{number}]",
        verdict=Verdict.MISMATCH,
        reason=text,
        differences=differences,
        causes=(Cause(id=text, says=text, hint=text),),
        exchanges=pairs,
    )
    return comparison, Evidence(*sides)


_TAGS_OF_ALL_TABS = """[...document.querySelectorAll('#detail [role=tab]')].flatMap(tab => {
  tab.click();
  return [...document.querySelectorAll('*')].map(one => one.tagName.toUpperCase());
}).filter((tag, at, all) => all.indexOf(tag) === at)"""


def write_hostile(path: Path) -> None:
    sink, tally = HtmlSink(path), Tally()
    texts = " ".join(PAYLOADS)
    sides = [
        Side(name=name, network=texts, started=texts, plugin=texts, services={texts: ServiceFacts(url=texts, version=texts, image=texts, failure=texts)})
        for name in ("<b>local", "dev</script>")
    ]  # fmt: skip
    sink.open(*sides)
    for number, text in enumerate(PAYLOADS):
        comparison, evidence = hostile_comparison(text, number)
        sink.write(comparison, evidence)
        tally.add(comparison)
    sink.close(Results(schema=SCHEMA, baseline=sides[0], candidate=sides[1], summary=tally.summary, notes=PAYLOADS))


def test_hostile_text_is_shown_and_never_obeyed(visit: Callable[..., Any], tmp_path: Path) -> None:
    assert len(PAYLOADS) >= 60
    write_hostile(tmp_path / "parity-dev.html")
    # an attempt to load or run anything would be a message on the console, and fail the test
    page = visit(tmp_path / "parity-dev.html")
    allowed = {"A", "ARTICLE", "B", "BDI", "BODY", "BR", "BUTTON", "CAPTION", "CODE", "COL", "COLGROUP", "DD", "DEL", "DETAILS", "DIALOG", "DIV", "DL", "DT", "H1", "H2", "H3", "H4", "HEAD", "HEADER", "HTML", "INPUT", "INS", "KBD", "LABEL", "LI", "MAIN", "META", "NAV", "OL", "OUTPUT", "P", "PRE", "SCRIPT", "SECTION", "SPAN", "STRONG", "STYLE", "SUMMARY", "SVG", "RECT", "TABLE", "TBODY", "TD", "TH", "THEAD", "TITLE", "TR", "UL"}  # fmt: skip
    used: set[str] = set()
    for number in range(len(PAYLOADS)):
        page.keyboard.press("j")
        page.wait_for_selector(f"#detail[data-number='{number}'] .exchange")
        used.update(page.evaluate(_TAGS_OF_ALL_TABS))
    assert used <= allowed
    assert page.evaluate("window.pwned") is None
    links = page.eval_on_selector_all("a", "all => all.map(one => one.protocol).filter(one => one !== 'file:')")
    assert not links
    assert page.evaluate("document.scripts.length") == 3 + page.locator("script[id^=chunk-]").count()
    attributes = page.evaluate(
        "[...document.querySelectorAll('*')].flatMap(one => one.getAttributeNames()).filter(name => name.startsWith('on'))"
    )
    assert not attributes


def test_text_that_looks_like_something_else_is_shown_by_its_codes(visit: Callable[..., Any], tmp_path: Path) -> None:
    write_page(tmp_path / "p.html", [hostile_comparison("a\u202eb\x1b[31mc\u200bd", 0)])
    page = visit(tmp_path / "p.html")
    page.keyboard.press("j")
    page.wait_for_selector("#detail .exchange")
    text = page.inner_text("#detail")
    assert "a\\u202eb\\u001b[31mc\\u200bd" in text
    assert "\u202e" not in page.inner_text("body")


@pytest.fixture
def serve_with() -> Iterator[Callable[[Path, str], str]]:
    """Serve a folder with a Content-Security-Policy of the server."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def start(folder: Path, policy: str) -> str:
        class Handler(http.server.SimpleHTTPRequestHandler):
            def end_headers(self) -> None:
                self.send_header("Content-Security-Policy", policy)
                super().end_headers()

            def log_message(self, *_: Any) -> None:
                """Stay silent."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def folder_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folder")
    write_page(folder / "parity-dev.html", comparisons(200), form="folder")
    return folder


def test_the_folder_form_works_from_disk_and_keeps_deep_links(visit: Callable[..., Any], folder_report: Path) -> None:
    page = visit(folder_report / "parity-dev.html", fragment=MISMATCH, ready=False)
    page.wait_for_selector("#detail .exchange")
    assert page.url.startswith((folder_report / "parity-dev" / "index.html").as_uri())


def test_the_folder_form_works_under_a_strict_policy(
    visit: Callable[..., Any], folder_report: Path, serve_with: Callable[[Path, str], str]
) -> None:
    address = serve_with(folder_report, "default-src 'self'")
    page = visit(
        f"{address}/parity-dev/index.html",
        fragment=MISMATCH,
        allowed=("favicon",),
    )
    page.wait_for_selector("#detail .exchange")
    assert page.locator("table.diff tr.f2").count() > 0


JENKINS = "sandbox; default-src 'none'; img-src 'self'; style-src 'self';"


def test_one_file_is_readable_under_the_policy_of_jenkins(
    visit: Callable[..., Any], report: Path, serve_with: Callable[[Path, str], str]
) -> None:
    address = serve_with(report.parent, JENKINS)
    blocked = ("Content Security Policy", "Blocked script execution", "favicon")
    page = visit(f"{address}/{report.name}", ready=False, allowed=blocked)
    page.locator("#static summary").first.click()
    assert page.is_visible("text=No parity")
    assert page.locator("#static details[open] li").first.is_visible()


def test_a_damaged_page_says_so_and_still_shows_what_it_can(
    visit: Callable[..., Any], report: Path, tmp_path: Path
) -> None:
    text = report.read_text(encoding="utf-8")
    at = text.index('id="index">') + 200
    (tmp_path / "cut.html").write_text(text[:at] + "!!!" + text[at + 3 :], encoding="utf-8")
    page = visit(tmp_path / "cut.html", ready=False)
    page.wait_for_selector("#problem:not([hidden])")
    assert page.is_visible("#static")


def test_an_old_browser_is_told_and_gets_the_static_part(
    visit: Callable[..., Any], report: Path, chromium: Any
) -> None:
    context = chromium.new_context()
    context.add_init_script("delete window.DecompressionStream")
    page = context.new_page()
    page.goto(report.as_uri())
    page.wait_for_selector("text=too old to unpack")
    assert page.is_visible("#static summary >> nth=0")
    context.close()
    del visit
