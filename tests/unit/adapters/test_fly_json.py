"""flyctl's JSON becomes typed values, in every shape that is in the wild."""

from __future__ import annotations

import pytest

from pytest_gaia_parity.adapters.fly_json import ImageRef, Machine, Release, Version, decode, decode_secrets
from pytest_gaia_parity.errors import CommandError


@pytest.mark.parametrize(
    ("output", "digest", "status"),
    [
        (b'[{"name": "A", "digest": "0123", "status": "Staged"}]', "0123", "Staged"),
        (b'[{"name": "A", "digest": "", "status": "Unknown"}]', "", "Unknown"),
        (b'[{"name": "A", "digest": "0123"}]', "0123", ""),
        (b'[{"name": "A"}]', "", ""),
        (b'[{"Name": "A", "Digest": "0123", "CreatedAt": "2021-01-01T00:00:00Z"}]', "0123", ""),
    ],
    ids=["new", "new, no digest", "middle", "middle, no digest", "old"],
)
def test_secrets_of_each_era(output: bytes, digest: str, status: str) -> None:
    (secret,) = decode_secrets(output, said_by="fly secrets list")
    assert (secret.name, secret.digest, secret.status) == ("A", digest, status)


@pytest.mark.parametrize("output", [b"[]", b"null", b""])
def test_no_secrets(output: bytes) -> None:
    assert decode_secrets(output, said_by="fly secrets list") == ()


@pytest.mark.parametrize("output", [b"{}", b'[{"id": 1}]', b"Error", b"[1]"])
def test_an_unknown_shape_names_the_command(output: bytes) -> None:
    with pytest.raises(CommandError, match="'fly secrets list' answered in a shape that is not known"):
        decode_secrets(output, said_by="fly secrets list")


def test_a_machine_on_a_bad_host_has_its_incomplete_configuration() -> None:
    output = b"""{"id": "1", "state": "started", "host_status": "unreachable", "cordoned": false, "image_ref": {},
        "incomplete_config": {"metadata": {"fly_release_version": "7", "fly_process_group": "app"}}}"""
    machine = decode(output, Machine, said_by="fly")
    assert (machine.release, machine.is_serving_kind, machine.settings.check_count) == (7, True, 0)


def test_machines_of_release_commands_and_destroyed_ones_do_not_serve() -> None:
    command = (
        b'{"id": "1", "state": "stopped", "config": {"metadata": {"fly_process_group": "fly_app_release_command"}}}'
    )
    assert not decode(command, Machine, said_by="fly").is_serving_kind
    assert not decode(b'{"id": "1", "state": "destroyed"}', Machine, said_by="fly").is_serving_kind


def test_checks_of_services_count_too() -> None:
    output = b'{"id": "1", "config": {"checks": {"a": {}}, "services": [{"checks": [{}, {}]}, {}]}}'
    assert decode(output, Machine, said_by="fly").settings.check_count == 3


@pytest.mark.parametrize(
    ("ref", "exact"),
    [
        (ImageRef(), ""),
        (ImageRef(registry="r", repository="a", tag="t"), "r/a:t"),
        (ImageRef(registry="r", repository="a", tag="t", digest="sha256:1"), "r/a@sha256:1"),
        (ImageRef(repository="a"), "a"),
    ],
)
def test_an_image_is_named_as_exactly_as_is_known(ref: ImageRef, exact: str) -> None:
    assert ref.exact == exact


def test_a_release_has_gos_field_names() -> None:
    release = decode(b'{"ID": "r", "Version": 3, "Status": "complete", "ImageRef": "i"}', Release, said_by="fly")
    assert (release.id, release.version, release.is_complete, release.image_ref) == ("r", 3, True, "i")


@pytest.mark.parametrize(
    ("version", "number"),
    [("0.4.87", (0, 4, 87)), ("v0.3.1-pre-2", (0, 3, 1)), ("2026.8.1-dev", (2026, 8, 1)), ("dev", ())],
)
def test_versions_can_be_compared(version: str, number: tuple[int, ...]) -> None:
    assert Version(version=version).number == number
