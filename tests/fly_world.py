"""A world of Fly apps played by the simulated fly, for tests that operate it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.lab import fly as simulated

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
[tool.gaia-parity.targets.local]
network = "docker"
url = "http://{service}:8000"

[tool.gaia-parity.targets.dev]
network = "fly"
app = "gaia-{service}-dev"
url = "http://{app}.internal:8000"

[tool.gaia-parity.targets.staging]
network = "fly"
app = "gaia-{service}-staging"
url = "http://{app}.internal:8000"
protected = true

[tool.gaia-parity.services.gateway]
calls = ["auth"]
required = ["DATABASE_URL", "API_KEY"]

[tool.gaia-parity.services.auth]
required = ["DATABASE_URL"]
optional = ["EXTRA_KEY"]
"""
ENV = "DATABASE_URL='postgres://gaia:hunter2@db/gaia'\nAPI_KEY='s3cret#key'\n"
APPS = ("gaia-gateway-dev", "gaia-auth-dev", "gaia-gateway-staging", "gaia-auth-staging")


class FlyWorld:
    """The folder of a simulated fly."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        image = "registry.fly.io/gaia:v1"
        apps = {
            name: {
                "key": f"key of {name}",
                "secrets": {},
                "releases": [],
                "machines": [simulated.new_machine(image, "sha256:1", state="started") for _ in range(2)],
            }
            for name in APPS
        }
        self._write({"apps": apps, "images": {image: "sha256:1"}, "faults": []})

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "state.json").read_text())
        return found

    def _write(self, state: dict[str, Any]) -> None:
        (self.folder / "state.json").write_text(json.dumps(state))

    def change(self, **facts: Any) -> None:
        self._write({**self.state, **facts})

    def change_app(self, name: str, **facts: Any) -> None:
        state = self.state
        state["apps"][name].update(facts)
        self._write(state)

    def plant(self, kind: str, command: str, **facts: Any) -> None:
        """Plant a fault that strikes the next call of a command."""
        self.change(faults=[*self.state["faults"], {"kind": kind, "command": command, **facts}])

    def app(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.state["apps"][name]
        return found

    def values(self, name: str) -> dict[str, str]:
        return {key: one["value"] for key, one in self.app(name)["secrets"].items()}

    def machine_values(self, name: str) -> list[dict[str, str]]:
        return [machine["secrets"] for machine in self.app(name)["machines"]]

    def calls(self) -> list[str]:
        log = self.folder / "calls.log"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def env(self) -> dict[str, str]:
        return {simulated.STATE: str(self.folder)}

    @property
    def program(self) -> tuple[str, ...]:
        return (sys.executable, "-I", "-S", simulated.__file__)
