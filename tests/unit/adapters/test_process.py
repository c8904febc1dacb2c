"""Programs are run, fed, limited, masked and ended."""

from __future__ import annotations

import logging
import os
import re
import signal
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.adapters import process as module
from pytest_gaia_parity.adapters.process import Command, Runner
from pytest_gaia_parity.errors import CommandError

if TYPE_CHECKING:
    from pathlib import Path


def python(code: str, **options: object) -> Command:
    return Command(argv=(sys.executable, "-I", "-S", "-u", "-c", code), **options)  # type: ignore[arg-type]


def test_output_and_exit_code_are_returned() -> None:
    outcome = Runner().run(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"))
    assert (outcome.code, outcome.out, outcome.err, outcome.is_good) == (3, "out\n", "err\n", False)


def test_input_arrives_byte_for_byte() -> None:
    sent = bytes(range(256)) * 4096
    outcome = Runner().run(python("import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())", stdin=sent))
    assert outcome.stdout == sent


def test_a_program_that_does_not_read_its_input_ends_as_it_would() -> None:
    outcome = Runner().run(python("print('done')", stdin=b"x" * 1_000_000))
    assert outcome.is_good
    assert outcome.out == "done\n"


def test_no_input_is_an_empty_one() -> None:
    assert Runner().run(python("import sys; print(repr(sys.stdin.read()))")).out == "''\n"


def test_output_beyond_the_limit_is_counted_and_dropped() -> None:
    outcome = Runner().run(python("print('x' * 100000)", limit=1000))
    assert (len(outcome.stdout), outcome.dropped) == (1000, 99001)


def test_a_timeout_ends_the_program_and_says_so() -> None:
    outcome = Runner().run(python("import time; time.sleep(60)", timeout=0.2))
    assert (outcome.ended, outcome.code, outcome.is_good) == ("timeout", -signal.SIGINT, False)


def test_a_program_deaf_to_signals_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE", (0.1, 0.1))
    deaf = "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (2, 15)]; print('up'); time.sleep(60)"
    process = Runner().start(python(deaf, timeout=None))
    assert process.wait_for_line(re.compile("up"), timeout=10)
    outcome = process.stop()
    assert (outcome.ended, outcome.code) == ("stopped", -signal.SIGKILL)


def test_cancelling_ends_the_program() -> None:
    cancel = threading.Event()
    outcome = Runner().run(
        python("import time; print('up'); time.sleep(60)"), on_line=lambda *_: cancel.set(), cancel=cancel
    )
    assert outcome.ended == "stopped"


def test_grandchildren_end_with_a_stopped_program() -> None:
    code = (
        "import subprocess, sys, time;"
        "c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(c.pid); time.sleep(60)"
    )
    process = Runner().start(python(code, timeout=None))
    found = process.wait_for_line(re.compile(r"^(\d+)$"), timeout=10)
    assert found is not None
    process.stop()
    assert _is_gone(int(found[1]))


def test_a_grandchild_holding_the_pipes_does_not_hold_us() -> None:
    code = (
        "import subprocess, sys;"
        "c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(20)'], stdin=subprocess.DEVNULL);"
        "print(c.pid)"
    )
    outcome = Runner().run(python(code))
    pid = int(outcome.out)
    os.kill(pid, signal.SIGKILL)
    assert outcome.is_good


def test_lines_are_told_as_they_come() -> None:
    told: list[tuple[str, str]] = []
    Runner().run(
        python("import sys; print('a'); print('b', file=sys.stderr); print('c', end='')"),
        on_line=lambda *line: told.append(line),
    )
    assert sorted(told) == [("stderr", "b"), ("stdout", "a"), ("stdout", "c")]


def test_a_line_that_never_comes_is_none() -> None:
    with Runner().start(python("print('other')", timeout=None)) as process:
        assert process.wait_for_line(re.compile("ready"), timeout=10) is None


def test_held_input_is_closed_on_demand() -> None:
    process = Runner().start(python("import sys; sys.stdin.read(); print('eof')", hold_stdin=True, timeout=None))
    process.close_stdin()
    assert process.wait(10)
    assert process.outcome().out == "eof\n"


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_tethered_child_ends_when_its_parent_is_killed() -> None:
    parent = (
        "import sys; from pytest_gaia_parity.adapters.process import Command, Runner\n"
        "p = Runner().start(Command(argv=('sleep', '60'), tethered=True, timeout=None))\n"
        "print(p.pid, flush=True); sys.stdin.read()"
    )
    command = Command(argv=(sys.executable, "-c", parent), hold_stdin=True, timeout=None)
    process = Runner().start(command)
    found = process.wait_for_line(re.compile(r"^(\d+)$"), timeout=20)
    assert found is not None
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(10)
    assert _is_gone(int(found[1]))


def test_a_missing_program_is_named() -> None:
    with pytest.raises(CommandError, match="there is no program 'no-such-program'"):
        Runner().run(Command(argv=("no-such-program",)))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no such folder"):
        Runner().run(python("", cwd=tmp_path / "none"))


def test_secrets_show_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    command = python("'hunter2'", stdin=b"hunter2", env={"A": "hunter2"})
    process = Runner(lambda text: text.replace("hunter2", "***")).start(command)
    process.wait()
    for shown in (caplog.text, repr(process), repr(process.outcome()).replace(repr(command.argv), "")):
        assert "hunter2" not in shown
    assert "***" in caplog.text


def _is_gone(pid: int) -> bool:
    """Wait for a process that is not our child to end; a zombie has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    import select  # noqa: PLC0415 - for this only

    try:
        return bool(select.select([descriptor], [], [], 10)[0])
    finally:
        os.close(descriptor)
