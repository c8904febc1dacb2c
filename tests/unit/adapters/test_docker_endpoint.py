from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.adapters.docker_endpoint import find_endpoint
from pytest_gaia_parity.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def context(folder: Path, name: str, host: str) -> None:
    key = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / "contexts" / "meta" / key / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}}))


@pytest.mark.parametrize(
    ("host", "found"),
    [
        pytest.param("unix:///run/user/1000/docker.sock", "unix:///run/user/1000/docker.sock", id="unix"),
        pytest.param("tcp://127.0.0.1:2375", "tcp://127.0.0.1:2375", id="tcp"),
        pytest.param("tcp://build.example", "tcp://build.example:2375", id="usual-port"),
    ],
)
def test_docker_host_says_where_the_engine_is(host: str, found: str) -> None:
    assert str(find_endpoint({"DOCKER_HOST": host})) == found


def test_tls_has_a_port_of_its_own(tmp_path: Path) -> None:
    endpoint = find_endpoint(
        {"DOCKER_HOST": "tcp://build.example", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    )
    assert (endpoint.port, endpoint.certificates) == (2376, tmp_path)
    with pytest.raises(ConfigError, match=r"certificates in .* cannot be read"):
        endpoint.connect(1.0)


def test_the_chosen_context_says_where_the_engine_is(tmp_path: Path) -> None:
    context(tmp_path, "colima", "unix:///home/ada/.colima/docker.sock")
    (tmp_path / "config.json").write_text('{"currentContext": "colima"}')
    env = {"DOCKER_CONFIG": str(tmp_path)}
    assert str(find_endpoint(env)) == "unix:///home/ada/.colima/docker.sock"
    assert str(find_endpoint({**env, "DOCKER_HOST": "unix:///other.sock"})) == "unix:///other.sock"
    assert str(find_endpoint({**env, "DOCKER_CONTEXT": "default"})) == "unix:///var/run/docker.sock"


def test_an_unknown_context_names_those_there_are(tmp_path: Path) -> None:
    context(tmp_path, "colima", "unix:///c.sock")
    with pytest.raises(ConfigError, match="no Docker context 'colma'; nearest is 'colima'; valid: colima, default"):
        find_endpoint({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "colma"})


def test_without_anything_said_the_usual_socket_is_taken(tmp_path: Path) -> None:
    assert str(find_endpoint({"HOME": str(tmp_path)})) == "unix:///var/run/docker.sock"


def test_an_unreadable_configuration_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{broken")
    assert str(find_endpoint({"DOCKER_CONFIG": str(tmp_path)})) == "unix:///var/run/docker.sock"


@pytest.mark.parametrize("host", ["ssh://ada@build.example", "npipe:////./pipe/docker", "build.example"])
def test_what_cannot_be_asked_is_refused_with_the_next_step(host: str) -> None:
    with pytest.raises(ConfigError, match="DOCKER_HOST is") as seen:
        find_endpoint({"DOCKER_HOST": host})
    assert seen.value.hint
