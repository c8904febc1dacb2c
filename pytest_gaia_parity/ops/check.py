"""The result of one deployment check, and how many of them are told: lines, JSON, JUnit, exit code."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from pytest_gaia_parity.errors import EXIT_DIFFERENT, EXIT_PARITY, EXIT_UNREACHABLE

if TYPE_CHECKING:
    from collections.abc import Sequence


class CheckStatus(StrEnum):
    """How a check came out."""

    OK = "ok"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    #: it could not be made here; *says* has the reason
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was checked of one service."""

    service: str
    name: str
    status: CheckStatus
    says: str = ""
    hint: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether a deployment must not pass with it."""
        return self.status in {CheckStatus.FAILED, CheckStatus.UNREACHABLE}


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes checks of one service."""

    service: str

    def ok(self, name: str, says: str = "") -> Check:
        """A check that holds."""
        return Check(service=self.service, name=name, status=CheckStatus.OK, says=says)

    def bad(self, name: str, says: str, hint: str = "") -> Check:
        """A check that fails."""
        return Check(service=self.service, name=name, status=CheckStatus.FAILED, says=says, hint=hint)

    def unreachable(self, name: str, says: str, hint: str = "") -> Check:
        """A check of what could not be asked."""
        return Check(service=self.service, name=name, status=CheckStatus.UNREACHABLE, says=says, hint=hint)

    def skipped(self, name: str, says: str) -> Check:
        """A check that could not be made here."""
        return Check(service=self.service, name=name, status=CheckStatus.SKIPPED, says=says)


_SIGNS = {CheckStatus.OK: "✔", CheckStatus.FAILED: "✖", CheckStatus.UNREACHABLE: "✖", CheckStatus.SKIPPED: "·"}


def check_lines(target: str, checks: Sequence[Check]) -> list[str]:
    """A table for people, and one closing line."""
    rows = [(f"{_SIGNS[one.status]} {one.service}", one.name, one.status, one.says) for one in checks]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    lines = []
    for row, one in zip(rows, checks, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join([*cells, row[3]]).rstrip())
        if one.is_bad and one.hint:
            lines.append(f"    hint: {one.hint}")
    counts = {status: sum(one.status is status for one in checks) for status in CheckStatus}
    told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    return [*lines, f"verify {target}: {told or 'nothing to check'}"]


def check_json(target: str, checks: Sequence[Check]) -> str:
    """The checks as JSON."""
    return json.dumps({"schema": 1, "target": target, "checks": [asdict(one) for one in checks]}, indent=2)


def check_junit(target: str, checks: Sequence[Check]) -> bytes:
    """The checks as JUnit XML, a test case each."""
    bad = sum(one.is_bad for one in checks)
    skipped = sum(one.status is CheckStatus.SKIPPED for one in checks)
    suite = ET.Element(
        "testsuite",
        name=f"verify {target}",
        tests=str(len(checks)),
        failures=str(bad),
        skipped=str(skipped),
        errors="0",
    )
    for one in checks:
        case = ET.SubElement(suite, "testcase", classname=f"{target}.{one.service}", name=one.name)
        if one.is_bad:
            ET.SubElement(case, "failure", message=one.says, type=one.status).text = one.hint
        elif one.status is CheckStatus.SKIPPED:
            ET.SubElement(case, "skipped", message=one.says)
    content: bytes = ET.tostring(suite, encoding="utf-8", xml_declaration=True)
    return content


def exit_code_of(checks: Sequence[Check]) -> int:
    """0 all good, 1 a check failed, 69 nothing failed but something could not be reached."""
    if any(one.status is CheckStatus.FAILED for one in checks):
        return EXIT_DIFFERENT
    return EXIT_UNREACHABLE if any(one.is_bad for one in checks) else EXIT_PARITY
