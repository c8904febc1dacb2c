"""What is said of a configuration that is wrong: the file, the key, the nearest valid one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.config.load import load_config
from pytest_gaia_parity.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """
[tool.gaia-parity.targets.local]
network = "docker"
url = "http://{service}:8000"

[tool.gaia-parity.targets.dev]
network = "fly"
app = "gaia-{service}-dev"
url = "http://{app}.internal:8000"

[tool.gaia-parity.services.gateway]
calls = ["auth"]

[tool.gaia-parity.services.auth]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_are_those_of_the_contract(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    table = load_config(tmp_path).table
    assert (table.baseline, table.env_file, table.parity_tests, table.reports) == (
        "local",
        ".env",
        ["parity_tests"],
        "reports",
    )
    assert (table.compare.repeat, table.compare.confirm, table.compare.tolerance) == (2, 2, 0.0)


def test_the_nearest_file_upwards_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (below / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    assert load_config(below).file == path


def test_urls_are_filled_in(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    config = load_config(tmp_path)
    assert config.url("local", "auth") == "http://auth:8000"
    assert config.url("dev", "auth") == "http://gaia-auth-dev.internal:8000"


def test_no_configuration_names_the_folder_and_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path)
    assert str(tmp_path) in caught.value.message
    assert "gaia-parity init" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        pytest.param("[tool.gaia-parity", "", "is not valid TOML", id="syntax"),
        pytest.param("[tool]\ngaia-parity = 3", "tool.gaia-parity", "is not a table", id="no-table"),
        pytest.param(
            "[tool.gaia-parity]\nbaselin = 'x'", "[tool.gaia-parity]", "nearest is 'baseline'", id="unknown-key"
        ),
        pytest.param(
            "[tool.gaia-parity.compare]\nrepeats = 2",
            "[tool.gaia-parity.compare]",
            "nearest is 'repeat'",
            id="unknown-nested",
        ),
        pytest.param(
            "[tool.gaia-parity.targets.dev]\nnetwork = 'flyy'\nurl = 'http://x'",
            "tool.gaia-parity.targets.dev.network",
            "nearest is 'fly'",
            id="wrong-choice",
        ),
        pytest.param(
            "[tool.gaia-parity]\ntimeout = 'soon'", "tool.gaia-parity.timeout", "expected `float`", id="wrong-type"
        ),
        pytest.param(
            GOOD.replace("{app}", "{ap}"),
            "tool.gaia-parity.targets.dev.url",
            "nearest is 'app'",
            id="unknown-placeholder",
        ),
        pytest.param(
            GOOD.replace("http://{service}", "http://{service"),
            "tool.gaia-parity.targets.local.url",
            "cannot be filled in",
            id="brace",
        ),
        pytest.param(
            "[tool.gaia-parity]\nbaseline = 'locl'\n" + GOOD,
            "tool.gaia-parity.baseline",
            "nearest is 'local'",
            id="baseline",
        ),
        pytest.param(
            GOOD.replace('"auth"]', '"auht"]'),
            "tool.gaia-parity.services.gateway.calls",
            "nearest is 'auth'",
            id="unknown-service",
        ),
        pytest.param(
            GOOD + "[tool.gaia-parity.compare]\nignore = ['body..x']",
            "tool.gaia-parity.compare.ignore",
            "is not a path",
            id="path",
        ),
        pytest.param(
            "[tool.gaia-parity]\njobs = 0\n" + GOOD,
            "tool.gaia-parity.jobs",
            "less than 1",
            id="jobs",
        ),
        pytest.param(
            GOOD + "[tool.gaia-parity.compare]\nrepeat = 0",
            "tool.gaia-parity.compare.repeat",
            "less than 1",
            id="repeat",
        ),
        pytest.param(
            GOOD + "[tool.gaia-parity.targets.edge]\nnetwork = 'direct'",
            "tool.gaia-parity.targets.edge",
            "'url'",
            id="no-url",
        ),
        pytest.param(
            GOOD.replace('app = "gaia-{service}-dev"\n', "").replace("{app}", "x"),
            "tool.gaia-parity.targets.dev",
            "needs 'app'",
            id="fly-without-app",
        ),
        pytest.param(
            GOOD + "[tool.gaia-parity.targets.edge]\nnetwork = 'direct'\nurl = 'http://x'\nwrites = ['POST /x']",
            "tool.gaia-parity.targets.edge.writes[0]",
            "METHOD service /path",
            id="writes",
        ),
        pytest.param(
            GOOD
            + "[[tool.gaia-parity.expected]]\ntest='t'\npath='body'\nkind='value-chanced'\nreason='r'\nuntil=2027-01-01",
            "tool.gaia-parity.expected[0].kind",
            "nearest is 'value-changed'",
            id="kind",
        ),
    ],
)
def test_a_mistake_names_file_key_and_nearest(tmp_path: Path, text: str, key: str, says: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path, path)
    assert str(path) in caught.value.message
    assert key in caught.value.message
    assert says in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code == 4
