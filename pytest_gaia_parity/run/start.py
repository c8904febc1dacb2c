"""From pytest's first hooks into a run: the one place that turns our errors into pytest's."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.errors import EXIT_PARITY, ConfigError, nearest
from pytest_gaia_parity.run import wire
from pytest_gaia_parity.run.failing import ToldOnce, as_pytest_errors
from pytest_gaia_parity.run.garbage import GarbageHooks
from pytest_gaia_parity.run.ids import IdHooks, refuse_secrets
from pytest_gaia_parity.run.record import RecordHooks
from pytest_gaia_parity.run.rerun import RerunHooks
from pytest_gaia_parity.run.state import run_of, start_run

if TYPE_CHECKING:
    from pytest_gaia_parity.run.sides import Side
from pytest_gaia_parity.run.state import Run


def start(config: pytest.Config) -> None:
    """Make the run and register its hooks, on the controller and on each worker."""
    if "list" in config.getoption("lab_fault"):
        _list_faults()
    with as_pytest_errors():
        run = start_run(config)
        config.add_cleanup(run.close)
        garbage = GarbageHooks()
        config.add_cleanup(garbage.thaw)
        config.pluginmanager.register(garbage, "gaia-parity-garbage")
        config.pluginmanager.register(IdHooks(run.redactor), "gaia-parity-ids")
        record = RecordHooks(run)
        config.pluginmanager.register(record, "gaia-parity-record")
        if run.payload.jobs > 1:
            from pytest_gaia_parity.run.ahead.hooks import AheadHooks  # noqa: PLC0415 - only where it is asked for

            ahead = AheadHooks(run, record, config, jobs=run.payload.jobs)
            config.pluginmanager.register(ahead, "gaia-parity-ahead")
        _collect_parity_tests(config, run)
        config.pluginmanager.register(RerunHooks(run.plan), "gaia-parity-rerun")
        if wire.is_worker(config):
            return
        from pytest_gaia_parity.run.controller import ControllerHooks  # noqa: PLC0415 - workers compare nothing
        from pytest_gaia_parity.run.progress import ProgressStart  # noqa: PLC0415 - likewise
        from pytest_gaia_parity.run.tail import QuickTail, Restore  # noqa: PLC0415 - likewise

        config.pluginmanager.register(ToldOnce(config), "gaia-parity-told-once")
        controller = ControllerHooks(run, config)
        config.pluginmanager.register(controller, "gaia-parity-run")
        if run.plan.is_parity:
            config.pluginmanager.register(controller.confirmer, "gaia-parity-confirm")
            progress = ProgressStart(run.plan.sides, term=run.options.term)
            config.pluginmanager.register(progress, "gaia-parity-progress-start")
            tail = QuickTail()
            config.pluginmanager.register(tail, "gaia-parity-tail")
            config.pluginmanager.register(Restore(tail), "gaia-parity-tail-restore")


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Give a test its sides."""
    with as_pytest_errors():
        run = run_of(metafunc.config)
        refuse_secrets(metafunc.definition, run.redactor)
        mark = metafunc.definition.get_closest_marker("only_on")
        sides = run.plan.sides if mark is None else _only_on(mark, run, metafunc.definition.nodeid)
    if run.plan.instances:
        sides = tuple(replace(side, instance=name) for name in run.plan.instances for side in sides)
    metafunc.parametrize("target", sides, ids=[_id_of(side) for side in sides], indirect=True, scope="session")


def _id_of(side: Side) -> str:
    return f"{side.id}-{side.instance}" if side.instance else side.id


def _only_on(mark: pytest.Mark, run: Run, node_id: str) -> tuple[Side, ...]:
    for name in mark.args:
        if name not in run.config.table.targets:
            raise ConfigError(
                f"{node_id}: only_on: '{name}' is no target of {run.config.file}; "
                f"{nearest(str(name), run.config.table.targets)}",
                hint="correct the mark",
            )
    return tuple(side for side in run.plan.sides if side.target_name in mark.args and side.run == 1)


def _collect_parity_tests(config: pytest.Config, run: Run) -> None:
    """Without a path on the command line, collect the configured parity tests in place of `testpaths`."""
    if config.args_source is pytest.Config.ArgsSource.ARGS:
        return
    folders = [run.config.root / folder for folder in run.config.table.parity_tests]
    missing = [str(folder) for folder in folders if not folder.exists()]
    if missing:
        raise ConfigError(
            f"{run.config.file}: 'tool.gaia-parity.parity-tests': {', '.join(missing)} does not exist",
            hint="create it, name another folder, or give pytest a path",
        )
    config.args[:] = [str(folder) for folder in folders]


def _list_faults() -> None:
    from pytest_gaia_parity.lab.faults import FAULTS  # noqa: PLC0415 - the extra `lab`

    for fault in FAULTS.values():
        sys.stdout.write(f"{fault.name:24} {fault.says}\n")
    pytest.exit("those are the lab's faults", returncode=EXIT_PARITY)
