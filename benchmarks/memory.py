"""Peak memory of a run whose tests exchange much: exchanges of 10 KB that all differ, and one body of 100 MB.

python benchmarks/memory.py [--exchanges N] [--megabytes N]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_TESTS = """
import hashlib, pytest, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
@pytest.mark.parametrize("number", range({tests}))
def test_exchanges(services, number):
    for request in range({each}):
        assert len(services.items.get(f"/small/{{number}}/{{request}}").content) == 10_000
def test_large(services):
    digest, size = hashlib.sha256(), 0
    with services.items.stream("GET", "/large/{megabytes}") as response:
        for part in response.iter_bytes():
            size += len(part)
    assert size == {megabytes} * 1_000_000
"""
#: every reply differs, and half of it does not compress
_SERVER = """
import hashlib, http.server, socketserver
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    def do_GET(self):
        kind, _, rest = self.path[1:].partition("/")
        size = int(rest) * 1_000_000 if kind == "large" else 10_000
        self.send_response(200)
        self.send_header("content-length", str(size))
        self.send_header("content-type", "application/octet-stream")
        self.end_headers()
        part = (hashlib.shake_256(self.path.encode()).hexdigest(5000) if kind == "small" else "x" * 10_000).encode()
        for _ in range(size // 10_000):
            self.wfile.write(part)
        self.wfile.flush()
    def log_message(self, *_): pass
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
server = Server(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""
_CONFIG = """
[tool.gaia-parity]
parity-tests = ["."]
targets.local = {{ network = "direct", urls = {{ items = "http://127.0.0.1:{port}" }} }}
targets.dev = {{ network = "direct", urls = {{ items = "http://127.0.0.1:{port}" }} }}
services.items = {{ health = "/small/health" }}
"""


def main() -> None:
    """Run once, and print the run's peak memory and the size of its recordings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exchanges", type=int, default=20_000)
    parser.add_argument("--megabytes", type=int, default=100)
    given = parser.parse_args()
    each = 20
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE) as server,  # noqa: S603 - our own
    ):
        assert server.stdout is not None
        folder, port = Path(name), int(server.stdout.readline())
        # three passes
        sizes = {"tests": given.exchanges // each // 3 + 1, "each": each, "megabytes": given.megabytes}
        (folder / "test_memory.py").write_text(_TESTS.format(**sizes))
        (folder / "pyproject.toml").write_text(_CONFIG.format(port=port))
        command = [sys.executable, "-m", "pytest", "-q", "--parity", "dev", "-p", "no:cacheprovider"]
        started = time.perf_counter()
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as run:  # noqa: S603 - likewise
            _, status, usage = os.wait4(run.pid, 0)
            run.returncode = os.waitstatus_to_exitcode(status)
        server.kill()
        written = sum(path.stat().st_size for path in (folder / "reports").glob("*.jsonl"))
        exchanges = 3 * sizes["tests"] * each
        print(f"{exchanges:,} exchanges of 10 KB and 3 of {given.megabytes} MB: exit {run.returncode}")
        print(
            f"peak {usage.ru_maxrss // 1024} MB, {time.perf_counter() - started:.0f} s, {written / 1e6:.0f} MB recorded"
        )


if __name__ == "__main__":
    main()
