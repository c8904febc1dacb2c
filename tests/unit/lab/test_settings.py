from __future__ import annotations

import datetime as dt
import time

from pytest_gaia_parity.lab.settings import REQUIRED, Settings


def test_settings_come_from_the_given_environment_alone() -> None:
    settings = Settings.from_env("auth", {})
    assert settings.missing == REQUIRED["auth"]
    assert settings.urls["asset"] == "http://asset:8000"


def test_an_empty_variable_is_missing() -> None:
    env = dict.fromkeys(REQUIRED["asset"], "x") | {"OPENAI_API_KEY": ""}
    assert Settings.from_env("asset", env).missing == ("OPENAI_API_KEY",)


def test_service_urls_come_without_a_trailing_slash() -> None:
    env = {"CHAT_SERVICE_URL": "http://gaia-chat-dev.internal:8000/"}
    assert Settings.from_env("gateway", env).urls["chat"] == "http://gaia-chat-dev.internal:8000"


def test_hosts_lead_names_to_addresses() -> None:
    settings = Settings.from_env("gateway", {"LAB_HOSTS": '{"auth:8000": ["::1", 4242]}'})
    assert settings.hosts == {"auth:8000": ("::1", 4242)}


def test_the_clock_runs_ahead_by_the_offset() -> None:
    settings = Settings.from_env("auth", {"LAB_CLOCK_OFFSET": "600"})
    assert settings.now() - time.time() > 599
    ahead = dt.datetime.fromisoformat(settings.timestamp()) - dt.datetime.now(tz=dt.UTC)
    assert ahead > dt.timedelta(seconds=598)


def test_timestamps_are_in_utc_with_milliseconds() -> None:
    text = Settings.from_env("auth", {}).timestamp()
    assert len(text) == len("2026-11-23T13:30:32.841Z")
    assert text.endswith("Z")
