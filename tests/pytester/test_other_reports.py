"""What a parity run adds to pytest-html, JUnit XML and pytest's own sections."""

from __future__ import annotations

import html
import json
import re
import sys
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers import Project

ITEM = """
import pytest

@pytest.mark.parametrize("number", range(COUNT))
def test_item(services, number):
    services.api.get("/item")
"""
HOSTILE = """
import pytest

@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>", "a&b"])
def test_item(services, text):
    services.api.get("/item")
"""


def rows_of(path: Path) -> dict[str, list[list[str]]]:
    blob = html.unescape(re.findall(r'data-jsonblob="([^"]*)"', path.read_text(encoding="utf-8"))[0])
    return {name: [row["resultsTableRow"] for row in rows] for name, rows in json.loads(blob)["tests"].items()}


def test_pytest_html_gets_a_column_that_links_into_the_page(
    project: Callable[..., Project], workers: tuple[str, ...]
) -> None:
    made = project({"/item": {"price": 3}}, dev={"/item": {"price": 4}})
    made.write(test_item=ITEM.replace("COUNT", "1"))
    made.run("--parity=dev", "--parity-confirm=0", "--html=out/report.html", "--self-contained-html", *workers)
    rows = rows_of(made.pytester.path / "out" / "report.html")
    (verdict,) = next(row for name, row in rows.items() if "local = dev" in name)
    assert (
        '<a href="../reports/parity-dev.html#c=parity_tests%2Ftest_item.py%3A%3Atest_item%5B0%5D">mismatch</a>'
        in verdict[2]
    )
    assert all(len(row) == 5 for several in rows.values() for row in several)
    assert "parity local = dev: 1 mismatch" in (made.pytester.path / "out" / "report.html").read_text(encoding="utf-8")


def test_an_id_is_never_html_in_pytest_html(project: Callable[..., Project]) -> None:
    made = project({"/item": {"price": 3}})
    made.write(test_item=HOSTILE)
    made.run("--parity=dev", "--html=report.html", "--self-contained-html")
    cells = [cell for rows in rows_of(made.pytester.path / "report.html").values() for row in rows for cell in row]
    assert any("onerror" in cell for cell in cells)
    assert not any("<img" in cell for cell in cells)


def test_without_pytest_html_nothing_is_missed(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_item=ITEM.replace("COUNT", "1"))
    assert made.run("--parity=dev", "-p", "no:html").ret == 0


def test_junit_has_the_sums_where_its_schema_allows_them(project: Callable[..., Project]) -> None:
    made = project({"/item": {"price": 3}}, dev={"/item": {"price": 4}})
    made.write(test_item=ITEM.replace("COUNT", "2"))
    made.run("--parity=dev", "--parity-confirm=0", "--junitxml=junit.xml")
    (suite,) = ET.parse(made.pytester.path / "junit.xml").getroot()  # noqa: S314 - our own file
    properties = {one.get("name"): one.get("value") for one in suite.iterfind("properties/property")}
    assert properties["parity.candidate"] == "dev"
    assert properties["parity.mismatch"] == "2"
    assert suite.get("failures") == "2"
    messages = [one.get("message", "") for one in suite.iter("failure")]
    assert all("mismatch: local → dev" in one for one in messages)


#: what the schema of Jenkins' xunit plugin allows, element by element
ALLOWED = {
    "testsuites": ({"testsuite"}, {"name", "time", "tests", "failures", "errors"}),
    "testsuite": ({"testsuite", "properties", "testcase", "system-out", "system-err"}, {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package", "file", "log", "url", "version", "group"}),
    "properties": ({"property"}, set()),
    "property": (set(), {"name", "value"}),
    "testcase": ({"skipped", "error", "failure", "system-out", "system-err"}, {"name", "time", "classname", "group"}),
    "failure": (set(), {"type", "message"}),
    "error": (set(), {"type", "message"}),
    "skipped": (set(), {"type", "message"}),
    "system-out": (set(), set()),
    "system-err": (set(), set()),
}  # fmt: skip


def test_junit_stays_within_the_strictest_schema(project: Callable[..., Project]) -> None:
    made = project({"/item": {"price": "\x1b[31m<b>&"}}, dev={"/item": {"price": "]]>\x00"}})
    made.write(test_item=HOSTILE + "\ndef test_skip(services):\n    pytest.skip('no')\n")
    made.run("--parity=dev", "--parity-confirm=0", "--junitxml=junit.xml")
    for element in ET.parse(made.pytester.path / "junit.xml").iter():  # noqa: S314 - our own file
        children, attributes = ALLOWED[element.tag]
        assert {child.tag for child in element} <= children, element.tag
        assert set(element.keys()) <= attributes, element.tag


def test_the_old_junit_family_has_the_verdict_with_each_test(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_item=ITEM.replace("COUNT", "1"))
    made.run("--parity=dev", "--junitxml=junit.xml", "-o", "junit_family=xunit1")
    root = ET.parse(made.pytester.path / "junit.xml").getroot()  # noqa: S314 - our own file
    found = [one.get("value") for one in root.iterfind(".//testcase/properties/property[@name='parity']")]
    assert found == ["match"]


def test_only_the_first_mismatches_get_a_section_and_all_are_counted(project: Callable[..., Project]) -> None:
    made = project({"/item": {"price": 3}}, dev={"/item": {"price": 4}})
    made.write(test_item=ITEM.replace("COUNT", "25"))
    result = made.run("--parity=dev", "--parity-confirm=0")
    assert result.ret == 1
    sections = [line for line in result.outlines if re.match(r"_+ test_item\[local = dev-\d+\] _+", line)]
    assert len(sections) == 10
    assert sum(line.startswith("MISMATCH ") for line in result.outlines) == 25
    result.stdout.fnmatch_lines(["*25 failed*"])


@pytest.mark.parametrize("on_github", [True, False])
def test_on_github_there_are_a_summary_and_annotations(
    project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch, *, on_github: bool
) -> None:
    made = project({"/item": {"price": 3}}, dev={"/item": {"price": 4}})
    made.write(test_item=ITEM.replace("COUNT", "1"))
    summary = made.pytester.path / "summary.md"
    if on_github:
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    result = made.run("--parity=dev", "--parity-confirm=0")
    assert any(line.startswith("::error file=parity_tests/test_item.py,") for line in result.outlines) is on_github
    assert summary.exists() is on_github


def test_the_page_can_be_a_folder(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_item=ITEM.replace("COUNT", "1"))
    result = made.run("--parity=dev", "--parity-report-form=folder")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["report: reports/parity-dev/index.html"])
    assert (made.pytester.path / "reports" / "parity-dev" / "page.js").exists()


def test_compare_marks_what_is_new_against_earlier_results(project: Callable[..., Project]) -> None:
    made = project({"/item": {"price": 3, "name": "a"}}, dev={"/item": {"price": 4, "name": "a"}})
    made.write(test_item=ITEM.replace("COUNT", "1"))
    made.run("--parity=dev", "--parity-confirm=0")
    reports = made.pytester.path / "reports"
    earlier = json.loads((reports / "parity-dev.json").read_text(encoding="utf-8"))
    earlier["comparisons"][0]["differences"][0]["path"] = "body.name"
    (reports / "earlier.json").write_text(json.dumps(earlier), encoding="utf-8")
    command = ["-m", "pytest_gaia_parity", "compare", "reports/local.jsonl", "reports/dev.jsonl"]
    result = made.pytester.run(sys.executable, *command, "--against", "reports/earlier.json")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["new: body.price: 3 → 4", "note: *reports/earlier.json*1 of its differences did not occur*"]
    )
    (difference,) = made.results()["comparisons"][0]["differences"]
    assert difference["new"] is True


ODD = """
def test_odd(parity, target):
    parity.observe("odd", "a" + chr(0xD800) + "b")
    parity.observe("unequal", [chr(0xDFFF), target.is_baseline])
"""


def test_text_that_has_no_utf8_form_reaches_every_report(
    project: Callable[..., Project], workers: tuple[str, ...]
) -> None:
    made = project()
    made.write(test_odd=ODD)
    result = made.run("--parity=dev", "--parity-confirm=0", "--junitxml=junit.xml", "--html=report.html", *workers)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["parity local ≠ dev: 1 mismatched"])
    (one,) = made.results()["comparisons"]
    assert [difference["path"] for difference in one["differences"]] == ["observations.unequal[1]"]
