"""Command in, Outcome out; whatever was started is ended: interrupt, terminate, kill. The only module that knows subprocess."""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Self

from pytest_gaia_parity.errors import CommandError

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator
    from pathlib import Path

#: hides secrets in what is logged or shown
Mask = Callable[[str], str]
#: told each whole line as it comes: the stream's name, the line without its end
OnLine = Callable[[str, str], None]

#: seconds given to a program after SIGINT, and after SIGTERM
GRACE = (3.0, 3.0)
#: bytes kept of each stream
LIMIT = 32 * 1024 * 1024

_log = logging.getLogger(__name__)

#: makes the kernel end the program when we end, however we end; then becomes it. A preexec_fn would run Python between
#: fork and exec, which deadlocks in a process with threads.
_TETHER = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() != int(sys.argv[1]):
    os._exit(1)
try:
    os.execvp(sys.argv[2], sys.argv[2:])
except OSError as error:
    sys.stderr.write(str(error))
    os._exit(127)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program to run; neither its input nor its environment is ever shown.

    :param env: variables added to those of this process.
    :param timeout: seconds until it is ended, None for ever.
    :param hold_stdin: keep its input open until the end, for a program that watches it.
    :param tethered: it ends when this process is killed (Linux only; costs the start of a Python).
    """

    argv: tuple[str, ...]
    stdin: bytes | None = field(default=None, repr=False)
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    cwd: Path | None = None
    timeout: float | None = 60.0
    limit: int = LIMIT
    hold_stdin: bool = False
    tethered: bool = False

    def __str__(self) -> str:
        return shlex.join(self.argv)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a program did.

    :param code: its exit code, negative for a signal.
    :param ended: why it was ended by us: `timeout`, `stopped`, or empty.
    :param dropped: bytes of output beyond the limit.
    """

    command: Command
    code: int
    stdout: bytes = field(repr=False)
    stderr: bytes = field(repr=False)
    ended: str = ""
    dropped: int = 0
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether it came to its own end with exit code 0."""
        return self.code == 0 and not self.ended

    @property
    def out(self) -> str:
        """Standard output as text."""
        return self.stdout.decode("utf-8", "replace")

    @property
    def err(self) -> str:
        """Standard error as text."""
        return self.stderr.decode("utf-8", "replace")


#: the seam that tests replace: a function from command to outcome
Run = Callable[[Command], Outcome]


class Runner:
    """Runs programs, masking what it logs."""

    def __init__(self, mask: Mask = str) -> None:
        self._mask = mask
        self._running: set[Process] = set()

    def stop_all(self) -> None:
        """End every program that `run` waits for, in whichever thread."""
        for process in tuple(self._running):
            process.stop()

    def __call__(self, command: Command) -> Outcome:
        """Run to the end."""
        return self.run(command)

    def run(self, command: Command, *, on_line: OnLine | None = None, cancel: threading.Event | None = None) -> Outcome:
        """Run to the end, or to the timeout, or until *cancel* is set; KeyboardInterrupt ends the program first.

        :raises CommandError: there is no such program.
        """
        process = self.start(command, on_line=on_line)
        self._running.add(process)
        try:
            while not process.wait(0.1 if cancel is not None else None):
                if cancel is not None and cancel.is_set():
                    process.stop()
        except BaseException:
            process.stop()
            raise
        finally:
            self._running.discard(process)
        return process.outcome()

    def start(self, command: Command, *, on_line: OnLine | None = None) -> Process:
        """Start a program that runs on; whoever starts it stops it.

        :raises CommandError: there is no such program.
        """
        _log.debug("starting %s", self._mask(str(command)))
        return Process(command, mask=self._mask, on_line=on_line)


def start_detached(command: Command, *, log: Path) -> int:
    """Start a program that outlives this one, its output going to *log*; returns its process id.

    :raises CommandError: there is no such program.
    """
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        started = subprocess.Popen(  # noqa: S603 - a list of arguments and no shell
            command.argv,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            env={**os.environ, **command.env},
            cwd=command.cwd,
            start_new_session=True,
        )
    except OSError as error:
        raise _start_failure(command, error) from None
    finally:
        os.close(descriptor)
    started.returncode = 0  # nobody waits for it, and Python shall not complain of that
    return started.pid


class Process:
    """A running program. A thread of its own starts it, reads all it says, and ends it in time.

    The thread lives as long as the program: Linux sends the signal of a tethered child when the starting *thread* ends.
    """

    def __init__(self, command: Command, *, mask: Mask = str, on_line: OnLine | None = None) -> None:
        self.command = command
        self._mask = mask
        self._pump = _Pump(command, on_line)
        self._pump.start()
        self._pump.started.wait()
        if self._pump.failure is not None:
            raise _start_failure(command, self._pump.failure)

    def __repr__(self) -> str:
        return f"<Process {self._mask(str(self.command))!r}>"

    @property
    def pid(self) -> int:
        """The process id."""
        return self._pump.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return not self._pump.ended.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for its end; false if that did not come in time."""
        return self._pump.ended.wait(timeout)

    def wait_for_line(self, pattern: re.Pattern[str], *, timeout: float) -> re.Match[str] | None:
        """The first match in a whole line of either stream; None if it ended, or said nothing of the kind in time."""
        return self._pump.wait_for_line(pattern, timeout=timeout)

    def close_stdin(self) -> None:
        """Tell a program that watches its input to end."""
        self._pump.tell("eof")

    def stop(self) -> Outcome:
        """End it: SIGINT to its group, then SIGTERM, then SIGKILL; returns when it has ended."""
        self._pump.tell("stop")
        self._pump.ended.wait()
        return self.outcome()

    def outcome(self) -> Outcome:
        """What it did; only after its end."""
        return self._pump.outcome()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Pump(threading.Thread):
    """Owns the program: pipes, deadline and signals, in one selector loop."""

    def __init__(self, command: Command, on_line: OnLine | None) -> None:
        super().__init__(name=f"process {command.argv[0]}", daemon=True)
        self.started, self.ended = threading.Event(), threading.Event()
        self.failure: OSError | None = None
        self.pid = 0
        self._command = command
        self._on_line = on_line
        self._kept: dict[str, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}
        self._partial: dict[str, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}
        self._lines: list[str] = []
        self._news = threading.Condition()
        self._dropped = 0
        self._why = ""
        self._began = time.monotonic()
        self._seconds = 0.0
        self._wake_read, self._wake_write = os.pipe()
        self._told: list[str] = []

    def run(self) -> None:
        try:
            popen = self._spawn()
        except OSError as error:
            self.failure = error
            self._finish()
            return
        self._popen = popen
        self.pid = popen.pid
        self.started.set()
        try:
            self._loop(popen)
        finally:
            if self._why or popen.poll() is None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(popen.pid, signal.SIGKILL)  # grandchildren that outlived it
            popen.wait()
            for stream in (popen.stdin, popen.stdout, popen.stderr):
                with contextlib.suppress(OSError):
                    if stream is not None:
                        stream.close()
            self._finish()

    def _finish(self) -> None:
        self._seconds = time.monotonic() - self._began
        for name in self._partial:
            self._end_line(name)
        with self._news:
            self.ended.set()
            self._news.notify_all()
            os.close(self._wake_write)
            os.close(self._wake_read)
        self.started.set()

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = self._command
        argv = list(command.argv)
        if command.tethered and sys.platform == "linux":
            argv = [sys.executable, "-I", "-S", "-c", _TETHER, str(os.getpid()), *argv]
        return subprocess.Popen(  # noqa: S603 - a list of arguments and no shell
            argv,
            stdin=subprocess.DEVNULL if command.stdin is None and not command.hold_stdin else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **command.env},
            cwd=command.cwd,
            start_new_session=True,
        )

    def tell(self, what: str) -> None:
        """Say `stop` or `eof` from another thread."""
        with self._news:
            if not self.ended.is_set():
                self._told.append(what)
                os.write(self._wake_write, b"x")

    def _loop(self, popen: subprocess.Popen[bytes]) -> None:
        with selectors.DefaultSelector() as selector, _watched(popen.pid) as end:
            for name, stream in (("stdout", _of(popen.stdout)), ("stderr", _of(popen.stderr))):
                selector.register(stream, selectors.EVENT_READ, name)
            selector.register(self._wake_read, selectors.EVENT_READ, "wake")
            if end is not None:
                selector.register(end, selectors.EVENT_READ, "end")
            pending = memoryview(self._command.stdin or b"")
            if popen.stdin is not None:
                os.set_blocking(popen.stdin.fileno(), False)
                selector.register(popen.stdin, selectors.EVENT_WRITE, "stdin")
            deadlines = self._deadlines()
            while True:
                has_ended = popen.poll() is not None
                ready = [key for key, _ in selector.select(0 if has_ended else 0.05) if key.data != "end"]
                if has_ended and not any(key.data in self._kept for key in ready):
                    return  # all is read; a grandchild may hold the pipes open
                for key in ready:
                    if key.data == "stdin":
                        pending = self._write(selector, _of(popen.stdin), pending)
                    elif key.data != "wake":
                        self._read(selector, key.fileobj, key.data)
                    elif "eof" in self._heed() and popen.stdin is not None:
                        popen.stdin.close()
                deadlines = self._end_in_time(popen, deadlines)

    def _deadlines(self) -> list[tuple[float, int]]:
        timeout = self._command.timeout
        return [] if timeout is None else _steps(self._began + timeout)

    def _end_in_time(
        self, popen: subprocess.Popen[bytes], deadlines: list[tuple[float, int]]
    ) -> list[tuple[float, int]]:
        if self._why == "stopping":
            self._why, deadlines = "stopped", _steps(time.monotonic())
        if not deadlines or time.monotonic() < deadlines[0][0]:
            return deadlines
        self._why = self._why or "timeout"
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(popen.pid, deadlines[0][1])
        return deadlines[1:]

    def _heed(self) -> list[str]:
        os.read(self._wake_read, 64)
        with self._news:
            told, self._told = self._told, []
        if "stop" in told and not self._why:
            self._why = "stopping"
        return told

    def _write(self, selector: selectors.BaseSelector, stdin: IO[bytes], pending: memoryview) -> memoryview:
        try:
            pending = pending[os.write(stdin.fileno(), pending[:65536]) :] if pending else pending
        except BlockingIOError:
            return pending
        except OSError:  # it reads no more
            pending = memoryview(b"")
        if not pending:
            selector.unregister(stdin)
            if not self._command.hold_stdin:
                stdin.close()
        return pending

    def _read(self, selector: selectors.BaseSelector, stream: object, name: str) -> None:
        chunk = os.read(stream.fileno(), 65536)  # type: ignore[attr-defined] # selectors type it as int or HasFileno
        if not chunk:
            selector.unregister(stream)  # type: ignore[arg-type] # likewise
            return
        kept = self._kept[name]
        room = max(self._command.limit - len(kept), 0)
        kept += chunk[:room]
        self._dropped += len(chunk) - len(chunk[:room])
        self._partial[name] += chunk
        while (end := self._partial[name].find(b"\n")) >= 0:
            self._say(name, bytes(self._partial[name][:end]))
            del self._partial[name][: end + 1]
        del self._partial[name][: max(len(self._partial[name]) - self._command.limit, 0)]

    def _end_line(self, name: str) -> None:
        if self._partial[name]:
            self._say(name, bytes(self._partial[name]))
            self._partial[name].clear()

    def _say(self, name: str, raw: bytes) -> None:
        line = raw.decode("utf-8", "replace").rstrip("\r")
        with self._news:
            if len(self._lines) < 10_000:
                self._lines.append(line)
            self._news.notify_all()
        if self._on_line is not None:
            self._on_line(name, line)

    def wait_for_line(self, pattern: re.Pattern[str], *, timeout: float) -> re.Match[str] | None:
        deadline, seen = time.monotonic() + timeout, 0
        with self._news:
            while True:
                for line in self._lines[seen:]:
                    if (found := pattern.search(line)) is not None:
                        return found
                seen = len(self._lines)
                left = deadline - time.monotonic()
                if self.ended.is_set() or left <= 0:
                    return None
                self._news.wait(left)

    def outcome(self) -> Outcome:
        return Outcome(
            command=self._command,
            code=int(self._popen.returncode),
            stdout=bytes(self._kept["stdout"]),
            stderr=bytes(self._kept["stderr"]),
            ended=self._why,
            dropped=self._dropped,
            seconds=self._seconds,
        )


@contextlib.contextmanager
def _watched(pid: int) -> Iterator[int | None]:
    """A descriptor that becomes readable when the process ends, where the system has such."""
    try:
        descriptor = os.pidfd_open(pid) if sys.platform == "linux" else None
    except OSError:
        descriptor = None
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _steps(start: float) -> list[tuple[float, int]]:
    interrupt, terminate = GRACE
    return [
        (start, signal.SIGINT),
        (start + interrupt, signal.SIGTERM),
        (start + interrupt + terminate, signal.SIGKILL),
    ]


def _of(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None, "the pipe was asked for"  # noqa: S101
    return stream


def _start_failure(command: Command, failure: OSError) -> CommandError:
    program = command.argv[0]
    if isinstance(failure, FileNotFoundError):
        if command.cwd is not None and not command.cwd.is_dir():
            return CommandError(f"'{program}' cannot be run in '{command.cwd}': no such folder")
        return CommandError(f"there is no program '{program}'", hint="install it, or put its folder on PATH")
    return CommandError(f"'{program}' cannot be run: {failure.strerror}", hint="check its permissions")
