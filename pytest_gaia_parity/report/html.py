"""`parity-dev.html`: the page, as one self-contained file or as a folder; the data travels as compressed JSON."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from pytest_gaia_parity.report.details import ORDER, detail, errors_first, index_row
from pytest_gaia_parity.report.encode import encode_json
from pytest_gaia_parity.report.files import cannot_write, partial_of, shown_path, whole_file
from pytest_gaia_parity.report.pack import chunk_starts, packed_all, packed_chunks
from pytest_gaia_parity.report.render import VERDICTS, asset, page_template, policy, static_values, summary_values
from pytest_gaia_parity.report.spool import Spool
from pytest_gaia_parity.report.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_gaia_parity.model.comparison import Comparison
    from pytest_gaia_parity.model.results import Results, Side
    from pytest_gaia_parity.report.sink import Evidence, Form

#: failing comparisons that are readable without scripts
_STATIC: Final = 200
#: bytes of spooled data above which a folder is written: they pack to about 25 MB
_FOLDER_ABOVE: Final = 90_000_000


class HtmlSink:
    """Writes the page. What it gets is spooled to disk at once; in memory stay sums and places.

    :param form: one file, a folder, or a folder only where one file would grow slow to open.
    """

    def __init__(self, path: Path, *, form: Form = "auto") -> None:
        self._path = path
        self._form = form
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
        if len(comparison.differences) > 1:
            comparison = errors_first(comparison)
        key = f"{ORDER.index(comparison.verdict)}{comparison.test}"
        index.add(key, encode_json(index_row(comparison, evidence)))
        details.add(key, encode_json(detail(comparison, evidence)))
        self._tally.add(comparison)
        if not comparison.verdict.passes:
            self._static.append((key, comparison))
            if len(self._static) > 2 * _STATIC:
                self._trim_static()

    def close(self, results: Results) -> str:
        """Write the page.

        :raises ReportError: it cannot be written.
        """
        index, details = self._spools()
        self._trim_static()
        is_folder = self._form == "folder" or (self._form == "auto" and details.size > _FOLDER_ABOVE)
        path = self._write_folder(results) if is_folder else self._write_single(results)
        index.close()
        details.close()
        return shown_path(path)

    def _write_single(self, results: Results) -> Path:
        index, details = self._spools()
        starts = chunk_starts(details)
        style, boot, script = (asset(name) for name in ("page.css", "boot.js", "page.js"))
        values = self._values(results, starts, is_folder=False) | {
            "style": Markup(style),  # noqa: S704 - our own files and our own base64
            "boot": Markup(boot),  # noqa: S704
            "script": Markup(script),  # noqa: S704
            "policy": policy(style, boot, script),
            "index": Markup(packed_all(index)),  # noqa: S704
            "chunks": (Markup(chunk) for chunk in packed_chunks(details, starts)),  # noqa: S704
        }
        _write(self._path, page_template().generate(values))
        return self._path

    def _write_folder(self, results: Results) -> Path:
        """Write a folder of the page's name, whole or not at all, and a page of that name that leads into it."""
        index, details = self._spools()
        starts = chunk_starts(details)
        folder = self._path.with_suffix("")
        partial = partial_of(folder)
        with ExitStack() as undo:
            undo.callback(shutil.rmtree, partial, ignore_errors=True)
            try:
                shutil.rmtree(partial, ignore_errors=True)
                (partial / "data").mkdir(parents=True)
                values = self._values(results, starts, is_folder=True) | {"policy": policy()}
                _write(partial / "index.html", page_template().generate(values))
                for name in ("page.css", "boot.js", "page.js"):
                    _write(partial / name, [asset(name)])
                _write(partial / "data" / "index.js", [_data_script("index", packed_all(index))])
                for number, chunk in enumerate(packed_chunks(details, starts)):
                    _write(partial / "data" / f"chunk-{number}.js", [_data_script(f"chunk-{number}", chunk)])
                shutil.rmtree(folder, ignore_errors=True)
                partial.rename(folder)
            except OSError as error:
                raise cannot_write(folder, error) from None
        script = f'location.replace("{folder.name}/index.html" + location.hash);\n'
        _write(self._path, [asset("moved.html").format(policy=policy("", script), folder=folder.name, script=script)])
        return folder / "index.html"

    def _values(self, results: Results, starts: list[int], *, is_folder: bool) -> dict[str, Any]:
        index, _ = self._spools()
        meta = {
            "baseline": results.baseline.name,
            "candidate": results.candidate.name,
            "verdicts": [[one.value, *VERDICTS[one]] for one in ORDER],
            "starts": starts,
            "count": len(index),
        }
        return summary_values(results, self._tally) | {
            "is_folder": is_folder,
            "failing": [static_values(one) for _, one in self._static],
            "meta": Markup(encode_json(meta).decode().replace("<", "\\u003c")),  # noqa: S704 - JSON cannot leave its script now
        }

    def _trim_static(self) -> None:
        """Keep the first in the order of the list, whatever order they come in."""
        self._static.sort(key=lambda item: item[0])
        del self._static[_STATIC:]

    def _spools(self) -> tuple[Spool, Spool]:
        if self._index is None or self._details is None:
            raise ValueError("the sink is not open")
        return self._index, self._details


def _write(path: Path, pieces: Iterator[str] | list[str]) -> None:
    with whole_file(path) as file:
        for piece in pieces:
            file.write(piece.encode("utf-8", "backslashreplace"))


def _data_script(name: str, packed: str) -> str:
    """Data as a classic script: neither file:// nor a strict policy lets a page read a file in another way."""
    return f'(self.gaiaParity ??= {{}})["{name}"] = "{packed}";\n'
