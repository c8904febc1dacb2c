"""What masking costs, as a share of a run: a parity run on the embedded stack, and how long of it masked.

python benchmarks/redaction/run.py [TESTS]
"""

from __future__ import annotations

import contextlib
import io
import secrets
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gaia_parity.redact import Redactor
from pytest_gaia_parity.run import record

if TYPE_CHECKING:
    from collections.abc import Callable

TESTS = """
import pytest

@pytest.mark.parametrize("number", range({count}))
def test_asset(services, number):
    token = services.auth.post("/login", json={{"email": "ada@gaia.example", "password": "analytical-engine"}}).json()["access_token"]
    services.asset.get("/assets", params={{"limit": 20}}, headers={{"authorization": f"Bearer {{token}}"}})
"""


class Watch:
    """Adds up the seconds that functions take."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, watched."""

        def call(*arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds += time.perf_counter() - started

        return call


def main() -> None:
    """Run once with twenty secrets in the env file; print the share, and the speed on a large body."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    watch = Watch()
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        patch.chdir(folder)
        (folder / ".env").write_text("".join(f"KEY_{n}={secrets.token_urlsafe(32)}\n" for n in range(20)))
        (folder / "pyproject.toml").write_text(
            '[tool.gaia-parity]\nbaseline = "local"\n[tool.gaia-parity.targets.local]\nnetwork = "docker"\n'
            'url = "http://{service}:8000"\n[tool.gaia-parity.targets.dev]\nnetwork = "fly"\napp = "gaia-{service}-dev"\n'
            'url = "http://{app}.internal:8000"\n[tool.gaia-parity.services]\ngateway = {}\nauth = {}\nasset = {}\nchat = {}\n'
        )
        (folder / "test_parity.py").write_text(TESTS.format(count=count))
        for function in ("mask_record", "_mask_report"):
            patch.setattr(record, function, watch.timed(getattr(record, function)))
        started = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()) as said:
            code = pytest.main(["--parity", "dev", "--lab", "-q", "-p", "no:cacheprovider", "test_parity.py"])
        whole = time.perf_counter() - started
    print(said.getvalue().splitlines()[-1], f"exit {int(code)}")
    print(f"{count} tests: {whole:.2f} s, of which masking {watch.seconds:.3f} s: {watch.seconds / whole:.1%}")
    redactor = Redactor({f"K{n}": secrets.token_urlsafe(32) for n in range(20)}, key=b"k")
    text = "".join(f'{{"id": "{secrets.token_hex(16)}", "name": "asset {n}"}},' for n in range(20_000))
    started = time.perf_counter()
    redactor.text(text)
    print(f"a body of {len(text) / 1e6:.1f} MB: {time.perf_counter() - started:.3f} s")


if __name__ == "__main__":
    main()
