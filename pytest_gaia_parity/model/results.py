"""The results of a run: the schema of `parity-dev.json`, and the exit code it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pytest_gaia_parity import errors
from pytest_gaia_parity.model.comparison import Cause, Comparison, Verdict
from pytest_gaia_parity.model.recording import ServiceFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_gaia_parity.model.recording import Header

SCHEMA = 1


class Side(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One side of a run as the results name it."""

    name: str
    network: str = ""
    runs: int = 1
    started: str = ""
    plugin: str = ""
    services: dict[str, ServiceFacts] = {}


class Results(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All verdicts of a run; `summary` counts every verdict, also those that did not occur."""

    schema: int
    baseline: Side
    candidate: Side
    summary: dict[str, int]
    comparisons: tuple[Comparison, ...] = ()
    #: causes that concern the whole run
    causes: tuple[Cause, ...] = ()
    #: the run ended before every test was compared
    interrupted: bool = False
    #: findings about the run itself: unused ignores, nothing learnt
    notes: tuple[str, ...] = ()


def side_of_header(header: Header) -> Side:
    """What the results say of a recording's header."""
    return Side(
        name=header.target,
        network=header.network,
        runs=header.runs,
        started=header.started,
        plugin=header.plugin,
        services=header.services,
    )


def empty_summary() -> dict[str, int]:
    """A count of nought for every verdict."""
    return {verdict.value: 0 for verdict in Verdict}


def exit_code_of(summary: Mapping[str, int]) -> int:
    """What a summary means for the gate: 0 parity, 1 a difference, 5 nothing was compared.

    >>> exit_code_of({"match": 2, "mismatch": 0})
    0
    >>> exit_code_of({"skipped": 3})
    5
    """
    if any(count for verdict, count in summary.items() if not Verdict(verdict).passes):
        return errors.EXIT_DIFFERENT
    return errors.EXIT_PARITY if summary.get(Verdict.MATCH) else errors.EXIT_NOTHING_COMPARED
