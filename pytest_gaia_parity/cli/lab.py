"""`gaia-parity lab`: the embedded stack until Ctrl-C, its addresses printed."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_gaia_parity.cli.workplace import lab_folder
from pytest_gaia_parity.config.check import require_target
from pytest_gaia_parity.config.load import load_config
from pytest_gaia_parity.errors import EXIT_PARITY

if TYPE_CHECKING:
    import argparse


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the flags."""
    parser = verbs.add_parser(
        "lab",
        help="start the embedded stack and leave it up until Ctrl-C",
        description="Start the embedded stack, print its addresses, and leave it up until Ctrl-C.",
    )
    parser.add_argument(
        "--candidate",
        action="append",
        metavar="TARGET",
        help="a side that plays a remote one (dev); may be repeated, as promote needs two",
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME",
        help="plant a named fault; may be repeated; 'list' shows them",
    )
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Serve until interrupted or terminated."""
    from pytest_gaia_parity.lab.faults import FAULTS  # noqa: PLC0415 - the extra `lab` is needed by this verb only
    from pytest_gaia_parity.lab.stack import Stack  # noqa: PLC0415 - likewise
    from pytest_gaia_parity.lab.world import write_world  # noqa: PLC0415 - likewise

    if "list" in given.fault:
        for fault in FAULTS.values():
            print(f"{fault.name:24} {fault.says}")
        return EXIT_PARITY
    config = load_config(Path.cwd(), given.config)
    named = dict.fromkeys(given.candidate or ["dev"])
    candidates = [require_target(config, name, option="--candidate") for name in named]
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with Stack(config, baseline=config.table.baseline, candidates=candidates, faults=given.fault) as stack:
        for target, routes in stack.routes.items():
            print(f"{target}:")
            for (host, port), (address, at) in routes.items():
                shown = f"[{address}]" if ":" in address else address
                print(f"  http://{host}:{port}  at  http://{shown}:{at}")
        world = write_world(config, stack, lab_folder(config))
        print(f"operate it: gaia-parity verify {candidates[0]} --lab, with the env file {world.env_file}")
        print("Ctrl-C ends it", flush=True)
        ended.wait()
    return EXIT_PARITY
