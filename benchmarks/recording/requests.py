"""What recording and routing add to a request, as a ratio to a plain reused httpx.Client; and how long preflight takes.

python benchmarks/recording/requests.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from pytest_gaia_parity.clients.factory import Clients
from pytest_gaia_parity.clients.probe import ProbeTarget, probe
from pytest_gaia_parity.clients.tape import Recorder, Tape
from pytest_gaia_parity.clients.transport import WriteGuard
from pytest_gaia_parity.network.lab import LabNetwork

if TYPE_CHECKING:
    from collections.abc import Iterator

#: requests in one measurement, and services of each side
BATCH, SERVICES = 100, 20
#: answers as a small service does, on as many ports as asked for, each printed
SERVER = """
import asyncio, json, sys
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
import uvicorn

BODY = {"items": [{"id": f"{n:032x}", "name": f"asset {n}", "size": n * 1000} for n in range(20)]}

async def answer(request):
    await request.body()
    return JSONResponse(BODY)

async def main(count):
    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
    servers = [uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", access_log=False)) for _ in range(count)]
    running = [asyncio.create_task(server.serve()) for server in servers]
    while not all(server.started for server in servers):
        await asyncio.sleep(0.01)
    print(json.dumps([server.servers[0].sockets[0].getsockname()[1] for server in servers]), flush=True)
    await asyncio.gather(*running)

asyncio.run(main(int(sys.argv[1])))
"""


@contextmanager
def serving(count: int) -> Iterator[list[int]]:
    """Services in a process of their own, so that they do not compete with the clients for an interpreter."""
    command = [sys.executable, "-c", SERVER, str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            assert process.stdout is not None
            yield [int(port) for port in process.stdout.readline().decode().strip("[]\n").split(",")]
        finally:
            process.kill()


def seconds(client: httpx.Client) -> float:
    """CPU and waiting of one batch: as many reads as writes."""
    started = time.perf_counter()
    for number in range(BATCH // 2):
        client.get("/assets").json()
        client.post("/assets", json={"name": f"asset {number}"}).json()
    return time.perf_counter() - started


def requests(rounds: int, port: int) -> None:
    """Measure both clients by turns; what they compete with hits both."""
    recorder = Recorder()
    clients = Clients(
        target="dev",
        urls={"api": "http://api:8000"},
        network=LabNetwork({("api", 8000): ("127.0.0.1", port)}),
        recorder=recorder,
        run_id="benchmark",
        timeout=30.0,
        guard=WriteGuard(target="dev", read_only=False),
    )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as plain:
        recorded = clients["api"]
        plain_times, recorded_times = [], []
        for _ in range(rounds + 1):  # the first is for warming up
            recorder.use(Tape())  # as each test has its own
            recorded_times.append(seconds(recorded))
            plain_times.append(seconds(plain))
        clients.close()
    ratios = [one / other for one, other in zip(recorded_times[1:], plain_times[1:], strict=True)]
    per_request = 1e6 / BATCH
    print(
        f"plain {per_request * statistics.median(plain_times[1:]):.0f} µs, "
        f"recorded and routed {per_request * statistics.median(recorded_times[1:]):.0f} µs a request"
    )
    print(f"median ratio {statistics.median(ratios):.3f} in {rounds} pairs of {BATCH} requests")


def preflight(ports: list[int]) -> None:
    """Probe both sides one after the other, as if there were one core."""
    started = time.perf_counter()
    for side in (ports[:SERVICES], ports[SERVICES:]):
        network = LabNetwork({(f"s{number}", 8000): ("127.0.0.1", port) for number, port in enumerate(side)})
        services = {f"s{number}": ProbeTarget(f"http://s{number}:8000") for number in range(len(side))}
        seen = probe(target="dev", services=services, network=network, timeout=5.0)
        assert not any(facts.failure for facts in seen.values())
    print(f"preflight of 2 x {SERVICES} services: {time.perf_counter() - started:.2f} s")


def main() -> None:
    """Print both figures."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    with serving(2 * SERVICES) as ports:
        requests(rounds, ports[0])
        preflight(ports)


if __name__ == "__main__":
    main()
