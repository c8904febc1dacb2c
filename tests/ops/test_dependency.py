"""verify asks PostgreSQL and NATS: real servers, from here and from inside a machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pytest_gaia_parity.lab import fly as simulated
from pytest_gaia_parity.ops import inside
from pytest_gaia_parity.ops.check import CheckStatus
from pytest_gaia_parity.ops.dependency import script, try_database, try_nats
from pytest_gaia_parity.ops.secrets import sync_secrets
from pytest_gaia_parity.ops.verify import verify
from tests.skipping import cannot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_gaia_parity.ops.check import Check
    from pytest_gaia_parity.ops.workplace import Workplace
    from tests.fly_world import FlyWorld

PASSWORD = "p%40ss-of-the-tests"
PLAIN = "p@ss-of-the-tests"


class Server(NamedTuple):
    """A server that wants a password."""

    url: str
    variable: str

    def other(self, password: str) -> str:
        return self.url.replace(PASSWORD, password)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def await_line(process: subprocess.Popen[bytes], ready: bytes) -> None:
    """Wait until the server says that it is ready; what it says is read until its end, so that it never waits for us."""
    said: list[bytes] = []
    told = threading.Event()

    def read() -> None:
        assert process.stderr is not None
        with process.stderr as lines:
            for line in lines:
                said.append(line)
                if ready in line:
                    told.set()
        told.set()

    threading.Thread(target=read, daemon=True).start()
    if not (told.wait(30) and any(ready in line for line in said)):
        process.kill()
        pytest.fail(f"the server does not say that it is ready: {b''.join(said).decode(errors='replace')}")


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """PostgreSQL of Debian's package, with passwords by SCRAM."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
    if programs is None:
        cannot("postgresql is not installed; make packages installs what tests/ops/apt-packages.txt lists")
    folder = tmp_path_factory.mktemp("postgres")
    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        user = {"user": 65534, "group": 65534}
        for path in (folder, *list(folder.parents)[:3]):
            path.chmod(0o755)
        os.chown(folder, 65534, 65534)
    (folder / "password").write_text(PLAIN)
    data = folder / "data"
    initdb = (programs / "initdb", "--no-sync", "--auth=scram-sha-256", "--username=gaia", "--locale=C")
    subprocess.run(  # noqa: S603 - the words here
        [*initdb, "--encoding=UTF8", f"--pwfile={folder / 'password'}", f"--pgdata={data}"],
        check=True, stdout=subprocess.DEVNULL, cwd=folder, **user,
    )  # fmt: skip
    port = free_port()
    options = ("-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off")
    argv = [str(programs / "postgres"), "-D", str(data), *options]
    process: subprocess.Popen[bytes] = subprocess.Popen(argv, cwd=folder, stderr=subprocess.PIPE, **user)  # noqa: S603 - likewise
    await_line(process, b"database system is ready to accept connections")
    yield Server(f"postgresql+asyncpg://gaia:{PASSWORD}@127.0.0.1:{port}/postgres", "DATABASE_URL")
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """NATS of Debian's package, with a user and a password."""
    program = shutil.which("nats-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        cannot("nats-server is not installed; make packages installs what tests/ops/apt-packages.txt lists")
    port = free_port()
    argv = [program, "--addr", "127.0.0.1", "--port", str(port), "--user", "gaia", "--pass", PLAIN]
    process = subprocess.Popen(argv, cwd=tmp_path_factory.mktemp("nats"), stderr=subprocess.PIPE)  # noqa: S603 - likewise
    await_line(process, b"Server is ready")
    yield Server(f"nats://gaia:{PASSWORD}@127.0.0.1:{port}", "NATS_URL")
    process.terminate()
    process.wait()


@pytest.fixture(params=["postgres", "nats"])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


def tried(url: str) -> tuple[bool, str, str]:
    found = try_nats(url) if url.startswith("nats") else try_database(url)
    return found.is_good, found.refused, found.not_tried


def test_a_real_server_is_connected_to_from_here(server: Server) -> None:
    assert tried(server.url) == (True, "", "")


def test_a_wrong_password_is_refused_by_what_answers(server: Server) -> None:
    is_good, refused, _ = tried(server.other("wr0ng"))
    assert (is_good, "uthenti" in refused or "uthoriz" in refused) == (False, True)
    assert "wr0ng" not in refused


@pytest.mark.parametrize("scheme", ["postgresql", "nats"])
def test_a_place_that_cannot_be_reached_from_here_is_not_a_failure_of_the_service(scheme: str) -> None:
    port = free_port()
    is_good, refused, not_tried = tried(f"{scheme}://gaia:x@127.0.0.1:{port}")
    assert (is_good, refused) == (False, "")
    assert f"127.0.0.1:{port} cannot be reached" in not_tried


@pytest.mark.parametrize(
    "url", ["postgres://gaia:hunter2@db:port/x", "postgres://[gaia:hunter2", "nats://u:hunter2@h:port"]
)
def test_what_is_no_url_is_refused_without_a_word_of_it(url: str) -> None:
    refused = tried(url)[1]
    assert refused.startswith("it is no URL")


def test_the_message_names_the_extra_that_is_missing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("psycopg", "nats.aio.client"):
        monkeypatch.setitem(sys.modules, name, None)
    found = try_nats(server.url) if server.variable == "NATS_URL" else try_database(server.url)
    assert "is not installed" in found.not_tried
    assert found.hint == "pip install 'pytest-gaia-parity[verify]'"


def run_inside(variable: str, env: dict[str, str], *, bare: bool) -> subprocess.CompletedProcess[str]:
    """Run the program as a container would; *bare* has no driver, as a plain image."""
    argv = [sys.executable, *(["-I", "-S"] if bare else []), inside.__file__, variable]
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=False)  # noqa: S603 - ours


@pytest.mark.parametrize("bare", [True, False], ids=["without a driver", "with drivers"])
def test_the_program_for_inside_connects_to_the_real_server(server: Server, *, bare: bool) -> None:
    done = run_inside(server.variable, {server.variable: server.url}, bare=bare)
    assert (done.returncode, done.stderr) == (0, "")
    says = "connected" if server.variable == "NATS_URL" or not bare else "answers; its password was not tried"
    assert done.stdout.startswith(says)


def test_inside_a_wrong_password_is_told_without_it(server: Server) -> None:
    done = run_inside(server.variable, {server.variable: server.other("wr0ng")}, bare=False)
    assert done.returncode == 1
    assert "uthenti" in done.stdout or "uthoriz" in done.stdout
    assert "wr0ng" not in done.stdout + done.stderr


def test_inside_a_variable_that_is_not_set_is_told() -> None:
    done = run_inside("DATABASE_URL", {}, bare=True)
    assert (done.returncode, done.stdout) == (3, "DATABASE_URL is not set there\n")


def test_inside_something_else_that_listens_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"nats://gaia:x@127.0.0.1:{listener.getsockname()[1]}"

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        done = run_inside("NATS_URL", {"NATS_URL": url}, bare=True)
        thread.join()
    assert (done.returncode, done.stdout) == (1, "127.0.0.1 does not greet as a NATS server does\n")


def test_the_script_holds_no_secret_and_no_quote_that_an_exec_could_misread(server: Server) -> None:
    text = script(server.variable)
    assert "'" not in text
    assert PASSWORD not in text


def asked(place: Workplace, name: str) -> Check:
    return next(one for one in verify(place, "dev", services=["auth"]) if one.name == name)


@pytest.fixture
def write_env(project: Path) -> Callable[..., None]:
    def write(**values: str) -> None:
        (project / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in values.items()))

    return write


def test_what_cannot_be_reached_from_here_is_asked_from_inside_a_machine(
    postgres: Server, write_env: Callable[..., None], make_place: Callable[..., Workplace], world: FlyWorld
) -> None:
    """The machine's own variable leads to the server; ours leads nowhere, as a private name does from a laptop."""
    write_env(DATABASE_URL=postgres.url, API_KEY="k")
    assert sync_secrets(make_place(), "dev", services=["auth"]).is_good
    write_env(DATABASE_URL=f"postgresql://gaia:x@127.0.0.1:{free_port()}/postgres", API_KEY="k")
    found = asked(make_place(), "database")
    machine = world.app("gaia-auth-dev")["machines"][0]["id"]
    assert (found.status, found.says.partition(": ")[0]) == (CheckStatus.OK, f"machine {machine}")


def test_a_failure_inside_is_a_failure_of_the_service(
    write_env: Callable[..., None], make_place: Callable[..., Workplace]
) -> None:
    write_env(DATABASE_URL=f"postgresql://gaia:x@127.0.0.1:{free_port()}/postgres", API_KEY="k")
    found = asked(make_place(), "database")
    assert (found.status, "DATABASE_URL is not set there" in found.says) == (CheckStatus.FAILED, True)
    sync_secrets(make_place(), "dev", services=["auth"])
    found = asked(make_place(), "database")
    assert (found.status, "refused" in found.says) == (CheckStatus.FAILED, True)


def test_without_a_machine_to_ask_from_it_is_unreachable_and_not_wrong(
    write_env: Callable[..., None], make_place: Callable[..., Workplace], world: FlyWorld
) -> None:
    write_env(DATABASE_URL=f"postgresql://gaia:x@127.0.0.1:{free_port()}/postgres", API_KEY="k")
    machines = [{**one, "state": "stopped"} for one in world.app("gaia-auth-dev")["machines"]]
    world.change_app("gaia-auth-dev", machines=machines)
    found = asked(make_place(), "database")
    assert found.status is CheckStatus.UNREACHABLE
    assert "there is no running machine to ask from" in found.says


def test_an_image_without_python_is_said_and_not_failed(
    write_env: Callable[..., None], make_place: Callable[..., Workplace], world: FlyWorld
) -> None:
    write_env(DATABASE_URL=f"postgresql://gaia:x@127.0.0.1:{free_port()}/postgres", API_KEY="k")
    command = f"sh -c '{script('DATABASE_URL')}'"
    world.change_app("gaia-auth-dev", exec={command: {"exit_code": 127}})
    found = asked(make_place(), "database")
    assert (found.status, "the image has no Python to ask with" in found.says) == (CheckStatus.SKIPPED, True)


def test_the_simulated_machine_runs_commands_with_its_secrets() -> None:
    assert simulated._executed("sh -c 'echo $NAME; exit 4'", {"NAME": "x"}, 5) == {"exit_code": 4, "stdout": "x\n"}


def test_another_database_than_postgresql_is_skipped_with_what_to_do(
    write_env: Callable[..., None], make_place: Callable[..., Workplace]
) -> None:
    write_env(DATABASE_URL="mysql://gaia:hunter2@db/x", API_KEY="k")
    found = asked(make_place(), "database")
    assert found.status is CheckStatus.SKIPPED
    assert "tell services.NAME.checks" in found.says
    done = run_inside("DATABASE_URL", {"DATABASE_URL": "mysql://gaia:hunter2@db/x"}, bare=True)
    assert (done.returncode, done.stdout) == (4, "DATABASE_URL leads to no PostgreSQL there\n")
