"""What a test sends and sees is recorded, whole, in order, and without a secret."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import brotli
import pytest
import zstandard

from pytest_gaia_parity.report.recording import read_recording
from tests.servers import Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.server import BaseHTTPRequestHandler

    from tests.servers import Project, Routes

TEXT = b'{"text": "' + b"parity " * 200 + b'"}'


def exchanges(made: Project, body: str, *, target: str = "dev") -> list[dict[str, Any]]:
    """Run one test on one target, and return what its recording holds."""
    made.write(test_a=f"import httpx, pytest\ndef test_a(services, target):\n    {body}")
    made.run(f"--target={target}", "--record=reports/dev.jsonl")
    (record,) = [line for line in made.recording("dev") if line["type"] == "test"]
    found: list[dict[str, Any]] = record.get("exchanges", [])
    return found


def test_an_exchange_tells_all(project: Callable[..., Project]) -> None:
    made = project({"/item": Reply({"a": 1}, headers=(("x-a", "1"), ("x-b", "2"), ("x-a", "3")))})
    (exchange,) = exchanges(made, "services.api.get('/item', params={'q': 'ä b'}, headers={'x-mine': 'y'})")
    request, response = exchange["request"], exchange["response"]
    assert (exchange["service"], request["method"], request["url"]) == (
        "api",
        "GET",
        f"{made.dev.url}/item?q=%C3%A4+b",
    )
    assert ["x-mine", "y"] in [[name.lower(), value] for name, value in request["headers"]]
    assert [[name, value] for name, value in response["headers"] if name.startswith("x-")] == [
        ["x-a", "1"], ["x-b", "2"], ["x-a", "3"],
    ]  # fmt: skip
    assert (response["status"], response["body"]["text"]) == (200, '{"a": 1}')
    assert (exchange["connection"]["family"], exchange["connection"]["route"]) == ("IPv4", "direct")
    assert made.dev.url.endswith(exchange["connection"]["address"])
    timings = exchange["timings"]
    assert 0 < timings["connect"] <= timings["first_byte"] <= timings["total"]


def test_connections_are_kept_alive_across_tests(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_a="\n".join(f"def test_{n}(services): services.api.get('/health')" for n in range(3)))
    made.run("--target=dev", "--record=reports/dev.jsonl", "--no-preflight")
    reused = [
        line["exchanges"][0]["connection"].get("reused", False)
        for line in made.recording("dev")
        if line["type"] == "test"
    ]
    assert reused == [False, True, True]


@pytest.mark.parametrize(
    ("coding", "content"),
    [("gzip", gzip.compress(TEXT, mtime=0)), ("br", brotli.compress(TEXT)), ("zstd", zstandard.compress(TEXT))],
    ids=["gzip", "br", "zstd"],
)
def test_codings_are_decoded_and_both_sizes_kept(project: Callable[..., Project], coding: str, content: bytes) -> None:
    made = project(
        {"/item": Reply(content, headers=(("content-type", "application/json"), ("content-encoding", coding)))}
    )
    (exchange,) = exchanges(made, "assert services.api.get('/item').json()['text'].startswith('parity')")
    body = exchange["response"]["body"]
    assert (body["text"], body["size"], body["wire_size"]) == (TEXT.decode(), len(TEXT), len(content))


def test_each_hop_of_a_redirect_is_an_exchange(project: Callable[..., Project]) -> None:
    made = project({"/old": Reply({}, status=307, headers=(("location", "/new"),)), "/new": {"here": True}})
    found = exchanges(made, "services.api.get('/old', follow_redirects=True)")
    assert [(one["request"]["url"].rpartition("/")[2], one["response"]["status"]) for one in found] == [
        ("old", 307), ("new", 200),
    ]  # fmt: skip


def test_a_stream_is_recorded_when_it_is_closed(project: Callable[..., Project]) -> None:
    events = b"event: a\ndata: 1\n\nevent: b\ndata: 2\n\n"
    made = project({"/events": Reply(events, headers=(("content-type", "text/event-stream"),))})
    (exchange,) = exchanges(
        made, "with services.api.stream('GET', '/events') as r: assert list(r.iter_lines())[1] == 'data: 1'"
    )
    assert exchange["response"]["body"]["text"] == events.decode()


def test_a_stream_left_early_is_partial(project: Callable[..., Project]) -> None:
    made = project({"/events": Reply(b"x" * 5_000_000, headers=(("content-type", "text/plain"),))})
    (exchange,) = exchanges(made, "with services.api.stream('GET', '/events') as r: next(r.iter_bytes(10))")
    assert exchange["response"]["body"]["partial"] is True


def test_an_upload_is_recorded_as_sent(project: Callable[..., Project]) -> None:
    made = project({"/files": {"ok": True}})
    found = exchanges(
        made,
        "services.api.post('/files', files={'f': ('a.txt', b'hello')}); "
        "services.api.post('/files', content=(part for part in [b'one', b'two']))",
    )
    assert "hello" in found[0]["request"]["body"]["text"]
    assert found[1]["request"]["body"]["text"] == "onetwo"


def test_a_request_that_raises_is_recorded_and_still_raises(project: Callable[..., Project]) -> None:
    def hang_up(handler: BaseHTTPRequestHandler) -> dict[str, Any]:
        handler.close_connection = True
        handler.connection.close()
        raise ConnectionAbortedError

    made = project({"/gone": hang_up})
    (exchange,) = exchanges(made, "pytest.raises(httpx.RemoteProtocolError, services.api.get, '/gone')")
    assert exchange["failure"]["type"] == "RemoteProtocolError"


def test_requests_can_be_matched_with_the_services_logs(project: Callable[..., Project]) -> None:
    made = project()
    found = exchanges(made, "services.api.get('/health'); services.api.get('/health')")
    sent = [{name.lower(): value for name, value in headers.items()} for _, _, headers, _ in made.dev.seen[-2:]]
    assert len({one["traceparent"] for one in sent}) == 2
    assert [one["traceparent"] for one in sent] == [one["trace"] for one in found]
    assert len({one["x-parity-run"] for one in sent}) == 1


def test_a_read_only_target_refuses_what_may_write(project: Callable[..., Project]) -> None:
    made = project({"/item": {}, "/login": {}})
    text = (made.pytester.path / "pyproject.toml").read_text()
    text = text.replace(
        "[tool.gaia-parity.targets.dev]",
        '[tool.gaia-parity.targets.dev]\nread-only = true\nwrites = ["POST api /login"]',
    )
    (made.pytester.path / "pyproject.toml").write_text(text)
    made.write(
        test_a="""
def test_read(services): services.api.get("/item")
def test_listed(services): services.api.post("/login")
def test_write(services): services.api.post("/item")
"""
    )
    result = made.run("--target=dev", "--no-preflight")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*RefusedError*POST*/item*read-only*"])
    assert [(method, path) for method, path, _, _ in made.dev.seen] == [("GET", "/item"), ("POST", "/login")]
    made.run("--target=dev", "--no-preflight", "--allow-writes").assert_outcomes(passed=3)


def test_async_services_on_both_sides(project: Callable[..., Project], workers: tuple[str, ...]) -> None:
    made = project({"/item": {"a": 1}}, dev={"/item": {"a": 2}})
    made.write(
        test_a="""
import pytest, anyio

pytestmark = pytest.mark.anyio

@pytest.fixture(scope="session")
def anyio_backend(): return "asyncio"

async def test_item(async_services):
    assert (await async_services.api.get("/item")).status_code == 200

async def test_many(async_services):
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(async_services.api.get, "/health")

async def test_stream(async_services):
    async with async_services["api"].stream("GET", "/health") as response:
        assert [chunk async for chunk in response.aiter_bytes()]
"""
    )
    result = made.run("--parity=dev", *workers)
    assert made.verdicts() == {"test_item": "mismatch", "test_many": "match", "test_stream": "match"}
    assert result.ret == 1


SECRETS = {
    "DATABASE_URL": "postgres://gaia:hunter2-very-secret@db/gaia",
    "API_KEY": "k3y-0123456789abcdef",
    "QUOTED": 'with "quotes" and ünicode',
}


def secret_routes(side: str) -> Routes:
    return {
        "/config": {"url": SECRETS["DATABASE_URL"], "quoted": SECRETS["QUOTED"]},
        "/login": Reply(
            {"ok": True},
            headers=(("set-cookie", f"session=cookie-of-{side}-4711; Path=/; HttpOnly"), ("x-key", SECRETS["API_KEY"])),
        ),
    }


def test_no_secret_is_written_anywhere(project: Callable[..., Project]) -> None:
    """Values of the env file and credentials in headers, in every file and in all that the terminal shows."""
    made = project(secret_routes("local"), dev=secret_routes("dev"))
    lines = "\n".join(f"{name}='{value}'" for name, value in SECRETS.items())
    (made.pytester.path / ".env").write_text(lines + "\n", encoding="utf-8")
    made.write(
        test_a=f"""
def test_config(services, parity):
    body = services.api.get("/config", params={{"key": {SECRETS["API_KEY"]!r}}}).json()
    parity.observe("url", body["url"])

def test_login(services):
    services.api.post("/login", headers={{"authorization": "Bearer bearer-token-4711"}}, json={{"k": {SECRETS["API_KEY"]!r}}})
    services.api.get("/config")

def test_fails(services, target):
    print(services.api.get("/config").json())
    assert services.api.get("/config").json()["url"] == str(target.is_baseline)
"""
    )
    result = made.run("--parity=dev", "--junitxml=reports/junit.xml", "--html=reports/report.html", "-rA")
    assert result.ret == 1
    written = {path.name: path.read_bytes() for path in (made.pytester.path / "reports").rglob("*") if path.is_file()}
    assert {"local.jsonl", "dev.jsonl", "parity-dev.json", "parity-dev.html", "junit.xml", "report.html"} <= set(
        written
    )
    written["terminal"] = "\n".join(result.outlines + result.errlines).encode()
    planted = [
        *SECRETS.values(),
        "hunter2-very-secret",
        "cookie-of-local-4711",
        "cookie-of-dev-4711",
        "bearer-token-4711",
    ]
    found = [(name, secret) for name, content in written.items() for secret in planted if secret.encode() in content]
    assert found == []


def test_a_full_disk_ends_the_run_with_a_message_and_a_readable_recording(project: Callable[..., Project]) -> None:
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("needs root to mount a small file system")
    made = project({"/noise": lambda _: Reply({"noise": random.randbytes(20_000).hex()})})  # noqa: S311 - what does not compress
    made.write(
        test_a="import pytest\n@pytest.mark.parametrize('n', range(60))\ndef test_a(services, n):\n    services.api.get('/noise')\n"
    )
    disk = made.pytester.mkdir("disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(disk)], check=True)  # noqa: S603, S607
    try:
        result = made.run("--target=dev", f"--record={disk}/dev.jsonl")
        assert result.ret == 3
        result.stdout.fnmatch_lines(["*dev.jsonl' cannot be written: No space left on device*"])
        recording = read_recording(disk / "dev.jsonl")
        assert not recording.is_whole
        assert 0 < len(list(recording)) < 60
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)  # noqa: S603, S607
