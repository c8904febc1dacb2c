"""Something real that is not ours: httpbin behind two servers, and exactly what differs between them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
[tool.gaia-parity]
baseline = "gunicorn"

[tool.gaia-parity.targets.gunicorn]
network = "direct"
urls = {{ httpbin = "{gunicorn}" }}

[tool.gaia-parity.targets.uvicorn]
network = "direct"
urls = {{ httpbin = "{uvicorn}" }}

[tool.gaia-parity.services.httpbin]
health = "/status/200"
"""

TESTS = """
import pytest

PATHS = [
    "/", "/get", "/anything", "/anything/a/b?x=1", "/base64/aGVsbG8=", "/basic-auth/u/p", "/bearer", "/brotli",
    "/bytes/64?seed=7", "/cache", "/cache/60", "/cookies", "/cookies/set/a/b", "/deflate", "/deny",
    "/digest-auth/auth/u/p", "/drip?numbytes=5&duration=0", "/encoding/utf8", "/etag/abc", "/forms/post", "/gzip",
    "/headers", "/hidden-basic-auth/u/p", "/html", "/image/jpeg", "/image/png", "/image/svg", "/image/webp", "/ip",
    "/json", "/links/3", "/range/64", "/redirect-to?url=/get", "/redirect/2", "/absolute-redirect/2",
    "/relative-redirect/2", "/response-headers?x=1&x=2", "/robots.txt", "/status/204", "/status/304", "/status/404",
    "/status/418", "/status/500", "/stream-bytes/64?seed=7", "/stream/3", "/user-agent", "/uuid", "/xml",
    "/no-such-path", "/anything/%2F", "/anything/%C3%A9",
]


@pytest.fixture
def httpbin(services):
    yield services.httpbin
    services.httpbin.cookies.clear()


@pytest.mark.parametrize("path", PATHS)
def test_get(httpbin, path):
    httpbin.get(path)


@pytest.mark.parametrize("path", ["/redirect/2", "/absolute-redirect/2", "/cookies/set/a/b"])
def test_followed(httpbin, path):
    assert httpbin.get(path, follow_redirects=True).status_code == 200


@pytest.mark.parametrize("method, path", [
    ("HEAD", "/get"), ("HEAD", "/stream/3"), ("OPTIONS", "/get"), ("DELETE", "/delete"), ("POST", "/get"),
    ("TRACE", "/anything"),
])
def test_method(httpbin, method, path):
    httpbin.request(method, path)


def test_json(httpbin):
    httpbin.post("/post", json={"a": 1})


def test_form(httpbin):
    httpbin.post("/post", data={"a": "1"})


def test_upload(httpbin):
    httpbin.post("/post", files={"f": b"x"})


def test_bytes(httpbin):
    httpbin.put("/put", content=bytes([255, 0]))


def test_text(httpbin):
    httpbin.patch("/patch", content="gr\\u00fcn".encode())


def test_range(httpbin):
    assert httpbin.get("/range/64", headers={"Range": "bytes=0-9"}).status_code == 206


def test_not_modified(httpbin):
    assert httpbin.get("/etag/abc", headers={"If-None-Match": "abc"}).status_code == 304


def test_login(httpbin):
    assert httpbin.get("/basic-auth/u/p", auth=("u", "p")).status_code == 200


def test_repeated_header(httpbin):
    httpbin.get("/headers", headers=[("X-Multi", "a"), ("X-Multi", "b")])


def test_stream(httpbin):
    with httpbin.stream("GET", "/stream/5") as response:
        assert len(list(response.iter_lines())) == 5


def test_chunked_upload(httpbin):
    httpbin.post("/post", content=iter([b"a", b"b"]))


def test_underscore(httpbin):
    httpbin.get("/headers", headers={"X_Under": "score"})


def test_unknown_status(httpbin):
    httpbin.get("/status/999")
"""

#: every difference there is: test → places and kinds, and why
DIFFERENCES = {
    # a2wsgi does not say wsgi.input_terminated, so that a body without a length is refused with a page of werkzeug's
    "test_chunked_upload": {("status", "status-changed")},
    # gunicorn drops headers with an underscore, which a CGI variable could not tell from a hyphen
    "test_underscore": {("body.headers.X-Under", "added")},
    # uvicorn knows no reason phrase for 999 and ends the connection, at which httpx raises
    "test_unknown_status": {("outcome", "outcome-changed"), ("status", "status-changed")},
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, gunicorn: str, uvicorn: str) -> dict[str, Any]:
    """The results file of one run between the two."""
    folder = tmp_path_factory.mktemp("httpbin")
    (folder / "pyproject.toml").write_text(CONFIG.format(gunicorn=gunicorn, uvicorn=uvicorn), encoding="utf-8")
    (folder / "parity_tests").mkdir()
    (folder / "parity_tests" / "test_httpbin.py").write_text(TESTS, encoding="utf-8")
    return _run(folder)


def _run(folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "pytest", "--parity", "uvicorn", "-q", "-p", "no:cacheprovider"]
    ended = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)  # noqa: S603 - as above
    assert ended.returncode == 1, ended.stdout + ended.stderr
    found: dict[str, Any] = json.loads((folder / "reports" / "parity-uvicorn.json").read_text(encoding="utf-8"))
    return found


def test_exactly_the_known_differences_are_found(results: dict[str, Any]) -> None:
    found = {
        comparison["test"].rpartition("::")[2]: {
            (difference["path"], difference["kind"])
            for difference in comparison["differences"]
            if difference["severity"] == "error"
        }
        for comparison in results["comparisons"]
        if comparison["verdict"] != "match"
    }
    assert found == DIFFERENCES


def test_everything_else_matches(results: dict[str, Any]) -> None:
    assert results["summary"]["mismatch"] == len(DIFFERENCES)
    assert results["summary"]["match"] == len(results["comparisons"]) - len(DIFFERENCES)
    assert results["summary"]["match"] > 60
