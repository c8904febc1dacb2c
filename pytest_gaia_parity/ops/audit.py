"""Appends what was changed on a remote: who, when, what; names only."""

from __future__ import annotations

import contextlib
import datetime as dt
import getpass
import json
import os
import socket
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_gaia_parity.adapters.process import Mask


#: names, never values; the log is searched by them, and a variable may well hold the name of an app
_NAMES = frozenset({"event", "command", "target", "service", "app", "names", "removed"})


class Audit:
    """A JSON Lines file; two lines per change, before it and after it, so that one that was cut off can be seen.

    Without the first line nothing is changed. The second may fail to be written: the change is then told all the same.
    """

    def __init__(
        self,
        path: Path,
        *,
        mask: Mask = str,
        warn: Callable[[str], None] = lambda _: None,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self.path = path
        self._mask = mask
        self._warn = warn
        self._now = now

    @contextlib.contextmanager
    def change(self, command: str, **facts: Any) -> Iterator[dict[str, Any]]:
        """Frame a change; what is put into the yielded table goes into the closing line.

        :raises RefusedError: the log cannot be written, so nothing is changed.
        """
        about = {"command": command, **facts}
        try:
            self._append({**about, "event": "begin"})
        except OSError as error:
            raise RefusedError(
                f"the audit log '{self.path}' cannot be written ({error.strerror}), so nothing was changed",
                hint="make room, or set GAIA_PARITY_STATE to a folder that can be written",
            ) from None
        closing: dict[str, Any] = {"outcome": "done"}
        try:
            yield closing
        except BaseException as error:
            closing["outcome"] = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            closing.setdefault("reason", self._mask(str(error)).partition("\n")[0])
            raise
        finally:
            self._close({**about, "event": "end", **closing})

    def names_written(self, app: str, *, since: str) -> tuple[str, ...]:
        """The secrets of an app that were written from here after a moment, as far as this log goes back."""
        found: dict[str, None] = {}
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except OSError:
            return ()
        moment = _moment(since)
        for text in lines:
            line = _line(text)
            if line.get("app") == app and line.get("event") == "begin" and _moment(line.get("when", "")) > moment:
                found |= dict.fromkeys(line.get("names", ()))
        return tuple(found)

    def _close(self, line: dict[str, Any]) -> None:
        try:
            self._append(line)
        except OSError as error:
            self._warn(f"the change was made, but the audit log '{self.path}' cannot be written: {error.strerror}")

    def _append(self, line: dict[str, Any]) -> None:
        whole = {
            "when": self._now().isoformat(timespec="seconds"),
            "who": _user(),
            "host": socket.gethostname(),
            **{key: value if key in _NAMES else _masked(value, self._mask) for key, value in line.items()},
        }
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            # one write: lines of processes that append at once do not mix
            os.write(descriptor, (json.dumps(whole, ensure_ascii=False) + "\n").encode())
        finally:
            os.close(descriptor)


def _masked(value: Any, mask: Mask) -> Any:
    """The same with each text masked: an image or an error may hold what nobody expects there."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: _masked(one, mask) for key, one in value.items()}
    return [_masked(one, mask) for one in value] if isinstance(value, list | tuple) else value


def _line(text: str) -> dict[str, Any]:
    """A line of the log; an empty one for what was cut off when the disk was full."""
    try:
        line = json.loads(text)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}


def _moment(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return dt.datetime.min.replace(tzinfo=dt.UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no name for this uid, as in many containers
        return f"uid {os.getuid()}"
