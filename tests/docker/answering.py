"""Waits until URLs answer with a status: python -m tests.docker.answering SECONDS STATUS URL…; run on the engine's host."""

from __future__ import annotations

import sys
import time
import urllib.error
import urllib.request


def main() -> None:
    """Ask again and again, and tell what did not answer in time."""
    deadline = time.monotonic() + float(sys.argv[1])
    expected, waiting = int(sys.argv[2]), dict.fromkeys(sys.argv[3:], "not asked")
    while waiting and time.monotonic() < deadline:
        for url in list(waiting):
            waiting[url] = _status(url)
            if waiting[url] == str(expected):
                del waiting[url]
        time.sleep(0.02)  # between two questions
    if waiting:
        sys.exit(f"expected {expected}: {waiting}")


def _status(url: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return str(answer.status)
    except urllib.error.HTTPError as error:
        return str(error.code)
    except OSError as error:
        return str(error)


if __name__ == "__main__":
    main()
