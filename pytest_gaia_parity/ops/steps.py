"""The steps of a verb as they go: shown line by line, kept in a journal, so that what was cut off can be told and resumed."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import time
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_gaia_parity.ops.plan import Say


class StepRecord(msgspec.Struct, kw_only=True):
    """One step: `running`, `done`, `failed`, `interrupted`, `skipped`."""

    name: str
    status: str = "running"
    says: str = ""
    seconds: float = 0.0


class Journal(msgspec.Struct, kw_only=True):
    """What a run of a verb has done so far; it stays when the run is killed."""

    command: str
    target: str
    services: list[str]
    started: str
    pid: int
    steps: list[StepRecord] = []
    #: `running`, `done`, `failed`, `interrupted`
    outcome: str = "running"

    @property
    def is_cut_off(self) -> bool:
        """Whether it says `running` though its process is gone."""
        return self.outcome == "running" and not _lives(self.pid)

    def summary(self) -> str:
        """What was done, in one line."""
        told = [f"{step.name}: {step.status}" for step in self.steps]
        return f"'{self.command}' of {self.started}: {', '.join(told) or 'nothing was done'}"


class Steps:
    """Runs steps one after the other.

    :param file: the journal, written after each change.
    """

    def __init__(  # noqa: PLR0913 - keywords
        self,
        *,
        command: str,
        target: str,
        services: list[str],
        file: Path,
        say: Say,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        self.journal = Journal(command=command, target=target, services=services, started=now, pid=os.getpid())
        self._file = file
        self._say = say
        self._clock = clock

    @contextlib.contextmanager
    def all(self) -> Iterator[None]:
        """Frame all steps: the outcome, and after a failure or Ctrl-C what was done and how to go on."""
        self._keep()
        try:
            yield
        except BaseException as error:
            self.journal.outcome = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            raise
        else:
            self.journal.outcome = "done"
        finally:
            self._keep()
            if self.journal.outcome != "done":
                self._say(f"{self.journal.outcome} after: {self._done()}")
                self._say(f"to go on: {self.journal.command}")

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[StepRecord]:
        """Frame one step; what it found goes into `says`."""
        step = StepRecord(name=name)
        self.journal.steps.append(step)
        began = self._clock()
        try:
            self._keep()
            self._say(f"● {name}")
            yield step
        except BaseException as error:
            step.status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            raise
        else:
            step.status = "done" if step.status == "running" else step.status
        finally:
            step.seconds = round(self._clock() - began, 1)
            sign = {"done": "✔", "skipped": "·"}.get(step.status, "✖")
            self._say(f"{sign} {name}{': ' if step.says else ''}{step.says} ({step.seconds:g} s)")
            self._keep()

    def _done(self) -> str:
        return ", ".join(step.name for step in self.journal.steps if step.status == "done") or "nothing"

    def _keep(self) -> None:
        # a journal that cannot be written must not end a deploy that runs
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            partial = self._file.with_suffix(f".{os.getpid()}")
            partial.write_bytes(msgspec.json.encode(self.journal))
            partial.replace(self._file)


def read_journal(file: Path) -> Journal | None:
    """The journal of the last run; None if there was none."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Journal)
    except (OSError, msgspec.MsgspecError):
        return None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
