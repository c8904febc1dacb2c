"""Which value was written last, without keeping it: keyed fingerprints beside the digest that followed each write.

Nothing on disk allows a value to be guessed: the fingerprint is an HMAC whose key never leaves the user's state folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import os
import secrets
from typing import TYPE_CHECKING

import msgspec

from pytest_gaia_parity.errors import ConfigError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a secret since it was written."""

    fingerprint: str
    #: what the server showed right after the write; opaque
    digest: str


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an app's secrets."""

    #: names the key the fingerprints were made with
    key: str = ""
    secrets: dict[str, Written] = {}
    #: whether something was staged whose deployment has not been seen to succeed
    pending: bool = False


class Fingerprints:
    """The folder of fingerprints, one file per app, and the key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, app: str) -> Known:
        """What is known of an app; nothing if it was never written from here, or with another key."""
        try:
            known = msgspec.json.decode(self._file(app).read_bytes(), type=Known)
        except (FileNotFoundError, msgspec.MsgspecError):
            return Known()
        return known if known.key == self._key_name() else Known(pending=known.pending)

    def write(self, app: str, secrets_: Mapping[str, Written], *, pending: bool) -> None:
        """Keep what is known of an app; whole or not at all."""
        known = Known(key=self._key_name(), secrets=dict(secrets_), pending=pending)
        self._put(self._file(app), msgspec.json.encode(known))

    def of(self, app: str, name: str, value: str) -> str:
        """The fingerprint of a value."""
        content = b"\0".join((app.encode(), name.encode(), value.encode("utf-8", "surrogatepass")))
        return hmac.new(self._key(), content, hashlib.sha256).hexdigest()

    @contextlib.contextmanager
    def locked(self, target: str) -> Iterator[None]:
        """Hold a target against other runs of this user.

        :raises RefusedError: another run holds it.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.folder / f"{target}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
                raise RefusedError(
                    f"'{target}' is being changed by another run (process {holder or 'unknown'}); nothing was changed",
                    hint="wait until it has ended, and run this again",
                ) from None
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(descriptor)

    def _file(self, app: str) -> Path:
        return self.folder / "secrets" / f"{app}.json"

    def _key_name(self) -> str:
        return hmac.new(self._key(), b"the name of this key", hashlib.sha256).hexdigest()[:16]

    def _key(self) -> bytes:
        """The key; made once, and by one of several processes at once."""
        path = self.folder / "key"
        with contextlib.suppress(FileNotFoundError):
            return _checked_key(path)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self.folder / f"key.{secrets.token_hex(8)}"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, secrets.token_bytes(32))
        finally:
            os.close(descriptor)
        with contextlib.suppress(FileExistsError):
            os.link(partial, path)
        partial.unlink()
        return _checked_key(path)

    def _put(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = path.with_suffix(f".{secrets.token_hex(8)}")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, content)
        finally:
            os.close(descriptor)
        partial.replace(path)


def _checked_key(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) < 32:
        raise ConfigError(f"'{path}' is no key of ours", hint=f"rm {path}: every secret is then written once more")
    return key


def without(known: Mapping[str, Written], names: Sequence[str]) -> dict[str, Written]:
    """What is known but for *names*."""
    return {name: written for name, written in known.items() if name not in names}
