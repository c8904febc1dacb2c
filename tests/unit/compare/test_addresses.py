from __future__ import annotations

import pytest

from pytest_gaia_parity.compare.addresses import Addresses
from pytest_gaia_parity.model.recording import Header, ServiceFacts

OWN = Addresses(Header(target="local", services={"api": ServiceFacts(url="http://api:8000")}))


@pytest.mark.parametrize(
    ("text", "neutral"),
    [
        pytest.param("see http://api:8000/x", "see {api}/x", id="in a text"),
        pytest.param("next=http%3A%2F%2Fapi%3A8000%2Fcb", "next={api}%2Fcb", id="percent-encoded"),
        pytest.param("next=http%3a%2f%2fapi%3a8000", "next={api}", id="percent-encoded in lower case"),
        pytest.param("HTTP://API:8000", "{api}", id="in capitals"),
        pytest.param("http://api:80001", "http://api:80001", id="another port"),
        pytest.param("http://my-api:8000", "http://my-api:8000", id="another host"),
    ],
)
def test_a_sides_own_addresses_become_the_service(text: str, neutral: str) -> None:
    assert OWN.neutral(text) == neutral
