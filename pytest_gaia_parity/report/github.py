"""What GitHub shows of a run beside its log: a step summary and annotations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pytest_gaia_parity.model.comparison import Severity, Verdict
from pytest_gaia_parity.report.plain import pair_text, visible
from pytest_gaia_parity.report.tally import Tally
from pytest_gaia_parity.report.terminal import closing_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pytest_gaia_parity.model.comparison import Comparison
    from pytest_gaia_parity.model.results import Results, Side
    from pytest_gaia_parity.report.sink import Evidence
    from pytest_gaia_parity.report.tally import FieldGroup

#: GitHub drops a step's summary as a whole above 1 MiB, and several steps share one page
_BYTES: Final = 128 * 1024
_ROWS: Final = 200
#: GitHub shows ten errors of a step; one is kept for the sum
_ANNOTATIONS: Final = 9

_PLAIN = re.compile(r"[^\w ./,=-]", re.ASCII)


class StepSummarySink:
    """Appends the summary of a run to the file that GitHub names."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tally = Tally()

    def open(self, baseline: Side, candidate: Side) -> None:
        """Begin; the sides come again with the results."""

    def write(self, comparison: Comparison, evidence: Evidence) -> None:  # noqa: ARG002 - a summary holds no bodies
        """Count one comparison."""
        self._tally.add(comparison)

    def close(self, results: Results) -> str:
        """Append the summary; returns nothing to show, for the file is GitHub's own."""
        # other steps and tools write there too: append, and never fail a run for it
        try:
            with self._path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(summary_markdown(results, self._tally))
        except OSError:
            return ""
        return ""


def summary_markdown(results: Results, tally: Tally) -> str:
    """Render the summary: totals first, then causes, fields, endpoints, as much as has room."""
    text = ""
    left = _BYTES
    blocks = [*_totals(results, tally), *_causes(results, tally), *_fields(tally), *_others(tally), *_endpoints(tally)]
    for number, block in enumerate(blocks):
        size = len(block.encode("utf-8", "backslashreplace"))
        if size > left - 200:
            text += f"\n…and {len(blocks) - number} more lines, in the report\n"
            break
        text += block
        left -= size
    return text


def annotation_lines(results: Results, tally: Tally) -> list[str]:
    """Render workflow commands: the sum, then one error for each field that differs."""
    if results.interrupted or not _fails(tally):
        return []
    closing = closing_text(results, tally.summary)
    lines = [f"::error title={_property('parity')}::{_data(closing)}"]
    groups = [group for group in tally.fields if group.severity is Severity.ERROR]
    lines.extend(_annotation(group) for group in groups[:_ANNOTATIONS])
    for verdict, other in tally.others[: max(0, _ANNOTATIONS - len(groups))]:
        file = _property(other.tests[0].partition("::")[0])
        lines.append(
            f"::error file={file},title={_property(verdict.value)}::{_data(other.cause.says or other.tests[0])}"
        )
    return lines


def _annotation(group: FieldGroup) -> str:
    test, difference = group.examples[0]
    file = _property(test.partition("::")[0])
    values = pair_text(difference.baseline, difference.candidate)
    message = f"{group.path}: {values} ({difference.kind.value} in {group.comparisons} comparisons, as {test})"
    return f"::error file={file},title={_property(f'parity: {group.path}')}::{_data(message)}"


def _fails(tally: Tally) -> bool:
    return any(count for verdict, count in tally.summary.items() if not Verdict(verdict).passes)


def _totals(results: Results, tally: Tally) -> Iterator[str]:
    yield f"## {_text(closing_text(results, tally.summary))}\n\n"
    yield "| verdict | comparisons |\n| --- | ---: |\n"
    for verdict in Verdict:
        if count := tally.summary[verdict.value]:
            yield f"| {verdict.value} | {count} |\n"
    yield "\n"
    for note in results.notes:
        yield f"- {_text(note)}\n"


def _causes(results: Results, tally: Tally) -> Iterator[str]:
    causes = dict.fromkeys((*results.causes, *(group.cause for group in tally.causes)))
    if causes:
        yield "\n### Why\n\n"
    for cause in list(causes)[:_ROWS]:
        yield f"- **{_text(cause.says)}**: {_code(cause.hint)}\n" if cause.hint else f"- **{_text(cause.says)}**\n"


def _fields(tally: Tally) -> Iterator[str]:
    if not tally.fields:
        return
    yield "\n### Fields that differ\n\n| field | comparisons | how | example | test |\n| --- | ---: | --- | --- | --- |\n"
    for group in tally.fields[:_ROWS]:
        test, difference = group.examples[0]
        how = ", ".join(sorted(group.kinds)) + (" (note)" if group.severity is Severity.NOTE else "")
        values = pair_text(difference.baseline, difference.candidate, width=100)
        yield f"| {_code(group.path)} | {group.comparisons} | {how} | {_code(values)} | {_code(test)} |\n"
    yield from _rest(len(tally.fields), "fields")


def _others(tally: Tally) -> Iterator[str]:
    if not tally.others:
        return
    yield "\n### Failed without a difference\n\n| verdict | comparisons | reason | test |\n| --- | ---: | --- | --- |\n"
    for verdict, group in tally.others[:_ROWS]:
        yield f"| {verdict.value} | {group.comparisons} | {_text(group.cause.says[:500])} | {_code(group.tests[0])} |\n"
    yield from _rest(len(tally.others), "reasons")


def _endpoints(tally: Tally) -> Iterator[str]:
    differing = [endpoint for endpoint in tally.endpoints if endpoint.differing]
    if not differing:
        return
    yield "\n### Endpoints that differ\n\n| endpoint | differing | comparisons |\n| --- | ---: | ---: |\n"
    for endpoint in differing[:_ROWS]:
        yield f"| {_code(endpoint.name)} | {endpoint.differing} | {endpoint.comparisons} |\n"
    yield from _rest(len(differing), "endpoints")


def _rest(count: int, noun: str) -> Iterable[str]:
    return [f"\n…and {count - _ROWS} more {noun}, in the report\n"] if count > _ROWS else []


def _text(text: str) -> str:
    """Escape for Markdown by making every sign that could mean something a character reference."""
    return _PLAIN.sub(lambda match: f"&#{ord(match[0])};" if match[0].isascii() else match[0], visible(text))


def _code(text: str) -> str:
    return f"<code>{_text(text)}</code>"


def _data(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
