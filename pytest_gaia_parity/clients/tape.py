"""What one test sent and saw, and which test that is now."""

from __future__ import annotations

import contextlib
import contextvars
import json
import threading
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from pytest_gaia_parity.errors import ConfigError
from pytest_gaia_parity.model.exchange import Body, Exchange, Failure, Observation, Request, Response
from pytest_gaia_parity.model.recording import ServiceFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import httpx

    from pytest_gaia_parity.model.recording import TestRecord
    from pytest_gaia_parity.redact import Redactor


class HasCookies(Protocol):
    """A client, sync or async."""

    cookies: httpx.Cookies


class Tape:
    """The exchanges of one test in the order in which it began them, and its observations. Thread-safe.

    Requests that are under way at once end in any order; that in which a test sends them is its own, and the same in each run.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun = 0
        self._exchanges: dict[int, Exchange] = {}
        self._observations: dict[str, Observation] = {}
        #: called before each request that may write
        self.before_write: Callable[[], None] = _at_once
        #: cookies that a body running ahead sees and sets: client → its own jar, and what was in it at first
        self.jars: dict[HasCookies, tuple[httpx.Cookies, list[str]]] = {}

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Those that have ended."""
        with self._lock:
            return tuple([self._exchanges[place] for place in sorted(self._exchanges)])

    @property
    def observations(self) -> tuple[Observation, ...]:
        """In the order in which they were made."""
        with self._lock:
            return tuple(self._observations.values())

    def cookies(self, client: HasCookies, shared: httpx.Cookies) -> httpx.Cookies:
        """The jar of this tape's test: at first what the shared one holds, then its own."""
        own = self.jars.get(client)
        if own is None:
            own = self.jars[client] = (type(shared)(shared), _contents(shared))
        return own[0]

    def settle(self) -> None:
        """The test's turn has come and gone: what it changed is there for later ones."""
        for client, (jar, before) in self.jars.items():
            if _contents(jar) != before:
                client.cookies = jar
        self.jars.clear()

    def begin(self) -> int:
        """The place of an exchange that begins now."""
        with self._lock:
            self._begun += 1
            return self._begun

    def add(self, exchange: Exchange, place: int) -> None:
        """Take an exchange that has ended."""
        with self._lock:
            self._exchanges[place] = exchange

    def observe(self, name: str, value: Any) -> None:
        """Record a value under a name that is new to this test.

        :raises ConfigError: the name was used before, or the value is not JSON data.
        """
        plain = _plain(name, value)
        with self._lock:
            if name in self._observations:
                raise ConfigError(
                    f"'{name}' was observed before in this test", hint="give each observation its own name"
                )
            self._observations[name] = Observation(name=name, value=plain)


class Recorder:
    """Says which tape takes what is sent now; none outside of tests."""

    def __init__(self) -> None:
        self._tape: Tape | None = None
        # a test body that runs in a thread of its own has a tape of its own
        self._own: contextvars.ContextVar[Tape | None] = contextvars.ContextVar("parity_tape", default=None)
        self._only_own = False

    @property
    def own(self) -> Tape | None:
        """The tape of this context, None where the running test's counts."""
        return self._own.get()

    @property
    def current(self) -> Tape | None:
        """The tape of this context, else the one of the running test.

        :raises ConfigError: many tests run at once, and this is a thread that one of them has started.
        """
        own = self._own.get()
        if own is None and self._only_own:
            raise ConfigError(
                "a request was sent by a thread of its own while many tests run at once: nobody knows whose it is",
                hint="mark the test with pytest.mark.parity(serial=True), or run the thread in contextvars.copy_context()",
            )
        return own or self._tape

    @contextlib.contextmanager
    def only_own(self) -> Iterator[None]:
        """While this is open there is no running test, only tapes of contexts."""
        self._only_own = True
        try:
            yield
        finally:
            self._only_own = False

    def use(self, tape: Tape | None) -> None:
        """Make *tape* that of the running test."""
        self._tape = tape

    def use_here(self, tape: Tape | None) -> None:
        """Make *tape* that of the current thread or task, whatever test is running elsewhere."""
        self._own.set(tape)


def _at_once() -> None:
    """Nobody has to be waited for."""


def _contents(cookies: httpx.Cookies) -> list[str]:
    return [repr(cookie) for cookie in cookies.jar]


def _plain(name: str, value: Any) -> Any:
    """The value as JSON reads it back: tuples become lists, and what changes later changes no record."""
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"'{name}': a {type(value).__name__} cannot be observed: {error}",
            hint="observe JSON data: dict, list, str, int, float, bool, None",
        ) from None


def mask_record(record: TestRecord, redactor: Redactor) -> TestRecord:
    """Mask all secrets of a record; what leaves the process that made it has gone through here.

    What stands in a credential's place, or under a secret's name, is then looked for everywhere else in the record.
    """
    by_place = redactor.by_place()
    masked = _mask_all(record, by_place)
    by_value = redactor.by_value(by_place, "\n".join(_texts(masked)), is_cut=any(map(_is_cut, _bodies(record))))
    return masked if by_value is None else _mask_all(masked, by_value)


def mask_facts(facts: ServiceFacts, redactor: Redactor) -> ServiceFacts:
    """Mask what preflight saw of a service: its health body may tell more than it should."""
    return msgspec.convert(redactor.value(msgspec.to_builtins(facts)), ServiceFacts)


def masker_of(exchanges: Iterable[Exchange], redactor: Redactor) -> Callable[[str], str]:
    """What masks a text that was printed while *exchanges* took place: also the secrets that these teach."""
    by_place = redactor.by_place()
    for exchange in exchanges:
        _mask_exchange(exchange, by_place)

    def mask(text: str) -> str:
        masked = by_place.text(text)
        by_value = redactor.by_value(by_place, masked)
        return masked if by_value is None else by_value.text(masked)

    return mask


def _texts(record: TestRecord) -> Iterator[str]:
    """All that a record says, to be searched in one pass."""
    yield record.message
    for exchange in record.exchanges:
        yield exchange.request.url
        yield from (value for _, value in exchange.request.headers)
        yield _text(exchange.request.body)
        if exchange.response is not None:
            yield from (value for _, value in exchange.response.headers)
            yield _text(exchange.response.body)
        if exchange.failure is not None:
            yield exchange.failure.message
    if record.observations:
        yield json.dumps([one.value for one in record.observations], ensure_ascii=False)


def _text(body: Body) -> str:
    return body.text if body.text is not None else (body.data or b"").decode("latin-1")


def _mask_all(record: TestRecord, redactor: Redactor) -> TestRecord:
    # the exchanges first: they teach what a message may repeat
    exchanges = tuple(_mask_exchange(exchange, redactor) for exchange in record.exchanges)
    return msgspec.structs.replace(
        record,
        message=redactor.text(record.message),
        exchanges=exchanges,
        observations=tuple(_mask_observation(one, redactor) for one in record.observations),
    )


def _mask_observation(one: Observation, redactor: Redactor) -> Observation:
    if not redactor.is_suspect(f'"{one.name}":{json.dumps(one.value, ensure_ascii=False)}'):
        return one
    return Observation(name=one.name, value=redactor.value(one.value, one.name))


def _mask_exchange(exchange: Exchange, redactor: Redactor) -> Exchange:
    request, response, failure = exchange.request, exchange.response, exchange.failure
    return msgspec.structs.replace(
        exchange,
        request=Request(
            method=request.method,
            url=redactor.url(request.url),
            headers=redactor.headers(request.headers),
            body=_mask_body(request.body, redactor),
        ),
        response=None
        if response is None
        else Response(
            status=response.status,
            reason=response.reason,
            http_version=response.http_version,
            headers=redactor.headers(response.headers),
            body=_mask_body(response.body, redactor),
        ),
        failure=None if failure is None else Failure(type=failure.type, message=redactor.text(failure.message)),
    )


def _bodies(record: TestRecord) -> Iterator[Body]:
    for exchange in record.exchanges:
        yield exchange.request.body
        if exchange.response is not None:
            yield exchange.response.body


def _is_cut(body: Body) -> bool:
    """Whether there was more than what was kept, and something was."""
    return (body.truncated or body.partial) and bool(body.text or body.data)


def _mask_body(body: Body, redactor: Redactor) -> Body:
    if body.text is not None:
        masked = redactor.text(body.text)
        if _is_cut(body):
            masked = redactor.cut(masked)
        return body if masked == body.text else msgspec.structs.replace(body, text=masked)
    if body.data:
        data = redactor.data(body.data)
        if _is_cut(body):
            data = redactor.cut(data.decode("latin-1")).encode("latin-1")
        return body if data == body.data else msgspec.structs.replace(body, data=data)
    return body
