"""The private engine leaves nothing behind, whatever ends the tests."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.docker.engine import Engine, Owner, remove_leftovers
from tests.docker.image import root_tar
from tests.docker.stacks import ROOT

if TYPE_CHECKING:
    import pytest

#: starts an engine with a container that never ends, says so, and waits
_OWNER = """
from tests.docker.engine import Engine
from tests.docker.image import root_tar
engine = Engine.start()
engine.docker("import", "-c", "ENV PATH=/usr/bin", "-", "empty:1", stdin=root_tar())
engine.docker("run", "-d", "-v", "/usr:/usr:ro", "empty:1", "sleep", "infinity")
print(engine.folder, flush=True)
input()
"""


def processes_of(folder: Path) -> list[str]:
    """The processes that have the engine's folder in their arguments."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder) in arguments:
            found.append(arguments)
    return found


def network_interfaces() -> set[str]:
    return {path.name for path in Path("/sys/class/net").iterdir()}


def test_a_killed_run_takes_its_engine_along(engine: Engine) -> None:
    links = network_interfaces()
    owner = subprocess.Popen(  # noqa: S603 - the program above
        [sys.executable, "-c", _OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=os.environ
    )
    assert owner.stdin is not None
    assert owner.stdout is not None
    folder = Path(owner.stdout.readline().decode().strip())
    assert len(processes_of(folder)) > 2
    first = [os.pidfd_open(pid) for pid in _descendants(owner.pid)]
    owner.kill()
    owner.wait()
    for one in first:
        assert select.select([one], [], [], 20)[0], "a process outlived its owner"
        os.close(one)
    owner.stdin.close()
    owner.stdout.close()
    assert processes_of(folder) == []
    assert network_interfaces() == links

    assert folder.exists(), "files of the dead run"
    assert folder.name in remove_leftovers()
    assert not folder.exists()
    assert not list(Path("/sys/fs/cgroup").glob(f"*/{folder.name}"))
    assert engine.folder.exists(), "a living run's engine is not touched"


def test_a_process_number_given_again_is_another_owner() -> None:
    owner = Owner.of(os.getpid())
    assert owner is not None
    assert Owner.from_name(owner.name) == owner
    assert Owner.of(os.getpid()) != Owner(owner.pid, owner.started - 1)


def test_what_belongs_to_others_is_no_leftover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    mine, dead, foreign = Owner.of(os.getpid()), Owner(os.getpid(), 1), "gaia-parity-docker-notes"
    assert mine is not None
    for name in (mine.name, dead.name, foreign):
        (tmp_path / name).mkdir()
    assert remove_leftovers() == [dead.name]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([mine.name, foreign])


def test_the_engine_has_a_network_of_its_own(engine: Engine) -> None:
    mine = Path("/proc/self/ns/net").readlink()
    assert engine.run(*engine.inside, "readlink", "/proc/self/ns/net") != str(mine)


def test_the_image_needs_no_registry() -> None:
    assert len(root_tar()) < 100_000


def _descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return [int(child) for child in children] + [one for child in children for one in _descendants(int(child))]
