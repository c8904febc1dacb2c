"""The schema of a recording: JSON Lines, a header, a line per test and run, and a closing line.

Every line is one of `Header`, `TestRecord`, `BodyLine`, `End`, told apart by its key `type`. A recording without its `End` was cut off.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from pytest_gaia_parity.model.exchange import Exchange, Observation
from pytest_gaia_parity.model.rules import CompareRules, Expected

SCHEMA = 1

Outcome = Literal["passed", "failed", "error", "skipped", "xfailed", "xpassed"]


class ServiceFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What preflight saw of one service; every field may be unknown."""

    #: the URL that services and tests use
    url: str = ""
    address: str = ""
    family: str = ""
    route: str = ""
    version: str = ""
    image: str = ""
    #: status of the health request
    health: int | None = None
    #: the health body where it is JSON
    health_body: Any = None
    #: seconds that the service's clock is ahead of ours, from its Date header
    clock_offset: float | None = None
    #: seconds that resolving, connecting and the health request took
    resolve: float | None = None
    connect: float | None = None
    #: what failed, empty where nothing did
    failure: str = ""
    #: further facts by name, for causes: `families`, `machines`, `missing_secrets`, …
    details: dict[str, Any] = {}


class Header(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="header"):
    """The first line: one target, how it was reached, by what and when it was recorded."""

    #: made by a factory so that it is written although it is the default
    schema: int = msgspec.field(default_factory=lambda: SCHEMA)
    target: str
    network: str = ""
    services: dict[str, ServiceFacts] = {}
    #: how often each test ran
    runs: int = 1
    #: ISO 8601 with zone
    started: str = ""
    plugin: str = ""
    #: the rules of the configuration that was in force
    rules: CompareRules = CompareRules()
    expected: tuple[Expected, ...] = ()
    #: which part of the tests this is, counted from 1, and of how many; 0 of 0 where nobody said
    shard: int = 0
    shards: int = 0


class TestRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="test"):
    """One run of one test on one target: what came out and all that was seen."""

    __test__ = False

    #: the node id without the side
    test: str
    #: 1 for the first run on this target, 2 for its repetition, …
    run: int = 1
    outcome: Outcome
    #: the phase that failed or skipped: setup, call, teardown
    phase: str = "call"
    #: the failure's or skip's message, one paragraph
    message: str = ""
    exchanges: tuple[Exchange, ...] = ()
    observations: tuple[Observation, ...] = ()
    #: from the mark and the handle
    rules: CompareRules = CompareRules()
    #: seconds since 1970, and seconds
    started: float = 0.0
    duration: float = 0.0
    #: `test`, or `fixture` for what a fixture wider than a function sent while it was set up
    origin: Literal["test", "fixture"] = "test"
    #: marked `only_on`: recorded, but not compared
    only_on: bool = False


class BodyLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="body"):
    """A large body, once by content, before the first test line that refers to it by `Body.stored`."""

    #: `text:` (in UTF-8) or `data:`, and the sha256 of the content
    digest: str
    #: the content, compressed by zlib
    data: bytes


class End(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="end"):
    """The last line: how many test lines there are, and whether the run came to its own end."""

    records: int
    interrupted: bool = False
    #: tests whose node ids were selected, so that another selection is recognised
    reason: str = ""


Line = Header | TestRecord | BodyLine | End
