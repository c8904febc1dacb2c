"""What flyctl's failures mean, and that they tell no secret."""

from __future__ import annotations

import pytest

from pytest_gaia_parity.adapters.fly_errors import FlyFailure, fly_error
from pytest_gaia_parity.adapters.process import Command, Outcome


def outcome(err: str = "", *, code: int = 1, ended: str = "") -> Outcome:
    command = Command(argv=("fly", "secrets", "import", "--app", "gaia"), timeout=5)
    return Outcome(command=command, code=code, stdout=b"", stderr=err.encode(), ended=ended)


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        ("Error: no access token available. Please login with 'flyctl auth login'", FlyFailure.NO_TOKEN),
        ("Error: No access token available.", FlyFailure.NO_TOKEN),
        ("Error: failed to fetch discharge tokens: tp error (401): unauthorized", FlyFailure.NO_ACCESS),
        ('Error: failed to run query ($a: B!) { app }: Could not find App "x"', FlyFailure.NO_APP),
        ("Error: Could not resolve App", FlyFailure.NO_APP),
        ('Error: failed to fetch an image or build from source: could not find image "r"', FlyFailure.NO_IMAGE),
        ("Error: machine ID 1 lease currently held by ada@tokens.fly.io, expires at T", FlyFailure.LEASE),
        ("Error: no machines available to deploy", FlyFailure.NO_MACHINES),
        ("Error: smoke checks for 1 failed: the app appears to be crashing", FlyFailure.CRASHED),
        ("Error: timeout reached waiting for health checks to pass for machine 1", FlyFailure.UNHEALTHY),
        ("Error: server returned a non-200 status code: 429", FlyFailure.TRANSIENT),
        ("Error: Post https://x: unexpected EOF", FlyFailure.TRANSIENT),
        ("Error: dial tcp: lookup api.fly.io: no such host", FlyFailure.TRANSIENT),
        ("Error: unknown flag: --x", FlyFailure.OTHER),
    ],
)
def test_failures_are_told_apart(said: str, failure: FlyFailure) -> None:
    assert fly_error(outcome(said), command="fly secrets import", app="gaia", mask=str).failure is failure


def test_the_hint_names_the_app() -> None:
    assert (
        "fly logs -a gaia"
        in fly_error(
            outcome("Error: the app appears to be crashing"), command="fly secrets import", app="gaia", mask=str
        ).hint
    )


def test_a_time_out_and_an_interruption_are_no_failures_of_the_command() -> None:
    assert (
        fly_error(outcome(ended="timeout"), command="fly secrets import", app="", mask=str).failure
        is FlyFailure.TIMEOUT
    )
    assert (
        fly_error(outcome(code=127), command="fly secrets import", app="", mask=str).failure is FlyFailure.INTERRUPTED
    )


def test_an_echoed_line_is_not_told() -> None:
    said = "Error: Failed to parse: Secrets must be provided as NAME=VALUE pairs (A hunter2 is invalid)"
    assert "hunter2" not in str(fly_error(outcome(said), command="fly secrets import", app="gaia", mask=str))


def test_an_echoed_query_is_left_out() -> None:
    said = 'Error: failed to run query ($n: String!) { app(name: $n) { id } }: Could not find App "x"'
    assert "$n" not in str(fly_error(outcome(said), command="fly secrets import", app="gaia", mask=str))


def test_silence_is_told() -> None:
    assert "it said nothing" in str(fly_error(outcome(), command="fly secrets import", app="gaia", mask=str))
