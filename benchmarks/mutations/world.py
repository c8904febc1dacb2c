"""One run of one environment: where ids, times, tokens and orders come from."""

from __future__ import annotations

import base64
import datetime as dt
import json
import random
import uuid
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.model.exchange import Body, Exchange, Request, Response, Timings
from pytest_gaia_parity.model.recording import Header, ServiceFacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

URLS = {
    "local": {"api": "http://api:8000", "auth": "http://auth:8000"},
    "dev": {"api": "http://gaia-api-dev.internal:8000", "auth": "http://gaia-auth-dev.internal:8000"},
}
LETTERS = "abcdefghijklmnopqrstuvwxyz"
ALPHANUMERIC = LETTERS + LETTERS.upper() + "0123456789"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def header(environment: str) -> Header:
    """The first line of a recording of an environment."""
    services = {name: ServiceFacts(url=url) for name, url in URLS[environment].items()}
    return Header(target=environment, runs=2, services=services)


class World:
    """Values as a service makes them.

    `fresh` differs in every run, `fixed` is of the environment (its own rows and users), `shared` is the same everywhere.
    """

    def __init__(self, environment: str, run: int, seed: int) -> None:
        self.environment = environment
        self.run = run
        self.fresh = random.Random(f"{seed}/{environment}/{run}")
        self.fixed = random.Random(f"{seed}/{environment}")
        self.shared = random.Random(f"{seed}")
        day = {"local": 3, "dev": 9}[environment]
        self._now = dt.datetime(2026, 3, day, 9, run, 13, 500, tzinfo=dt.UTC) + dt.timedelta(
            seconds=self.fresh.randrange(50), microseconds=self.fresh.randrange(1, 999_999)
        )
        self._born = dt.datetime(2025, 11, day, 8, 3, 1, tzinfo=dt.UTC) + dt.timedelta(
            seconds=self.fixed.randrange(90_000), microseconds=self.fixed.randrange(1, 999_999)
        )

    def url(self, service: str = "api") -> str:
        """The address of a service of this environment."""
        return URLS[self.environment][service]

    def now(self, shift: float = 0) -> dt.datetime:
        """The time of this run."""
        return self._now + dt.timedelta(seconds=shift)

    def born(self, shift: float = 0) -> dt.datetime:
        """When the rows of this environment were made."""
        return self._born + dt.timedelta(seconds=shift)

    def uuid(self, source: random.Random | None = None) -> str:
        """A random uuid."""
        return str(uuid.UUID(int=(source or self.fresh).getrandbits(128), version=4))

    def hex(self, length: int, source: random.Random | None = None) -> str:
        """Digits of a digest."""
        return "".join((source or self.fresh).choices("0123456789abcdef", k=length))

    def token(self, length: int, source: random.Random | None = None, alphabet: str = ALPHANUMERIC) -> str:
        """An opaque token."""
        return "".join((source or self.fresh).choices(alphabet, k=length))

    def ulid(self, source: random.Random | None = None) -> str:
        """A ulid of this time."""
        return "01J" + self.token(23, source, CROCKFORD)

    def base64(self, size: int, source: random.Random | None = None) -> str:
        """Random bytes in base64."""
        return base64.b64encode((source or self.fresh).randbytes(size)).decode()

    def shuffled(self, items: Iterable[Any]) -> list[Any]:
        """The items in an order of this run."""
        result = list(items)
        self.fresh.shuffle(result)
        return result

    def jwt(self, claims: dict[str, Any]) -> str:
        """A signed token."""
        parts = [json.dumps(part, separators=(",", ":")).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
        encoded = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts]
        signature = base64.urlsafe_b64encode(self.fresh.randbytes(32)).rstrip(b"=").decode()
        return ".".join([*encoded, signature])

    def call(  # noqa: PLR0913 - every part has a default
        self,
        method: str,
        path: str,
        content: Any = None,
        *,
        status: int = 200,
        media: str = "application/json",
        headers: Sequence[tuple[str, str]] = (),
        sent: Any = None,
        service: str = "api",
    ) -> Exchange:
        """One exchange, with the headers that every answer carries."""
        text = content if isinstance(content, str | bytes) or content is None else json.dumps(content)
        usual = (
            ("date", http_date(self.now())),
            ("x-request-id", self.uuid()),
            ("server", "uvicorn" if self.environment == "local" else "Fly/7d2"),
        )
        typed = () if content is None else (("content-type", media),)
        request = json.dumps(sent) if isinstance(sent, dict | list) else sent
        return Exchange(
            service=service,
            timings=Timings(started=self.now().timestamp(), total=0.05),
            request=Request(
                method=method,
                url=self.url(service) + path,
                headers=(("content-type", "application/json"),) if sent else (),
                body=body_of(request),
            ),
            response=Response(status=status, headers=(*usual, *typed, *headers), body=body_of(text)),
        )


def body_of(content: str | bytes | None) -> Body:
    """A body as the recording client keeps it."""
    data = content.encode() if isinstance(content, str) else content or b""
    try:
        return Body(text=data.decode() or None, size=len(data), wire_size=len(data))
    except UnicodeDecodeError:
        return Body(data=data, size=len(data), wire_size=len(data))


def http_date(time: dt.datetime) -> str:
    """A time as headers write it."""
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT")


def iso(time: dt.datetime, digits: int = 0, zone: str = "Z") -> str:
    """ISO 8601 with so many digits of a second."""
    fraction = f".{time.microsecond:06d}"[: digits + 1] if digits else ""
    return time.strftime("%Y-%m-%dT%H:%M:%S") + fraction + zone
