"""flyctl as functions that return values: a subprocess, JSON output, and nothing else of it trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.adapters import fly_json as shapes
from pytest_gaia_parity.adapters.fly_errors import FlyError, FlyFailure, fly_error
from pytest_gaia_parity.adapters.process import Command, Outcome, Runner
from pytest_gaia_parity.errors import CommandError

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_gaia_parity.adapters.process import Mask, OnLine, Process

#: the first version whose `secrets import` reads all forms that are written
MINIMUM = (0, 3, 226)
#: seconds: a read, a staged write, the deployment of staged secrets
READ, WRITE, SECRETS_DEPLOY = 60.0, 120.0, 900.0
#: silences what has nothing to do with the command
_QUIET = {
    "FLY_NO_UPDATE_CHECK": "1",
    "FLY_SEND_METRICS": "0",
    "FLY_NO_INCIDENTS_CHECK": "1",
    "NO_COLOR": "1",
    "FLY_EMIT_RELEASE_JSON": "1",
}


class Fly:
    """The commands that are used, one method each; thread-safe.

    :param program: how flyctl is started.
    :param wait: seconds of the first wait before a command is tried again.
    """

    def __init__(
        self,
        runner: Runner,
        *,
        program: Sequence[str] = ("fly",),
        env: Mapping[str, str] | None = None,
        mask: Mask = str,
        wait: float = 1.0,
    ) -> None:
        self._runner = runner
        self._program = tuple(program)
        self._env = {**_QUIET, **(env or {})}
        self._mask = mask
        self._wait = wait
        self._write = WRITE
        self._version: shapes.Version | None = None

    def version(self) -> shapes.Version:
        """The version of flyctl, asked for once.

        :raises CommandError: there is none, or it is too old.
        """
        if self._version is not None:
            return self._version
        try:
            found: shapes.Version = self._json(["version", "--json"], shapes.Version)
        except FlyError:
            raise
        except CommandError as error:
            raise CommandError(error.message, hint="install flyctl: https://fly.io/docs/flyctl/install/") from None
        if found.number and found.number < MINIMUM:
            raise CommandError(
                f"flyctl {found.version} is too old, v{'.'.join(map(str, MINIMUM))} is the oldest that is supported",
                hint="fly version upgrade",
            )
        self._version = found
        return found

    def secrets(self, app: str) -> tuple[shapes.Secret, ...]:
        """Names and digests of an app's secrets."""
        argv = ["secrets", "list", "--json", "--app", app]
        outcome = self._read(argv, app=app)
        return shapes.decode_secrets(outcome.stdout, said_by=self._said(argv))

    def import_secrets(self, app: str, text: bytes) -> None:
        """Stage all values of *text* in one write."""
        self._retried(["secrets", "import", "--stage", "--app", app], app=app, stdin=text)

    def set_secret(self, app: str, name: str, value: bytes) -> None:
        """Stage one value."""
        self._retried(["secrets", "set", "--stage", "--app", app, f"{name}=-"], app=app, stdin=value)

    def unset_secrets(self, app: str, names: Sequence[str]) -> None:
        """Stage the removal of secrets."""
        self._retried(["secrets", "unset", "--stage", "--app", app, *names], app=app)

    def deploy_secrets(self, app: str, *, timeout: float = SECRETS_DEPLOY) -> None:
        """Restart every machine with what is staged. Never tried again: each try restarts all machines."""
        argv = ["secrets", "deploy", "--dns-checks=false", "--app", app]
        self._checked(self._run(argv, timeout=timeout, tethered=True), app=app)

    def status(self, app: str) -> shapes.AppStatus:
        """An app with its machines."""
        found: shapes.AppStatus = self._json(["status", "--json", "--app", app], shapes.AppStatus, app=app)
        return found

    def machines(self, app: str, *, timeout: float = READ) -> tuple[shapes.Machine, ...]:
        """All machines of an app."""
        argv = ["machine", "list", "--json", "--app", app]
        outcome = self._retried(argv, app=app, timeout=timeout)
        found = shapes.decode(outcome.stdout, list[shapes.Machine] | None, said_by=self._said(argv))
        return tuple(found or ())

    def logs(self, app: str, *, timeout: float = READ) -> tuple[shapes.LogLine, ...]:
        """The last lines that an app's machines wrote."""
        argv = ["logs", "--no-tail", "--json", "--app", app]
        outcome = self._retried(argv, app=app, timeout=timeout)
        return shapes.decode_logs(outcome.stdout, said_by=self._said(argv))

    def proxy(self, app: str, host: str, port: int, *, local: int = 0) -> Process:
        """Start a proxy to a port of a private name, on a port of loopback, a free one for 0; it says which when it listens.

        It ends when it is stopped, and when this process ends in whatever way: its input is held open, and watched.
        """
        argv = ["proxy", f"{local}:{port}", host, "--app", app, "--bind-addr", "127.0.0.1", "--watch-stdin"]
        return self._runner.start(self._command(argv, timeout=None, hold_stdin=True, tethered=True))

    def failure(self, outcome: Outcome, *, app: str) -> FlyError:
        """What a command that runs on said when it ended by itself."""
        said = self._said(outcome.command.argv[len(self._program) :])
        return fly_error(outcome, command=said, app=app, mask=self._mask)

    def checks(self, app: str) -> Mapping[str, Sequence[shapes.MachineCheck]]:
        """The last results of checks by machine."""
        shape = dict[str, list[shapes.MachineCheck] | None] | None
        found = self._json(["checks", "list", "--json", "--app", app], shape, app=app)
        return {machine: results or [] for machine, results in (found or {}).items()}

    def releases(self, app: str) -> tuple[shapes.Release, ...]:
        """The last releases, newest first."""
        found = self._json(["releases", "--json", "--app", app], list[shapes.Release] | None, app=app)
        return tuple(sorted(found or (), key=lambda release: -release.version))

    def images(self, app: str) -> tuple[shapes.ImageDetails, ...]:
        """The image of each machine."""
        argv = ["image", "show", "--json", "--app", app]
        found = self._json(argv, list[shapes.ImageDetails] | shapes.ImageDetails | None, app=app)
        return (found,) if isinstance(found, shapes.ImageDetails) else tuple(found or ())

    def apps(self) -> tuple[shapes.App, ...]:
        """All apps that the token can see; with an app's own token, none."""
        return tuple(self._json(["apps", "list", "--json"], list[shapes.App] | None) or ())

    def execute(self, app: str, machine: str, command: str, *, timeout: float = READ) -> shapes.ExecResult:
        """Run a command in a machine, through the API. flyctl's own exit code says nothing about it."""
        argv = ["machine", "exec", machine, command, "--json", "--timeout", str(int(timeout)), "--app", app]
        found: shapes.ExecResult = self._json(argv, shapes.ExecResult, app=app)
        return found

    def deploy(  # noqa: PLR0913 - keywords
        self,
        app: str,
        *,
        folder: Path,
        flags: Sequence[str],
        timeout: float,
        on_line: OnLine | None = None,
        cancel: threading.Event | None = None,
    ) -> shapes.Deployed | None:
        """Deploy; the release that flyctl tells of, None where it tells of none.

        Never tried again by itself: what a failed deploy left behind is looked at first.
        """
        argv = ["deploy", "--app", app, "--yes", "--dns-checks=false", *flags]
        command = self._command(argv, timeout=timeout, tethered=True, cwd=folder)
        outcome = self._checked(self._runner.run(command, on_line=on_line, cancel=cancel), app=app)
        for line in reversed(outcome.stdout.splitlines()):
            if line.startswith(b'{"id"') or (line.startswith(b"{") and b'"version"' in line):
                found: shapes.Deployed = shapes.decode(line, shapes.Deployed, said_by=self._said(["deploy"]))
                return found
        return None

    def _json(self, argv: Sequence[str], shape: Any, *, app: str = "") -> Any:
        outcome = self._read(argv, app=app)
        return shapes.decode(outcome.stdout, shape, said_by=self._said(argv))

    def _read(self, argv: Sequence[str], *, app: str) -> Outcome:
        return self._retried(argv, app=app, timeout=READ)

    def _retried(
        self, argv: Sequence[str], *, app: str, stdin: bytes | None = None, timeout: float | None = None
    ) -> Outcome:
        """Run what is safe to run twice; what Fly lists as transient is tried again, with growing waits."""
        import tenacity  # noqa: PLC0415 - operations only

        seconds = self._write if timeout is None else timeout
        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_transient),
            stop=tenacity.stop_after_attempt(4),
            wait=tenacity.wait_random_exponential(multiplier=self._wait, max=20),
            reraise=True,
        )
        outcome: Outcome = attempts(lambda: self._checked(self._run(argv, stdin=stdin, timeout=seconds), app=app))
        return outcome

    def _run(
        self, argv: Sequence[str], *, stdin: bytes | None = None, timeout: float, tethered: bool = False
    ) -> Outcome:
        return self._runner.run(self._command(argv, stdin=stdin, timeout=timeout, tethered=tethered))

    def _command(self, argv: Sequence[str], **settings: Any) -> Command:
        return Command(argv=(*self._program, *argv), env=self._env, **settings)

    def _checked(self, outcome: Outcome, *, app: str) -> Outcome:
        if not outcome.is_good:
            said = self._said(outcome.command.argv[len(self._program) :])
            raise fly_error(outcome, command=said, app=app, mask=self._mask)
        return outcome

    def _said(self, argv: Sequence[str]) -> str:
        return self._mask(f"fly {' '.join(argv)}")


def _is_transient(error: BaseException) -> bool:
    return isinstance(error, FlyError) and error.failure in {FlyFailure.TRANSIENT, FlyFailure.LEASE}
