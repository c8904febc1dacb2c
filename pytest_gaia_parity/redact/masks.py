"""What stands where a secret stood: `[masked:HEX8]`, with the form of a value that a machine made, `[masked:HEX8:hex64]`.

HEX8 is a keyed digest: equal secrets show as equal masks, differing ones as different masks, and without the key a mask
tells nothing. The form keeps the comparison sharp: a token that turns from 43 characters to 22 is still found.
"""

from __future__ import annotations

import hashlib
import hmac
import re

MASK = re.compile(r"\[masked:[0-9a-f]{8}(?::[^\]]*)?\]")
#: characters from which on a form is told: a shorter value may be somebody's choice
_LONG = 16
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_FORMS = (("hex", re.compile(r"[0-9a-f]+")), ("HEX", re.compile(r"[0-9A-F]+")))
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")


class Masks:
    """The masks of one run.

    :param key: the same key gives the same masks.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, value: str, form: str | None = None) -> str:
        """The mask of a value; *form* replaces what the value looks like, as where it was found encoded."""
        digest = hmac.digest(self._key, value.encode("utf-8", "surrogatepass"), "sha256").hex()[:8]
        form = form_of(value) if form is None else form
        return f"[masked:{digest}:{form}]" if form else f"[masked:{digest}]"


def form_of(value: str) -> str:
    """What a value that a machine made looks like; empty for what somebody may have chosen.

    >>> form_of("hunter2"), form_of("0123456789abcdef"), form_of("ab-cd_ef-gh_ij-kl_mn")
    ('', 'hex16', 'b64 20')
    """
    if len(value) < _LONG:
        return ""
    if match := _UUID.fullmatch(value):
        return f"uuid{match[1].lower()}"
    for name, pattern in _FORMS:
        if pattern.fullmatch(value):
            return f"{name}{len(value)}"
    case = _case_of(value)
    # four characters hold three bytes: of a whole number of fours nobody can tell which alphabet was meant
    if len(value) % 4 and _TOKEN.fullmatch(value):
        return f"b64url{len(value)}{case}"
    return f"b64 {len(value)}{case}" if _BASE64.fullmatch(value) else ""


def _case_of(value: str) -> str:
    """Whether all letters are of one case, where there are so many that this is no chance."""
    letters = [letter for letter in value if letter.isalpha()]
    if len(letters) < _LONG or (lower := sum(map(str.islower, letters))) not in {0, len(letters)}:
        return ""
    return " lower" if lower else " UPPER"


def stretched(key: str) -> bytes:
    """A key of masks from what somebody gave, which may be short: each guess at it costs."""
    return hashlib.pbkdf2_hmac("sha256", key.encode("utf-8", "surrogateescape"), b"gaia-parity masks", 200_000)
