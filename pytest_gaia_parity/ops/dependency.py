"""Does a service reach its database and NATS? By its health body, else by a connection from here, else from inside it."""

from __future__ import annotations

import base64
import re
import shlex
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from pytest_gaia_parity.adapters.process import Command
from pytest_gaia_parity.errors import ParityError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_gaia_parity.adapters.fly_json import Machine
    from pytest_gaia_parity.ops.check import Check, Maker
    from pytest_gaia_parity.ops.workplace import Workplace

#: seconds that one connection may take
TIMEOUT = 5.0
#: variables that say where a dependency is, and the name of its check
DEPENDENCIES = {"DATABASE_URL": "database", "NATS_URL": "nats"}
#: with or without a driver of SQLAlchemy
_POSTGRES = re.compile(r"postgres(ql)?(\+\w+)?://")
_BY_HEALTH = "tell services.NAME.checks where the health body speaks of it"
#: exit codes of `inside`
_NO_CONNECTION, _NOT_SET = 1, 3
EXTRA = "pip install 'pytest-gaia-parity[verify]'"
#: decodes the program of `inside` and runs it, with whatever Python is there; without quotes that an exec might read otherwise
_RUN = (
    'p=$(command -v python3 || command -v python) || exit 127; echo PROGRAM | "$p" -c '
    '"import sys,base64;exec(base64.b64decode(sys.stdin.read()))" VARIABLE'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """A way to run a command where the service runs.

    :param where: `machine 1234`, `container gaia-auth-1`.
    :param run: takes a shell script; exit code and the last line of its output.
    """

    where: str
    run: Callable[[str], tuple[int, str]]


@dataclass(frozen=True, slots=True)
class _Tried:
    """A connection from here: it was made, it was refused by what answers, or it could not be tried."""

    is_good: bool = False
    refused: str = ""
    not_tried: str = ""
    hint: str = ""


def check_connection(
    place: Workplace, make: Maker, name: str, *, find_inside: Callable[[], Inside | None], is_on_fly: bool
) -> Check:
    """Connect from here with the env file's own variable; where here is the wrong place for that, from inside.

    :param find_inside: looks for a machine or container to ask from; only asked where it is needed.
    """
    variable = next(variable for variable, check in DEPENDENCIES.items() if check == name)
    url = place.env.values.get(variable, "")
    if not url:
        return make.bad(name, f"{variable} is not set", f"complete '{place.env.path}'")
    if name == "database" and not _POSTGRES.match(url):
        return make.skipped(name, f"{variable} leads to no PostgreSQL; {_BY_HEALTH}")
    tried = try_database(url) if name == "database" else try_nats(url)
    if tried.is_good or tried.refused:
        hint = f"see {variable} in '{place.env.path.name}'"
        return (
            make.bad(name, place.mask(tried.refused), hint) if tried.refused else make.ok(name, "connected from here")
        )
    not_tried = place.mask(tried.not_tried)
    try:
        inside = find_inside()
        if inside is None:
            what = "machine" if is_on_fly else "container"
            says = f"from here: {not_tried}; and there is no running {what} to ask from"
            return make.skipped(name, f"{says}; {tried.hint}") if tried.hint else make.unreachable(name, says)
        code, said = inside.run(script(variable))
    except ParityError as error:
        return make.unreachable(name, f"from here: {not_tried}; from inside: {error.message}", error.hint or tried.hint)
    return _from_inside(make, name, code=code, said=f"{inside.where}: {place.mask(said)}", tried=tried)


def _from_inside(make: Maker, name: str, *, code: int, said: str, tried: _Tried) -> Check:
    if code == 0:
        return make.ok(name, said)
    if code in {_NO_CONNECTION, _NOT_SET}:
        return make.bad(
            name, said, "see the secret and what it leads to" if code == _NO_CONNECTION else "gaia-parity sync-secrets"
        )
    reason = f"from here: {tried.not_tried}; {said or f'exit code {code}'}"
    if code in {126, 127}:
        reason = f"from here: {tried.not_tried}; the image has no Python to ask with"
    return make.skipped(name, f"{reason}; {_BY_HEALTH}")


def script(variable: str) -> str:
    """A shell script that connects to what a variable names; it holds no secret, only the variable's name."""
    program = Path(__file__).with_name("inside.py").read_bytes()
    return _RUN.replace("PROGRAM", base64.b64encode(program).decode()).replace("VARIABLE", variable)


def in_machine(place: Workplace, app: str, machines: Sequence[Machine]) -> Inside | None:
    """The way into a started machine, through Fly's API."""
    machine = next((one for one in machines if one.state == "started"), None)
    if machine is None:
        return None

    def run(text: str) -> tuple[int, str]:
        done = place.fly.execute(app, machine.id, shlex.join(["sh", "-c", text]), timeout=20)
        return done.exit_code, _last_line(done.stdout) or _last_line(done.stderr)

    return Inside(where=f"machine {machine.id}", run=run)


def in_container(place: Workplace, container: str, name: str) -> Inside:
    """The way into a running container."""

    def run(text: str) -> tuple[int, str]:
        outcome = place.runner.run(Command(argv=("docker", "exec", container, "sh", "-c", text), timeout=20))
        return outcome.code, _last_line(outcome.out) or _last_line(outcome.err)

    return Inside(where=f"container {name}", run=run)


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def try_database(url: str) -> _Tried:
    """Connect to PostgreSQL from here, and ask it something."""
    try:
        import psycopg  # noqa: PLC0415 - an extra
        from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - likewise
    except ImportError:
        return _Tried(not_tried="psycopg is not installed", hint=EXTRA)
    url = _POSTGRES.sub("postgresql://", url)
    try:
        settings = conninfo_to_dict(url)
        hosts = str(settings.get("hostaddr") or settings.get("host") or "").split(",")
        ports = [int(one or 5432) for one in str(settings.get("port") or "").split(",")]
    except (psycopg.Error, ValueError):  # their words would tell parts of the value
        return _Tried(refused="it is no URL that PostgreSQL's client can read")
    places = list(zip(hosts, ports if len(ports) == len(hosts) else ports[:1] * len(hosts), strict=True))
    if away := _unreachable([one for one in places if one[0] and not one[0].startswith("/")]):
        return _Tried(not_tried=away)
    try:
        with psycopg.connect(url, connect_timeout=int(TIMEOUT)) as connection:
            connection.execute("select 1")
    except psycopg.Error as error:
        return _Tried(refused=str(error).strip().rpartition("\n")[2] or type(error).__name__)
    return _Tried(is_good=True)


def try_nats(url: str) -> _Tried:
    """Connect to NATS from here, and have a ping answered."""
    servers = [one if "://" in one else f"nats://{one}" for one in url.replace(" ", "").split(",") if one]
    try:
        places = [(urlsplit(one).hostname or "", urlsplit(one).port or 4222) for one in servers]
    except ValueError:
        return _Tried(refused="it is no URL that a NATS client can read")
    try:
        from nats.aio.client import Client  # noqa: PLC0415 - an extra
    except ImportError:
        return _Tried(not_tried="nats-py is not installed", hint=EXTRA)
    if away := _unreachable(places):
        return _Tried(not_tried=away)
    import asyncio  # noqa: PLC0415 - here only

    async def quietly(_: Exception) -> None: ...

    # what is encoded in a URL is decoded by most clients, and not by this one
    who = urlsplit(servers[0])
    decoded: dict[str, Any] = (
        {"user": unquote(who.username or ""), "password": unquote(who.password)} if who.password else {}
    )

    async def connect() -> None:
        client = Client()
        try:
            await client.connect(
                servers, connect_timeout=int(TIMEOUT), allow_reconnect=False, max_reconnect_attempts=0,
                error_cb=quietly, **decoded,
            )  # fmt: skip
            await client.flush(timeout=int(TIMEOUT))
        finally:
            await client.close()

    try:
        asyncio.run(connect())
    except Exception as error:  # noqa: BLE001 - whatever a client says about a server that answers
        return _Tried(refused=f"{places[0][0]}: {error or type(error).__name__}")
    return _Tried(is_good=True)


def _unreachable(places: Sequence[tuple[str, int]]) -> str:
    """Why none of these can be connected to from here; empty if one can, or there is nothing to try."""
    failures = []
    for host, port in places:
        try:
            socket.create_connection((host, port), timeout=TIMEOUT).close()
        except (OSError, UnicodeError) as error:
            failures.append(f"{host}:{port} cannot be reached ({getattr(error, 'strerror', None) or error})")
        else:
            return ""
    return "; ".join(failures)
