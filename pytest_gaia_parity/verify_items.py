"""`pytest --verify TARGET`: the deployment checks as pytest items, so that every report and option of pytest works for them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gaia_parity.errors import ConfigError
from pytest_gaia_parity.ops.check import Check, CheckStatus
from pytest_gaia_parity.ops.verify import planned_checks, verify
from pytest_gaia_parity.ops_handles import open_for_verify
from pytest_gaia_parity.run.failing import as_pytest_errors

if TYPE_CHECKING:
    from collections.abc import Mapping


class VerifyHooks:
    """Collects the checks of one target; all are made at once when the first one runs."""

    def __init__(self, config: pytest.Config) -> None:
        with as_pytest_errors():
            _refuse_other_modes(config)
            folder = tempfile.TemporaryDirectory(prefix="gaia-parity-")
            config.add_cleanup(folder.cleanup)
            self._place, end = open_for_verify(config, Path(folder.name))
            config.add_cleanup(end)
            self._target = str(config.getoption("verify"))
            self._names = planned_checks(self._place, self._target)
        self._found: Mapping[tuple[str, str], Check] = {}
        if config.args_source is not pytest.Config.ArgsSource.ARGS:
            config.args[:] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Put the checks before whatever paths on the command line brought."""
        section = f"verify {self._target}"
        made: list[pytest.Item | pytest.Collector] = [
            VerifyItem.from_parent(
                session,
                name=f"{service} {name}",
                nodeid=f"{section}::{service} {name}",
                hooks=self,
                check=(service, name),
            )
            for service, name in self._names
        ]
        # the terminal counts what it is told of
        report = pytest.CollectReport(nodeid=section, outcome="passed", longrepr=None, result=made)
        session.config.hook.pytest_collectreport(report=report)
        items[:0] = [item for item in made if isinstance(item, pytest.Item)]

    def found(self, service: str, name: str) -> Check:
        """The result of a check; the first question makes them all."""
        if not self._found:
            self._found = {(one.service, one.name): one for one in verify(self._place, self._target)}
        return self._found[service, name]


class CheckFailedError(Exception):
    """A check did not pass."""


class VerifyItem(pytest.Item):
    """One check of one service."""

    def __init__(self, *, hooks: VerifyHooks, check: tuple[str, str], **settings: Any) -> None:
        super().__init__(**settings)
        self._hooks = hooks
        self._check = check

    def runtest(self) -> None:
        """Fail or skip as the check came out."""
        check = self._hooks.found(*self._check)
        if check.status is CheckStatus.SKIPPED:
            pytest.skip(check.says)
        if check.is_bad:
            hint = f"\nhint: {check.hint}" if check.hint else ""
            raise CheckFailedError(f"{check.status}: {check.says}{hint}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What the check says, without a traceback."""
        if isinstance(excinfo.value, CheckFailedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """The heading of a failure."""
        return self.config.rootpath, None, self.name


def _refuse_other_modes(config: pytest.Config) -> None:
    others = [name for name in ("parity", "target", "record") if config.getoption(name)]
    if others:
        raise ConfigError(f"--verify and --{others[0]} exclude each other", hint="run them one after the other")
