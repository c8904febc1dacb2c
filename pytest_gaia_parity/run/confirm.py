"""Runs tests again, those alone, before a mismatch is called one (design section 2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest
from _pytest.runner import runtestprotocol

from pytest_gaia_parity.run import wire
from pytest_gaia_parity.run.record import side_of
from pytest_gaia_parity.run.sides import join_node_id, split_node_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_gaia_parity.model.recording import TestRecord
    from pytest_gaia_parity.run.sides import Plan, Side


#: on config while tests run again: one by one, for what is confirmed shall not be disturbed
CONFIRMING_KEY = pytest.StashKey[bool]()


class Confirmer:
    """Runs items once more in this process, whoever ran them first, and says nothing to pytest's reporters about it."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._reports: list[pytest.TestReport] | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run the item with every plugin's wrapping, but without logging its reports."""
        if self._reports is None:
            return None
        self._reports.extend(runtestprotocol(item, log=False, nextitem=nextitem))
        return True

    def rerun(self, session: pytest.Session, tests: Sequence[str], *, rounds: int) -> Iterator[tuple[TestRecord, bool]]:
        """Run *tests* on the candidate and the baseline, *rounds* times; yields each record, those of fixtures included, and whether it is the baseline's."""
        baseline, candidate = self._plan.sides[:2]
        items = self._items(session, tests, (baseline, candidate))
        for number in range(1, rounds + 1):
            for side, run in ((candidate, 1 + number), (baseline, len(self._plan.sides) - 1 + number)):
                block = [items[test, side] for test in tests if (test, side) in items]
                for record in self._run(block):
                    yield msgspec.structs.replace(record, run=run), side.is_baseline

    def _run(self, block: Sequence[pytest.Item]) -> Iterator[TestRecord]:
        for item, following in zip(block, (*block[1:], None), strict=True):
            self._reports = []
            item.config.stash[CONFIRMING_KEY] = True
            try:
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                reports = self._reports
            finally:
                self._reports = None
                item.config.stash[CONFIRMING_KEY] = False
            for report in reports:
                yield from wire.detach(report)

    def _items(
        self, session: pytest.Session, tests: Sequence[str], sides: Sequence[Side]
    ) -> dict[tuple[str, Side], pytest.Item]:
        """The items of tests; a controller of pytest-xdist has collected none, so it does that now, for these only."""
        items = session.items or self._collect(session, tests, sides)
        found: dict[tuple[str, Side], pytest.Item] = {}
        for item in items:
            side = side_of(item)
            side = None if side is None else replace(side, instance="")  # that is in the test's name
            if side is not None and side in sides:
                test, _ = split_node_id(item.nodeid, sides)
                found[test, side] = item
        return found

    def _collect(self, session: pytest.Session, tests: Sequence[str], sides: Sequence[Side]) -> Sequence[pytest.Item]:
        root = session.config.rootpath
        arguments = []
        for test in tests:
            path, _, name = test.partition("::")
            arguments += [join_node_id(f"{root / path}::{name}", side.id) for side in sides]
        counted = session.testscollected
        try:
            return session.perform_collect(arguments)
        finally:
            session.testscollected = counted
