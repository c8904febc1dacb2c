"""Random secrets in all that a test can say, in every encoding: a whole run, and none of its outputs tells one."""

from __future__ import annotations

import base64
import html
import json
import re
import zlib
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.planting import ENCODINGS, SECRETS, holds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers import Project

SAYS = """
import json, logging, sys, warnings
from pathlib import Path
import pytest

PLANTED = json.loads((Path(__file__).parent.parent / "planted.json").read_text())

@pytest.fixture
def breaks_at_its_end(request):
    yield
    if request.node.callspec.params["text"] == PLANTED[0]:
        raise RuntimeError("teardown of " + PLANTED[0])

@pytest.mark.parametrize("text", PLANTED)
def test_says(services, parity, record_property, target, text, breaks_at_its_end):
    print("out " + text)
    print("err " + text, file=sys.stderr)
    logging.getLogger("app").warning("log %s", text)
    warnings.warn("warned " + text)
    record_property("said", text)
    parity.observe("row", [text, target.is_baseline])
    services.api.post("/echo", json={"note": text})
    if PLANTED.index(text) % 2:
        assert text == "", "it is " + text
"""


@settings(
    max_examples=2, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(secrets=st.lists(SECRETS.filter(lambda one: "'" not in one), min_size=1, max_size=1))
def test_no_output_of_a_run_tells_a_secret(
    project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch, secrets: list[str]
) -> None:
    made = project()
    (made.pytester.path / ".env").write_text("".join(f"S{n}='{one}'\n" for n, one in enumerate(secrets)))
    planted = [write(secret) for write in ENCODINGS.values() for secret in secrets]
    (made.pytester.path / "planted.json").write_text(json.dumps(planted))
    made.write(test_says=SAYS)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(made.pytester.path / "reports" / "summary.md"))
    result = made.run(
        "--parity=dev", "--parity-confirm=0", "-rA", "-Wdefault",
        "--junitxml=reports/junit.xml", "-ojunit_logging=all", "--html=reports/other.html", "--self-contained-html",
    )  # fmt: skip
    assert result.ret == 1
    texts = {"terminal": result.stdout.str() + result.stderr.str(), **written(made.pytester.path / "reports")}
    assert {"junit.xml", "other.html", "summary.md", "parity-dev.html", "parity-dev.json"} <= set(texts)
    told = [(name, secret) for name, text in texts.items() for secret in secrets if holds(text, secret)]
    assert not told
    for name in ("terminal", "junit.xml", "other.html"):
        assert "it is [masked:" in texts[name]
    assert "warned [masked:" in texts["terminal"]


def unpacked(page: str) -> str:
    """Everything that the page holds: its text, and what its data say once inflated."""
    packed = re.findall(r'<script type="text/plain" id="[^"]*">([^<]*)</script>', page)
    return page + "".join(zlib.decompress(base64.b64decode(one)).decode() for one in packed)


def written(folder: Path) -> dict[str, str]:
    """What stands in the files of a folder, compressed parts read as well."""
    return {
        path.name: html.unescape(unpacked(path.read_text(encoding="utf-8")))
        for path in folder.rglob("*")
        if path.is_file()
    }


LEAKING = """
import base64

def test_item(services, parity):
    answer = services.api.get("/item", headers={"Authorization": "Bearer " + "planted-Secret/9f8e7d+=&"}).json()
    parity.observe("leak", base64.b64encode(answer["leak"].removeprefix("x ").removesuffix(" y").encode()).decode())
    assert answer["price"] == 3, answer["leak"]
"""


def test_no_output_holds_a_secret(project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "planted-Secret/9f8e7d+=&"
    made = project(
        {"/item": {"leak": f"x {secret} y", "price": 3}}, dev={"/item": {"leak": f"x {secret} y", "price": 4}}
    )
    (made.pytester.path / ".env").write_text(f"API_KEY='{secret}'\n", encoding="utf-8")
    made.write(test_item=LEAKING)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(made.pytester.path / "reports" / "summary.md"))
    result = made.run(
        "--parity=dev", "--junitxml=reports/junit.xml", "--html=reports/other.html", "--self-contained-html"
    )
    assert result.ret == 1
    files = [path for path in (made.pytester.path / "reports").rglob("*") if path.is_file()]
    assert len(files) == 7
    texts = {path.name: html.unescape(unpacked(path.read_text(encoding="utf-8"))) for path in files}
    texts["terminal"] = result.stdout.str() + result.stderr.str()
    forms = [secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode(), secret.encode().hex()]
    found = [(name, form) for name, text in texts.items() for form in forms if form in text]
    assert not found
    assert "masked" in texts["parity-dev.html"]


LEARNS = """
import pytest

@pytest.fixture
def prints():
    print("before")

def test_login(services, prints):
    token = services.api.get("/login").json()["access_token"]
    print("it is " + token)
    assert token == "", token
"""


def test_what_a_test_learns_after_it_has_printed_is_masked_in_what_it_prints_then(
    project: Callable[..., Project], workers: tuple[str, ...]
) -> None:
    made = project({"/login": {"access_token": "Gx8-learnt-9f8e7d6c"}})
    made.write(test_login=LEARNS)
    result = made.run("--parity=dev", "--junitxml=reports/junit.xml", "-ojunit_logging=all", *workers)
    assert result.ret == 1
    texts = {"terminal": result.stdout.str() + result.stderr.str(), **written(made.pytester.path / "reports")}
    assert not [name for name, text in texts.items() if "9f8e7d6c" in text]
    assert "it is [masked:" in texts["terminal"]
    assert "it is [masked:" in texts["junit.xml"]


IDS = """
import os
import pytest

KEY = "sk-live-1234567890"

@pytest.mark.parametrize("key", [KEY, "password=short", "eu-west-1", "x" + KEY, KEY.encode()])
def test_key(services, key):
    services.api.get("/health")
"""


def test_a_parameter_that_holds_a_secret_is_called_by_its_name(
    project: Callable[..., Project], workers: tuple[str, ...]
) -> None:
    made = project()
    (made.pytester.path / ".env").write_text("API_KEY=sk-live-1234567890\nREGION=eu-west-1\n")
    made.write(test_key=IDS)
    result = made.run("--parity=dev", "-v", "--junitxml=junit.xml", *workers)
    assert result.ret == 0
    names = sorted(one["test"].partition("[")[2] for one in made.results()["comparisons"])
    assert names == ["eu-west-1]", "key-masked0]", "key-masked1]", "key-masked2]", "password=short]"]
    assert "1234567890" not in result.stdout.str() + (made.pytester.path / "junit.xml").read_text()


@pytest.mark.parametrize("how", ["ids=[KEY]", "ids=['a ' + KEY]"])
def test_an_id_that_a_test_gives_and_that_holds_a_secret_is_refused(project: Callable[..., Project], how: str) -> None:
    made = project()
    (made.pytester.path / ".env").write_text("API_KEY=sk-live-1234567890\n")
    made.write(test_key=IDS.replace('[KEY, "password=short", "eu-west-1", "x" + KEY, KEY.encode()]', f"[1], {how}"))
    result = made.run("--parity=dev")
    assert result.ret in {2, 4}
    said = result.stdout.str() + result.stderr.str()
    assert "test_key.py::test_key: the id of a parameter" in said
    assert "give it an id that says what it is for" in said
    assert "1234567890" not in said
