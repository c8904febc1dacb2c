"""A noisy environment: clocks, ids, counters, hosts, that differ between any two runs as real ones do."""

from __future__ import annotations

import base64
import datetime as dt
import json
import random
import string
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from pytest_gaia_parity.model.exchange import Body, Exchange, Headers, Request, Response, Timings
from pytest_gaia_parity.model.recording import Header, ServiceFacts

BASE62 = string.ascii_letters + string.digits
NAMES = ("Ada", "Grace", "Linus", "Barbara", "Alan", "Edsger", "Donald", "Frances")


def header(side: str) -> Header:
    """What preflight would have seen of a side."""
    url = {"local": "http://shop:8000", "dev": "http://gaia-shop-dev.internal:8000"}[side]
    pay = {"local": "http://pay:8000", "dev": "http://gaia-pay-dev.internal:8000"}[side]
    return Header(target=side, runs=2, services={"shop": ServiceFacts(url=url), "pay": ServiceFacts(url=pay)})


@dataclass
class World:
    """One run of one side.

    :param seed: of this run; what belongs to the side comes from *side* alone.
    """

    side: str
    run: int
    seed: int
    rng: random.Random = field(init=False)
    own: random.Random = field(init=False)
    now: float = field(init=False)
    exchanges: list[Exchange] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"{self.seed}/{self.side}/{self.run}")
        self.own = random.Random(f"{self.seed}/{self.side}")
        self.now = (
            1_767_000_000 + self.seed * 977 + {"local": 0, "dev": 41}[self.side] + self.run * 83 + self.rng.random()
        )

    # values

    @property
    def url(self) -> str:
        """Where the service is."""
        return header(self.side).services["shop"].url

    @property
    def pay_url(self) -> str:
        """Where the other service is."""
        return header(self.side).services["pay"].url

    def uuid(self, *, own: bool = False) -> str:
        """A random uuid; *own* is the same in all runs of a side."""
        return str(uuid.UUID(int=(self.own if own else self.rng).getrandbits(128), version=4))

    def hex(self, digits: int) -> str:
        """A digest."""
        return f"{self.rng.getrandbits(digits * 4):0{digits}x}"

    def token(self, length: int, alphabet: str = BASE62) -> str:
        """An opaque token."""
        return "".join(self.rng.choice(alphabet) for _ in range(length))

    def ulid(self) -> str:
        """A ULID of now."""
        alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        number = int(self.now * 1000) << 80 | self.rng.getrandbits(80)
        return "".join(alphabet[(number >> shift) & 31] for shift in range(125, -1, -5))

    def object_id(self) -> str:
        """An id of MongoDB."""
        return f"{int(self.now):08x}{self.rng.getrandbits(64):016x}"

    def number(self, least: int, most: int) -> int:
        """A number of this run."""
        return self.rng.randint(least, most)

    def random_name(self) -> str:
        """Somebody."""
        return NAMES[
            (self.run + 2 * (self.side == "dev")) % len(NAMES)
        ]  # the runs differ: else two samples cannot tell that it varies

    def tick(self) -> float:
        """Time passes."""
        self.now += self.rng.uniform(0.01, 0.2)
        return self.now

    def iso(self, *, digits: int = 6, zone: str = "Z", ahead: float = 0.0) -> str:
        """The time, as services write it."""
        moment = dt.datetime.fromtimestamp(self.tick() + ahead, dt.UTC)
        fraction = f".{moment.microsecond:06d}"[: digits + 1] if digits else ""
        return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}{zone}"

    def http_date(self) -> str:
        """The time, as headers write it."""
        return f"{dt.datetime.fromtimestamp(self.now, dt.UTC):%a, %d %b %Y %H:%M:%S} GMT"

    def jwt(self, **claims: Any) -> str:
        """A token whose signature was masked."""
        issued = int(self.now)
        payload = {"iss": "gaia", "iat": issued, "exp": issued + 3600, **claims}
        parts = [_b64({"alg": "HS256", "typ": "JWT"}), _b64(payload), f"[masked:{self.hex(8)}:b64url43]"]
        return ".".join(parts)

    # exchanges

    def call(  # noqa: PLR0913 - an exchange has so many parts
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        status: int = 200,
        headers: Headers = (),
        sent: Any = None,
        sent_headers: Headers = (),
        media: str = "application/json",
        query: dict[str, Any] | None = None,
    ) -> Any:
        """Record one exchange; returns the body."""
        started = self.tick()
        text = body if isinstance(body, str) else json.dumps(body) if body is not None else None
        noise: Headers = (
            ("date", self.http_date()),
            ("server", "uvicorn" if self.side == "local" else "Fly/3f202ae0d"),
            ("x-request-id", self.uuid()),
            ("content-length", str(len(text or ""))),
        )
        kind: Headers = (("content-type", media),) if text is not None else ()
        question = f"?{urlencode(query)}" if query else ""
        self.exchanges.append(
            Exchange(
                service="shop",
                request=Request(
                    method=method,
                    url=f"{self.url}{path}{question}",
                    headers=(("host", "x"), *sent_headers),
                    body=_body(json.dumps(sent) if sent is not None else None),
                ),
                response=Response(status=status, headers=(*noise, *kind, *headers), body=_body(text)),
                timings=Timings(started=started, total=0.01),
            )
        )
        return body


def _body(text: str | None) -> Body:
    size = len((text or "").encode())
    return Body(text=text, size=size, wire_size=size) if text else Body()


def _b64(tree: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(tree).encode()).decode().rstrip("=")
