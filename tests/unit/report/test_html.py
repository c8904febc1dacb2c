from __future__ import annotations

import base64
import json
import re
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gaia_parity.model.comparison import Comparison, Difference, Kind, Pair, Verdict
from pytest_gaia_parity.model.exchange import Body, Exchange, Request, Response
from pytest_gaia_parity.model.recording import TestRecord
from pytest_gaia_parity.model.results import Results, Side
from pytest_gaia_parity.report.html import HtmlSink
from pytest_gaia_parity.report.sink import Evidence
from pytest_gaia_parity.report.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def record(text: str) -> TestRecord:
    exchange = Exchange(
        service="auth",
        request=Request(method="GET", url="http://auth:8000/x"),
        response=Response(status=200, headers=(("X-A", text[:20]),), body=Body(text=text, size=len(text))),
    )
    return TestRecord(test="t", outcome="passed", exchanges=(exchange,))


def mismatch(test: str, baseline: str = "one", candidate: str = "two") -> tuple[Comparison, Evidence]:
    difference = Difference(
        exchange="GET auth /x", path="body.a", kind=Kind.VALUE_CHANGED, baseline=baseline, candidate=candidate, pair=0
    )
    comparison = Comparison(
        test=test,
        verdict=Verdict.MISMATCH,
        differences=(difference,),
        exchanges=(Pair(label="GET auth /x", baseline=0, candidate=0),),
    )
    sides = [[record(json.dumps({"a": value, "b": 1}))] for value in (baseline, candidate)]
    return comparison, Evidence(*sides)


def match(test: str) -> tuple[Comparison, Evidence]:
    pair = Pair(label="GET auth /x", baseline=0, candidate=0)
    return Comparison(test=test, verdict=Verdict.MATCH, exchanges=(pair,)), Evidence(
        [record('{"a":1}')], [record('{"a":1}')]
    )


def page(path: Path, comparisons: Iterable[tuple[Comparison, Evidence]]) -> str:
    sink, tally = HtmlSink(path), Tally()
    baseline, candidate = Side(name="local"), Side(name="dev")
    sink.open(baseline, candidate)
    for comparison, evidence in comparisons:
        tally.add(comparison)
        sink.write(comparison, evidence)
    sink.close(Results(schema=1, summary=tally.summary, baseline=baseline, candidate=candidate))
    return path.read_text(encoding="utf-8")


def unpacked(content: str, name: str) -> Any:
    (packed,) = re.findall(rf'<script type="text/plain" id="{name}">([^<]*)</script>', content)
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def test_the_page_says_first_whether_there_is_parity(tmp_path: Path) -> None:
    good = page(tmp_path / "1.html", [match("t")])
    bad = page(tmp_path / "2.html", [match("t"), mismatch("u")])
    assert "<title>parity local = dev: 1 matched</title>" in good
    assert "<title>parity local ≠ dev: 1 matched, 1 mismatched</title>" in bad
    assert "body.a" in bad
    assert "&#34;one&#34; → &#34;two&#34;" in bad, "the difference is readable without scripts"


def test_the_order_of_arrival_does_not_show(tmp_path: Path) -> None:
    given = [match("b"), mismatch("c"), match("a"), mismatch("d")]
    assert page(tmp_path / "1.html", given) == page(tmp_path / "2.html", reversed(given))


def test_the_list_begins_with_what_is_not_alike(tmp_path: Path) -> None:
    content = page(tmp_path / "1.html", [match("a"), mismatch("b")])
    assert [row[0] for row in unpacked(content, "index")] == ["b", "a"]


def test_a_mismatch_is_aligned_and_carries_both_bodies(tmp_path: Path) -> None:
    (shown,) = unpacked(page(tmp_path / "1.html", [mismatch("b")]), "chunk-0")
    (exchange,) = shown["exchanges"]
    assert exchange["rows"]["body"] == [
        [0, 0, "{"],
        [2, 1, '"a": "one"', '"a": "two"', 0],
        [0, 1, '"b": 1'],
        [0, 0, "}"],
    ]
    assert [side["response"]["text"] for side in exchange["sides"]] == ['{"a": "one", "b": 1}', '{"a": "two", "b": 1}']


def test_a_match_keeps_its_body_once(tmp_path: Path) -> None:
    (shown,) = unpacked(page(tmp_path / "1.html", [match("b")]), "chunk-0")
    (exchange,) = shown["exchanges"]
    assert "text" in exchange["sides"][0]["response"]
    assert "response" not in exchange["sides"][1]
    assert "rows" not in exchange


def test_details_are_cut_into_chunks_that_know_where_they_start(tmp_path: Path) -> None:
    content = page(tmp_path / "1.html", [mismatch(f"t{n:03}", "x" * 20_000, "y") for n in range(12)])
    meta = json.loads(re.findall(r'id="meta">(.*?)</script>', content)[0])
    index = unpacked(content, "index")
    assert len(meta["starts"]) > 1
    for number, start in enumerate(meta["starts"]):
        chunk = unpacked(content, f"chunk-{number}")
        end = [*meta["starts"], len(index)][number + 1]
        assert len(chunk) == end - start


def test_no_comparison_at_all_is_a_page(tmp_path: Path) -> None:
    assert "Nothing was compared" in page(tmp_path / "1.html", [])


@pytest.mark.parametrize(
    "hostile", ["</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><b>', "<!--"]
)
def test_hostile_text_stays_text(tmp_path: Path, hostile: str) -> None:
    content = page(tmp_path / "1.html", [mismatch(f"t[{hostile}]", hostile, hostile + "!")])
    plain = page(tmp_path / "2.html", [mismatch("t", "a", "b")])
    assert hostile not in content
    assert re.findall(r"<[a-z!/]+", content) == re.findall(r"<[a-z!/]+", plain), "the same elements, whatever the text"


def test_the_policy_names_the_very_scripts_of_the_page(tmp_path: Path) -> None:
    content = page(tmp_path / "1.html", [match("t")])
    policy = re.findall(r'Content-Security-Policy" content="([^"]*)"', content)[0].replace("&#39;", "'")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
