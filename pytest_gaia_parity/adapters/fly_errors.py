"""What flyctl's failures mean: its exit code says only that something failed, so its words are read."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from pytest_gaia_parity.errors import CommandError

if TYPE_CHECKING:
    from pytest_gaia_parity.adapters.process import Mask, Outcome


class FlyFailure(StrEnum):
    """Kinds of failure, told apart by what can be done about them."""

    NO_TOKEN = "no-token"  # noqa: S105 - the name of a failure
    NO_ACCESS = "no-access"
    NO_APP = "no-app"
    NO_IMAGE = "no-image"
    LEASE = "lease-held"
    NO_MACHINES = "no-machines"
    UNHEALTHY = "unhealthy"
    CRASHED = "crashed"
    TRANSIENT = "transient"
    TIMEOUT = "timeout"
    INTERRUPTED = "interrupted"
    OTHER = "other"


_TABLE: tuple[tuple[FlyFailure, str, str], ...] = (
    (
        FlyFailure.NO_TOKEN,
        r"no access token available|not logged in",
        "export FLY_API_TOKEN, or run: fly auth login",
    ),
    (
        FlyFailure.NO_ACCESS,
        r"failed to fetch discharge tokens|\b401\b|\b403\b|unauthorized|not authorized|forbidden|token validation",
        "the token has expired or is for other apps: fly tokens create deploy -a APP",
    ),
    (
        FlyFailure.NO_APP,
        r"Could not (?:find|resolve) App|could not be found, did you create the app|app not found",
        "no such app, or the token has no access to it (fly says the same): fly apps list",
    ),
    (
        FlyFailure.NO_IMAGE,
        r"could not find image|failed to fetch an image|manifest unknown|MANIFEST_UNKNOWN",
        "the image is gone from the registry, or the token may not read it: build again, or deploy another with --image",
    ),
    (
        FlyFailure.LEASE,
        r"lease currently held|failed to acquire lease|lease .*(?:conflict|held)",
        "another deploy holds the machines; a killed one lets go after 13 s: run it again",
    ),
    (FlyFailure.NO_MACHINES, r"no machines available to deploy", "the app has never been deployed: gaia-parity deploy"),
    (
        FlyFailure.CRASHED,
        r"smoke checks for .* failed|appears to be crashing",
        "the service ends by itself: fly logs -a APP",
    ),
    (
        FlyFailure.UNHEALTHY,
        r"timeout reached waiting for (?:health checks|machine's state)|to become healthy",
        "the checks do not pass: fly checks list -a APP, fly logs -a APP",
    ),
    (
        FlyFailure.TRANSIENT,
        (
            r"\b(?:408|429|500|502|503|504)\b|too many requests|rate limit|connection reset by peer|connection refused"
            r"|network is unreachable|temporary failure in name resolution|no such host|deadline.exceeded|i/o timeout|\beof\b"
        ),
        "Fly's API is out of order or limits us: run it again in a minute",
    ),
)


class FlyError(CommandError):
    """flyctl failed; *failure* says how."""

    def __init__(self, message: str, *, failure: FlyFailure, hint: str = "", outcome: Outcome | None = None) -> None:
        super().__init__(message, hint=hint)
        self.failure = failure
        self.outcome = outcome


def fly_error(outcome: Outcome, *, command: str, app: str, mask: Mask) -> FlyError:
    """Turn a failed command into an error without secrets."""
    # progress speaks of health too: only the error itself tells what failed
    error = _last_error(outcome.err) or _last_error(outcome.out)
    said = _without_echo(mask(error))
    if outcome.ended == "timeout":
        return FlyError(
            f"'{command}' did not end within {outcome.command.timeout:g} s",
            failure=FlyFailure.TIMEOUT,
            hint="what it began may be done: gaia-parity status shows it; run it again to complete it",
            outcome=outcome,
        )
    if outcome.ended or outcome.code in {127, -2, -15}:
        return FlyError(f"'{command}' was interrupted", failure=FlyFailure.INTERRUPTED, outcome=outcome)
    failure, hint = _classified(error)
    return FlyError(
        f"'{command}' failed with exit code {outcome.code}: {said or 'it said nothing'}",
        failure=failure,
        hint=hint.replace("APP", app) if app else hint,
        outcome=outcome,
    )


def _classified(text: str) -> tuple[FlyFailure, str]:
    for failure, pattern, hint in _TABLE:
        if re.search(pattern, text, re.IGNORECASE):
            return failure, hint
    return FlyFailure.OTHER, ""


def _last_error(text: str) -> str:
    """The part after the last `Error: `, else the last line."""
    before, found, after = text.rpartition("Error: ")
    if found:
        return after.strip()
    lines = before.strip() or after.strip()
    return lines.rpartition("\n")[2]


def _without_echo(text: str) -> str:
    """`import` echoes a malformed line as it is, and queries are echoed whole."""
    text = re.sub(r"(NAME=VALUE pairs) \(.*? is invalid\)", r"\1 (a line is invalid)", text, flags=re.DOTALL)
    return re.sub(r"failed to run query .*: (?=[^:]*$)", "", text, flags=re.DOTALL)
