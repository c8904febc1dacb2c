"""What the redactor masks, where, and what stands there instead."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus, urlsplit

import pytest

from pytest_gaia_parity.redact import Redactor

SECRET = 'sk-Zk3/9+ä "xQ'
KEY = b"a key of the masks"


@pytest.fixture
def redactor() -> Redactor:
    return Redactor(
        {"API_KEY": SECRET, "LOG_FORMAT": "json", "PORT": "8000", "AUTH_SERVICE_URL": "http://auth:8000"}, key=KEY
    )


def mask_of(value: str) -> str:
    return Redactor({}, key=KEY).credential(value)


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(SECRET, id="plain"),
        pytest.param(quote(SECRET, safe=""), id="percent"),
        pytest.param(quote(SECRET, safe="/+"), id="percent, some characters kept"),
        pytest.param(quote(SECRET, safe="").replace("%2F", "%2f").replace("%C3", "%c3"), id="percent, cases mixed"),
        pytest.param(quote_plus(SECRET), id="form"),
        pytest.param(quote(quote(SECRET)), id="percent twice"),
        pytest.param(json.dumps(SECRET)[1:-1], id="JSON"),
        pytest.param(json.dumps(SECRET, ensure_ascii=False)[1:-1], id="JSON, not ASCII"),
        pytest.param(json.dumps(json.dumps(SECRET))[3:-3], id="JSON in JSON"),
        pytest.param("".join(f"\\u{ord(c):04X}" for c in SECRET), id="JSON, every character escaped"),
        pytest.param(SECRET.replace('"', "&quot;"), id="HTML"),
        pytest.param("".join(f"&#{ord(c)};" for c in SECRET), id="HTML, decimal"),
        pytest.param("".join(f"&#x{ord(c):X};" for c in SECRET), id="HTML, hexadecimal"),
    ],
)
def test_a_secret_in_any_escape_has_one_mask(redactor: Redactor, written: str) -> None:
    assert redactor.text(f"a {written} b") == f"a {mask_of(SECRET)} b"


@pytest.mark.parametrize("odd", ["\ud800", "\udfff and \ud800"])
def test_a_secret_beside_what_has_no_utf8_form_is_found(redactor: Redactor, odd: str) -> None:
    assert redactor.text(f"{odd} {SECRET}") == f"{odd} {mask_of(SECRET)}"
    assert redactor.text(f"{odd} password=abc12345") == f"{odd} password={mask_of('abc12345')}"
    assert redactor.value({odd: [SECRET]}) == {odd: [mask_of(SECRET)]}


@pytest.mark.parametrize("before", [0, 1, 2])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_is_found_at_each_alignment(redactor: Redactor, before: int, encode: object) -> None:
    assert callable(encode)
    masked = redactor.text(encode(b"x" * before + SECRET.encode() + b"yz").decode())
    assert f"{mask_of(SECRET)[:-1]}:base64" in masked
    # the characters beside it hold bits of its first and last byte
    rest = masked[: masked.index("[")] + masked[masked.index("]") + 1 :]
    assert len(rest) <= (before * 8) // 6 + len(b"yz") * 8 // 6 + 4


def test_hex_is_found_in_both_cases_and_said(redactor: Redactor) -> None:
    mask = mask_of(SECRET)[:-1]
    assert redactor.text(SECRET.encode().hex()) == f"{mask}:hex]"
    assert redactor.text(SECRET.encode().hex().upper()) == f"{mask}:HEX]"


def test_equal_secrets_have_equal_masks_and_other_keys_other_ones() -> None:
    one, other = (
        Redactor({"A": "hunter2-hunter2", "B": "correct horse"}, key=KEY),
        Redactor({"A": "hunter2-hunter2"}, key=b"other"),
    )
    assert one.text("hunter2-hunter2") == one.credential("hunter2-hunter2") != one.text("correct horse")
    assert one.text("hunter2-hunter2") != other.text("hunter2-hunter2")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        pytest.param('{"password": "%"}', '{"password": "@"}', id="JSON"),
        pytest.param('{"user": {"clientSecret":"%"}}', '{"user": {"clientSecret":"@"}}', id="nested, camel case"),
        pytest.param('{"stop_tokens": ["%", "%"]}', '{"stop_tokens": ["%", "%"]}', id="a name that is none"),
        pytest.param('{"tokens": ["%", "%"]}', '{"tokens": ["@", "@"]}', id="several"),
        pytest.param('"{\\"api_key\\": \\"%\\"}"', '"{\\"api_key\\": \\"@\\"}"', id="JSON in JSON"),
        pytest.param('data: {"token": "%"}\n\n', 'data: {"token": "@"}\n\n', id="an event"),
        pytest.param("user=ada&password=%&x=1", "user=ada&password=@&x=1", id="a form"),
        pytest.param("http://h/?access_token=%#id_token=%", "http://h/?access_token=@#id_token=@", id="a URL"),
        pytest.param(
            "<auth:password kind='x'>%</auth:password>", "<auth:password kind='x'>@</auth:password>", id="XML"
        ),
        pytest.param('<input name="csrf_token" value="%">', '<input name="csrf_token" value="@">', id="a form's field"),
        pytest.param("{'password': '%'}", "{'password': '@'}", id="Python"),
        pytest.param("login('ada', api_key='%')", "login('ada', api_key='@')", id="a call"),
        pytest.param("Authorization: Bearer %", "Authorization: Bearer @", id="a header in a log"),
        pytest.param(
            'form-data; name="password"\r\n\r\n%\r\n--x',
            'form-data; name="password"\r\n\r\n@\r\n--x',
            id="a part of a form",
        ),
    ],
)
def test_a_secret_name_masks_its_value(text: str, masked: str) -> None:
    redactor = Redactor({}, key=KEY)
    secret = "hunter2-hunter2"
    assert redactor.text(text.replace("%", secret)) == masked.replace("@", mask_of(secret)).replace("%", secret)


def test_user_information_of_a_url_is_masked(redactor: Redactor) -> None:
    mask = mask_of("ada:pw")[1:-1].replace(":", "-")
    assert redactor.url("http://ada:pw@h/x") == f"http://{mask}@h/x"
    assert redactor.text("cannot reach http://ada:pw@h/x") == f"cannot reach http://{mask}@h/x"
    assert urlsplit(redactor.url("http://ada:pw@h/x")).hostname == "h"


@pytest.mark.parametrize(
    "text",
    [
        '{"token_type": "bearer", "max_tokens": 4096, "tokens": 1234, "next_page_token": "eyJvZmZzZXQiOjEwfQ"}',
        '{"checks": {"secrets": "missing: API_KEY", "tokens": "ok"}, "missing_secrets": ["API_KEY"]}',
        '{"is_secret": true, "password": null, "session": {"id": 7}, "pin": 1}',
        "the password is wrong; a token: expired",
        "http://auth:8000/x?token_type=a",
        "application/json",
        "port 8000",
    ],
)
def test_what_is_no_secret_stays(redactor: Redactor, text: str) -> None:
    assert redactor.text(text) == text


def test_a_number_under_a_secret_name_leaves_valid_json(redactor: Redactor) -> None:
    assert json.loads(redactor.text('{"pin": 123456, "n": [1]}')) == {"pin": mask_of("123456"), "n": [1]}


def test_a_secret_of_digits_leaves_valid_json_and_longer_numbers_alone() -> None:
    redactor = Redactor({"ACCOUNT": "4200113377"}, key=KEY)
    text = redactor.text('{"account": 4200113377, "other": 142001133779, "says": "no 4200113377"}')
    assert json.loads(text) == {
        "account": mask_of("4200113377"), "other": 142001133779, "says": f"no {mask_of('4200113377')}",
    }  # fmt: skip


def test_the_payload_of_a_jwt_stays_comparable_and_its_signature_is_gone(redactor: Redactor) -> None:
    signature = "c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmUtMTI"
    token = f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.{signature}"
    expected = f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.{mask_of(signature)}"
    assert redactor.text(json.dumps({"access_token": token})) == json.dumps({"access_token": expected})
    assert redactor.headers((("Authorization", f"Bearer {token}"),)) == (("Authorization", f"Bearer {expected}"),)
    assert mask_of(signature).endswith(":b64url43]")


def test_headers_of_credentials_and_cookies_are_masked_whole(redactor: Redactor) -> None:
    masked = dict(
        redactor.headers(
            (("X-Api-Key", "hunter2"), ("Cookie", "a=hunter2; b=hunter3"), ("Set-Cookie", "sid=hunter2; Path=/; HttpOnly"),
             ("Location", "/x?token=hunter2"), ("Content-Type", "application/json"))
        )
    )  # fmt: skip
    assert masked == {
        "X-Api-Key": mask_of("hunter2"),
        "Cookie": f"a={mask_of('hunter2')}; b={mask_of('hunter3')}",
        "Set-Cookie": f"sid={mask_of('hunter2')}; Path=/; HttpOnly",
        "Location": f"/x?token={mask_of('hunter2')}",
        "Content-Type": "application/json",
    }


def test_the_password_of_a_database_is_looked_for_alone() -> None:
    redactor = Redactor({"DATABASE_URL": "postgres://gaia:s3cr%40t-pw@db:5432/gaia"}, key=KEY)
    assert "s3cr" not in redactor.text("FATAL: password 's3cr@t-pw' for gaia, given as s3cr%40t-pw")


def test_encodings_within_encodings_mask_the_whole_text(redactor: Redactor) -> None:
    twice = quote(base64.b64encode(quote(SECRET, safe="").encode()).decode(), safe="")
    once = base64.b64encode(SECRET.encode()).decode().replace("=", "%3D")
    assert redactor.text(f"a={once}").startswith(f"a={mask_of(SECRET)[:-1]}:base64]")
    assert twice  # base64 of an escaped text is another text: the limits are said in the documentation


def test_bytes_that_are_no_text_are_masked(redactor: Redactor) -> None:
    masked = redactor.data(b"\xff\xfe" + SECRET.encode() + b"\x00")
    assert masked == b"\xff\xfe" + mask_of(SECRET).encode() + b"\x00"
    assert redactor.data(b"\xff\xfe\x00") == b"\xff\xfe\x00"


def test_json_data_is_masked_with_its_keys(redactor: Redactor) -> None:
    data = {"rows": [{"token": "abc", "n": 1}], SECRET: SECRET, "pin": 12345, "tokens": ["x"]}
    assert redactor.value(data) == {
        "rows": [{"token": mask_of("abc"), "n": 1}],
        mask_of(SECRET): mask_of(SECRET),
        "pin": mask_of("12345"),
        "tokens": [mask_of("x")],
    }


def test_masking_twice_changes_nothing(redactor: Redactor) -> None:
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
    once = redactor.text(
        f'{{"token": "abc", "id_token": "{jwt}", "x": "{SECRET[:3]}", "url": "http://u:p@h/"}} {SECRET}'
    )
    assert redactor.text(once) == once


def test_names_of_missing_secrets_are_no_secrets() -> None:
    """A health body tells them, and the cause is named by them."""
    checks = {"secrets": "missing: ANTHROPIC_API_KEY, OPENAI_API_KEY"}
    redactor = Redactor({}, key=b"k" * 32)
    assert redactor.value(checks) == checks
    assert redactor.value({"secrets": "missing: hunter2"}) != {"secrets": "missing: hunter2"}


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("sk-live-1234567890", True),
        ("a sk-live-1234567890 b", True),
        (quote("s/k+live 12345"), True),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl", True),
        ("eu-west-1", False),
        ("gaia-gateway-dev", False),
        ("password=short", False),
        ("Bearer of bad news", False),
    ],
)
def test_a_name_holds_a_secret_where_it_is_no_word(name: str, holds: bool) -> None:
    values = {"KEY": "sk-live-1234567890", "OTHER": "s/k+live 12345", "REGION": "eu-west-1", "APP": "gaia-gateway-dev"}
    assert Redactor(values, key=KEY).names_a_secret(name) is holds
