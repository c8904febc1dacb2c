"""What the page shows before any script runs: the verdict, fields, endpoints, causes, sides, the first mismatches."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, StrictUndefined, Template

from pytest_gaia_parity.model.comparison import Severity, Verdict
from pytest_gaia_parity.report.details import ORDER
from pytest_gaia_parity.report.plain import fragment, pair_text, visible
from pytest_gaia_parity.report.tally import can_be_ignored
from pytest_gaia_parity.report.terminal import closing_text

if TYPE_CHECKING:
    from pytest_gaia_parity.model.comparison import Comparison
    from pytest_gaia_parity.model.results import Results
    from pytest_gaia_parity.report.tally import FieldGroup, Tally

#: rows of the tables of fields and endpoints
_TABLE: Final = 200
VERDICTS: Final = {
    Verdict.MATCH: ("=", "match"),
    Verdict.MISMATCH: ("≠", "mismatch"),
    Verdict.UNSTABLE: ("~", "unstable"),
    Verdict.BOTH_FAILED: ("✗", "both failed"),
    Verdict.MISSING: ("?", "missing"),
    Verdict.SKIPPED: ("-", "skipped"),
}


def page_template() -> Template:
    """The skeleton; whatever is put into it is escaped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["visible"] = visible
    environment.globals["fragment"] = fragment
    return environment.from_string(asset("template.html"))


def asset(name: str) -> str:
    """A file of the page folder."""
    return files("pytest_gaia_parity.report").joinpath("page", name).read_text(encoding="utf-8")


def policy(style: str = "", *scripts: str) -> str:
    """A Content-Security-Policy that runs exactly our own scripts and style and loads nothing; without them, files beside the page."""
    runs = " ".join(f"'{_sha256(script)}'" for script in scripts) or "'self'"
    looks = f"'{_sha256(style)}'" if style or scripts else "'self'"
    return f"default-src 'none'; script-src {runs}; style-src {looks}; base-uri 'none'; form-action 'none'"


def _sha256(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def summary_values(results: Results, tally: Tally) -> dict[str, Any]:
    """What the template shows above the list, all of it readable without scripts."""
    failing = sum(count for verdict, count in tally.summary.items() if not Verdict(verdict).passes)
    compared = sum(tally.summary.values())
    differing = [one for one in tally.endpoints if one.differing]
    alike = [one for one in tally.endpoints if not one.differing]
    causes = dict.fromkeys(results.causes, 0) | {group.cause: group.comparisons for group in tally.causes}
    return {
        "baseline": results.baseline,
        "candidate": results.candidate,
        "title": closing_text(results, tally.summary),
        "is_parity": not failing and not results.interrupted and tally.summary[Verdict.MATCH.value] > 0,
        "interrupted": results.interrupted,
        "failing_count": failing,
        "compared": compared,
        "new": tally.new,
        "counts": [(one.value, *VERDICTS[one], tally.summary[one.value]) for one in ORDER],
        "notes": results.notes,
        "causes": list(causes.items()),
        "fields": [_field(group) for group in tally.fields[:_TABLE]],
        "more_fields": max(0, len(tally.fields) - _TABLE) + tally.ungrouped,
        "endpoints": differing[:_TABLE],
        "alike_endpoints": alike[:_TABLE],
        "more_endpoints": len(differing[_TABLE:]) + len(alike[_TABLE:]),
        "services": sorted({*results.baseline.services, *results.candidate.services}),
    }


def _field(group: FieldGroup) -> dict[str, Any]:
    return {
        "path": group.path,
        "comparisons": group.comparisons,
        "places": group.places,
        "new": group.new,
        "rule": any(map(can_be_ignored, group.kinds)),
        "kinds": sorted(group.kinds),
        "note": group.severity is Severity.NOTE,
        "endpoints": sorted(group.endpoints.items(), key=lambda item: (-item[1], item[0])),
        "examples": [(test, pair_text(one.baseline, one.candidate, width=120)) for test, one in group.examples],
    }


def static_values(comparison: Comparison) -> dict[str, Any]:
    """A comparison as it is readable without scripts."""
    return {
        "comparison": comparison,
        "sign": VERDICTS[comparison.verdict][0],
        "word": VERDICTS[comparison.verdict][1],
        "differences": [
            (one, pair_text(one.baseline, one.candidate, width=200)) for one in comparison.differences[:10]
        ],
        "more": max(0, len(comparison.differences) - 10),
    }
