"""`gaia-parity merge DIR_OR_FILES…`: the recordings of CI shards joined into one comparison and report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pytest_gaia_parity.cli.output import add_common_flags, output_of
from pytest_gaia_parity.cli.shards import lost_notes
from pytest_gaia_parity.config.load import load_config
from pytest_gaia_parity.errors import ConfigError, RecordingError
from pytest_gaia_parity.report.recording import read_recording

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pytest_gaia_parity.model.recording import Header
    from pytest_gaia_parity.report.recording import Recording


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the flags."""
    parser = verbs.add_parser(
        "merge",
        help="join the recordings of CI shards into one comparison and report",
        description="Join any number of recordings of two targets into one comparison; their order means nothing.",
    )
    parser.add_argument("places", type=Path, nargs="+", metavar="DIR_OR_FILE", help="recordings, or folders of them")
    parser.add_argument("--baseline", metavar="TARGET", help="which target is compared with (the configured baseline)")
    add_common_flags(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Join, compare, write the reports, print the summary."""
    from pytest_gaia_parity.cli.judge import judge  # noqa: PLC0415 - other verbs compare nothing

    # a shard that broke off fails the gate, and the others are compared all the same
    recordings = [read_recording(path, allow_cut=True) for path in _files(given.places)]
    by_target: dict[str, list[Recording]] = {}
    for recording in recordings:
        by_target.setdefault(recording.header.target, []).append(recording)
    baseline = _baseline(given, list(by_target))
    others = [target for target in by_target if target != baseline]
    if baseline not in by_target or len(others) != 1:
        raise RecordingError(
            f"recordings of one baseline and one other target are needed, these are of: {', '.join(sorted(by_target))}",
            hint="name the files, and the baseline with --baseline TARGET",
        )
    candidate = others[0]
    return judge(
        by_target[baseline],
        by_target[candidate],
        headers=(_joined(by_target[baseline]), _joined(by_target[candidate])),
        output=output_of(given),
        complete=not (lost := lost_notes(by_target)),
        notes=lost,
    )


def _files(places: Sequence[Path]) -> list[Path]:
    files = [path for place in places for path in (sorted(place.rglob("*.jsonl")) if place.is_dir() else [place])]
    if not files:
        raise RecordingError(
            f"no recording in {', '.join(str(place) for place in places)}", hint="recordings end in .jsonl"
        )
    return sorted(dict.fromkeys(files))


def _baseline(given: argparse.Namespace, targets: Sequence[str]) -> str:
    if given.baseline is not None:
        return str(given.baseline)
    try:
        return load_config(Path.cwd(), given.config).table.baseline
    except ConfigError:
        if given.config is not None or "local" not in targets:
            raise
        return "local"


def _joined(recordings: Sequence[Recording]) -> Header:
    """One header for the shards of a side: the earliest, with every service that any of them saw."""
    headers = sorted((recording.header for recording in recordings), key=lambda header: header.started)
    services = {name: facts for header in reversed(headers) for name, facts in header.services.items()}
    return msgspec.structs.replace(
        headers[0],
        shard=0,
        shards=0,
        services=dict(sorted(services.items())),
        runs=max(header.runs for header in headers),
    )
