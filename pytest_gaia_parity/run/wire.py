"""Records on reports, and everything known about pytest-xdist and about pytest's own counters.

A record leaves the process that made it on the `TestReport` of the test's teardown, as bytes under pytest-xdist; the
controller takes it off on arrival, because pytest keeps every report to the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from pytest_gaia_parity.model.recording import TestRecord
from pytest_gaia_parity.report.encode import encode_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_RECORDS = "_gaia_parity_records"
_PAYLOAD = "gaia_parity"
VERDICT = "gaia_parity_verdict"
#: where in the session's order a test stands
_POSITIONS_KEY = pytest.StashKey[dict[pytest.Item, int]]()

_decoder = msgspec.json.Decoder(list[TestRecord])


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker must know that only the controller decides."""

    run_id: str
    mask_key: bytes
    #: addresses of the embedded stack: target → rows of host, port, address, port
    lab_routes: dict[str, list[tuple[str, int, str, int]]] = {}
    #: where instances are compared: name of a service's host → those of its instances
    instances: dict[str, list[str]] = {}
    #: proxies that the controller keeps, for workers on its machine: target → rows of host, port, port of loopback
    proxies: dict[str, list[tuple[str, int, int]]] = {}
    #: bodies that a process runs at once
    jobs: int = 1


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is a worker of pytest-xdist."""
    return hasattr(config, "workerinput")


def is_distributed(config: pytest.Config) -> bool:
    """Whether this process hands its tests to workers."""
    return not is_worker(config) and config.pluginmanager.has_plugin("dsession")


def is_near(spec: Any) -> bool:
    """Whether a worker of this specification (`popen`, `ssh=host`, `popen//via=other`) runs on this machine, where our loopback is its own."""
    return bool(spec.popen) and not spec.via


def send_payload(node: Any, payload: Payload) -> None:
    """Give a worker, about to start, its payload."""
    node.workerinput[_PAYLOAD] = msgspec.json.encode(payload)


def receive_payload(config: pytest.Config) -> Payload | None:
    """The payload that the controller sent, None on the controller itself."""
    sent = getattr(config, "workerinput", {}).get(_PAYLOAD)
    return None if sent is None else msgspec.json.decode(sent, type=Payload)


def upcoming(config: pytest.Config, item: pytest.Item) -> Iterator[pytest.Item]:
    """The tests that this process will run from *item* on, as far as it knows: pytest-xdist hands them out bit by bit."""
    items = item.session.items
    interactor = next((one for one in config.pluginmanager.get_plugins() if hasattr(one, "torun")), None)
    if interactor is not None:
        with interactor.torun.lock() as queue:
            indices = [
                one for one in (interactor.item_index, interactor.nextitem_index, *queue) if isinstance(one, int)
            ]
        yield from (items[index] for index in indices)
        return
    positions = config.stash.get(_POSITIONS_KEY, None)
    if positions is None or positions.get(item) is None:
        positions = config.stash[_POSITIONS_KEY] = {one: position for position, one in enumerate(items)}
    for position in range(positions[item], len(items)):
        yield items[position]


def takes_back(config: pytest.Config) -> bool:
    """Whether tests that a worker was given may yet run elsewhere."""
    return str(config.getoption("dist", "no")) == "worksteal"


def hand_over(config: pytest.Config, name: str, value: Any) -> None:
    """Leave builtin values for the controller, on a worker that ends."""
    output = getattr(config, "workeroutput", None)
    if output is not None:
        output[f"{_PAYLOAD}_{name}"] = value


def handed_over(node: Any, name: str) -> Any:
    """What a worker left, None where it crashed."""
    return getattr(node, "workeroutput", {}).get(f"{_PAYLOAD}_{name}")


def attach(report: pytest.TestReport, records: Sequence[TestRecord], config: pytest.Config) -> None:
    """Put records on a report: encoded where they cross to another process."""
    data = encode_json(list(records)) if is_worker(config) else list(records)
    setattr(report, _RECORDS, data)


def detach(report: pytest.TestReport) -> list[TestRecord]:
    """Take the records off a report."""
    data = report.__dict__.pop(_RECORDS, None)
    if data is None:
        return []
    return _decoder.decode(data) if isinstance(data, bytes) else list(data)


def mark_verdict(report: pytest.TestReport, verdict: str) -> None:
    """Tell our status words and pytest-html's column that a report is a verdict."""
    setattr(report, VERDICT, verdict)


def verdict_of(report: pytest.TestReport) -> str | None:
    """The verdict that a report is, None for any other report."""
    verdict: str | None = getattr(report, VERDICT, None)
    return verdict


def expect_more(session: pytest.Session, count: int) -> None:
    """Tell pytest's progress display about the verdicts that will be reported beside the collected tests."""
    session.testscollected += count


def stop(config: pytest.Config, session: pytest.Session, reason: str) -> None:
    """End the run after this report, on whichever process runs the loop.

    pytest-xdist's loop counts only what workers report, and reads only its own flag.
    """
    dsession = config.pluginmanager.get_plugin("dsession")
    if dsession is not None:
        dsession.shouldstop = reason
    elif not session.shouldfail:
        session.shouldfail = reason


def rerun_all_sides(config: pytest.Config, expand: Any) -> None:
    """Make `--lf` select every side of a test of which one side, or the comparison, failed.

    :param expand: from one node id to those of all its sides.
    """
    plugin = config.pluginmanager.get_plugin("lfplugin")
    if plugin is None or not getattr(plugin, "active", False):
        return
    known = plugin.lastfailed
    identify = type(next(iter(known))).parse if known and not isinstance(next(iter(known)), str) else str
    for node_id in [str(key) for key in known]:
        for other in expand(node_id):
            known.setdefault(identify(other), True)
