"""Serves one service of the lab by the process's environment, for containers.

python -m pytest_gaia_parity.lab.serve gateway --host :: --port 8000
"""

from __future__ import annotations

import argparse
import os
import sys

import uvicorn

from pytest_gaia_parity.lab.app import build
from pytest_gaia_parity.lab.log import Logged
from pytest_gaia_parity.lab.settings import SERVICES, Settings


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(prog="python -m pytest_gaia_parity.lab.serve", description="Serve one service.")
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument("--host", default="::", help="address to listen on (::)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")
    given = parser.parse_args()
    built = build(Settings.from_env(given.service, os.environ))
    uvicorn.run(
        Logged(built.app, given.service, sys.stdout),
        host=given.host,
        port=given.port,
        lifespan="off",
        access_log=False,
        log_level="warning",
        date_header=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
