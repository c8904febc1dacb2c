"""`parity-dev.html`: one self-contained page; the skeleton is a template, the data travels as compressed JSON."""

from __future__ import annotations

import base64
import hashlib
import zlib
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from pytest_gaia_parity.model.comparison import Severity, Verdict
from pytest_gaia_parity.report.details import ORDER, detail, index_row
from pytest_gaia_parity.report.encode import encode_json
from pytest_gaia_parity.report.files import shown_path, whole_file
from pytest_gaia_parity.report.plain import pair_text, visible
from pytest_gaia_parity.report.spool import Spool
from pytest_gaia_parity.report.tally import Tally
from pytest_gaia_parity.report.terminal import closing_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_gaia_parity.model.comparison import Comparison
    from pytest_gaia_parity.model.results import Results, Side
    from pytest_gaia_parity.report.sink import Evidence

#: bytes of details that are compressed together: opening one inflates its chunk
_CHUNK: Final = 150_000
#: failing comparisons that are readable without scripts
_STATIC: Final = 200
#: rows of the tables of fields and endpoints
_TABLE: Final = 200
_VERDICTS: Final = {
    Verdict.MATCH: ("=", "match"),
    Verdict.MISMATCH: ("≠", "mismatch"),
    Verdict.UNSTABLE: ("~", "unstable"),
    Verdict.BOTH_FAILED: ("✗", "both failed"),
    Verdict.MISSING: ("?", "missing"),
    Verdict.SKIPPED: ("-", "skipped"),
}


class HtmlSink:
    """Writes the page. What it gets is spooled to disk at once; in memory stay sums and places."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._index: Spool | None = None
        self._details: Spool | None = None
        self._tally = Tally()
        self._static: list[tuple[str, Comparison]] = []

    def open(self, baseline: Side, candidate: Side) -> None:  # noqa: ARG002 - the sides come again, complete, with the results
        """Begin.

        :raises ReportError: the folder cannot be written to.
        """
        self._index, self._details = Spool(self._path), Spool(self._path)

    def write(self, comparison: Comparison, evidence: Evidence) -> None:
        """Take one comparison with its evidence."""
        index, details = self._spools()
        key = f"{ORDER.index(comparison.verdict)}{comparison.test}"
        index.add(key, encode_json(index_row(comparison, evidence)))
        details.add(key, encode_json(detail(comparison, evidence)))
        self._tally.add(comparison)
        if not comparison.verdict.passes:
            self._keep_static(key, comparison)

    def close(self, results: Results) -> str:
        """Write the page.

        :raises ReportError: it cannot be written.
        """
        index, details = self._spools()
        chunks = _chunks(details)
        self._trim()
        with whole_file(self._path) as file:
            for piece in self._render(results, chunks):
                file.write(piece.encode("utf-8", "backslashreplace"))
        index.close()
        details.close()
        return shown_path(self._path)

    def _render(self, results: Results, chunks: list[int]) -> Iterator[str]:
        index, details = self._spools()
        style, boot, script = (_asset(name) for name in ("page.css", "boot.js", "page.js"))
        meta = {
            "baseline": results.baseline.name,
            "candidate": results.candidate.name,
            "verdicts": [[one.value, *_VERDICTS[one]] for one in ORDER],
            "starts": chunks,
            "count": len(index),
        }
        template = _environment().from_string(_asset("template.html"))
        yield from template.generate(
            **_summary(results, self._tally),
            failing=[_static(one) for _, one in self._static],
            style=Markup(style),  # noqa: S704 - our own files and our own base64
            boot=Markup(boot),  # noqa: S704
            script=Markup(script),  # noqa: S704
            policy=_policy(style, boot, script),
            meta=Markup(encode_json(meta).decode().replace("<", "\\u003c")),  # noqa: S704
            index=Markup(_packed(_joined(index))),  # noqa: S704
            chunks=(Markup(chunk) for chunk in _packed_chunks(details, chunks)),  # noqa: S704
        )

    def _keep_static(self, key: str, comparison: Comparison) -> None:
        self._static.append((key, comparison))
        # the first in the order of the list, whatever order they come in
        if len(self._static) > 2 * _STATIC:
            self._trim()

    def _trim(self) -> None:
        self._static.sort(key=lambda item: item[0])
        del self._static[_STATIC:]

    def _spools(self) -> tuple[Spool, Spool]:
        if self._index is None or self._details is None:
            raise ValueError("the sink is not open")
        return self._index, self._details


def _environment() -> Environment:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["visible"] = visible
    return environment


def _asset(name: str) -> str:
    return files("pytest_gaia_parity.report").joinpath("page", name).read_text(encoding="utf-8")


def _policy(style: str, *scripts: str) -> str:
    """A Content-Security-Policy that runs exactly our own script and style, and loads nothing."""
    hashes = " ".join(f"'{_sha256(script)}'" for script in scripts)
    return f"default-src 'none'; script-src {hashes}; style-src '{_sha256(style)}'; base-uri 'none'; form-action 'none'"


def _sha256(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _joined(spool: Spool) -> Iterator[bytes]:
    yield b"["
    for number, (_, piece) in enumerate(spool.in_order()):
        yield (b",\n" if number else b"") + piece
    yield b"]"


def _packed(pieces: Iterator[bytes]) -> str:
    """Zlib keeps no time, so equal input gives equal bytes."""
    compressor = zlib.compressobj(6)
    packed = b"".join([*(compressor.compress(piece) for piece in pieces), compressor.flush()])
    return base64.b64encode(packed).decode("ascii")


def _chunks(spool: Spool) -> list[int]:
    """Number of the first comparison of each chunk."""
    starts, size = [0], 0
    for number, (_, length) in enumerate(spool.sizes()):
        if size and size + length > _CHUNK:
            starts.append(number)
            size = 0
        size += length
    return starts


def _packed_chunks(spool: Spool, starts: list[int]) -> Iterator[str]:
    pieces = (piece for _, piece in spool.in_order())
    for start, end in zip(starts, [*starts[1:], len(spool)], strict=True):
        yield _packed(_array(pieces, end - start))


def _array(pieces: Iterator[bytes], count: int) -> Iterator[bytes]:
    yield b"["
    for number in range(count):
        yield (b"," if number else b"") + next(pieces)
    yield b"]"


def _summary(results: Results, tally: Tally) -> dict[str, Any]:
    """What the template shows above the list, all of it readable without scripts."""
    failing = sum(count for verdict, count in tally.summary.items() if not Verdict(verdict).passes)
    compared = sum(tally.summary.values())
    causes = dict.fromkeys(results.causes, 0) | {group.cause: group.comparisons for group in tally.causes}
    return {
        "baseline": results.baseline,
        "candidate": results.candidate,
        "title": closing_text(results, tally.summary),
        "is_parity": not failing and not results.interrupted and tally.summary[Verdict.MATCH.value] > 0,
        "interrupted": results.interrupted,
        "failing_count": failing,
        "compared": compared,
        "counts": [(one.value, *_VERDICTS[one], tally.summary[one.value]) for one in ORDER],
        "notes": results.notes,
        "causes": list(causes.items()),
        "fields": [_field(group) for group in tally.fields[:_TABLE]],
        "more_fields": max(0, len(tally.fields) - _TABLE) + tally.ungrouped,
        "endpoints": tally.endpoints[:_TABLE],
        "more_endpoints": max(0, len(tally.endpoints) - _TABLE),
        "services": sorted({*results.baseline.services, *results.candidate.services}),
    }


def _field(group: Any) -> dict[str, Any]:
    return {
        "path": group.path,
        "comparisons": group.comparisons,
        "places": group.places,
        "kinds": sorted(group.kinds),
        "note": group.severity is Severity.NOTE,
        "endpoints": sorted(group.endpoints.items(), key=lambda item: (-item[1], item[0])),
        "examples": [(test, pair_text(one.baseline, one.candidate, width=120)) for test, one in group.examples],
    }


def _static(comparison: Comparison) -> dict[str, Any]:
    return {
        "comparison": comparison,
        "sign": _VERDICTS[comparison.verdict][0],
        "word": _VERDICTS[comparison.verdict][1],
        "differences": [
            (one, pair_text(one.baseline, one.candidate, width=200)) for one in comparison.differences[:10]
        ],
        "more": max(0, len(comparison.differences) - 10),
    }
