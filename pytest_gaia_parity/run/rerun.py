"""`--lf`: what failed is a comparison or one side, what has to run again are all sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.run import wire
from pytest_gaia_parity.run.sides import expand_sides

if TYPE_CHECKING:
    from pytest_gaia_parity.run.sides import Plan


class RerunHooks:
    """Runs where tests are collected: the worker's process, or the only one."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Complete the list of failures: pytest has read it by now, and has not yet collected."""
        wire.rerun_all_sides(session.config, lambda node_id: expand_sides(self._plan, node_id))
