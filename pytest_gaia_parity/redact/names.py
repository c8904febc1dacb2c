"""Which names hold a secret: of fields, parameters, headers, variables."""

from __future__ import annotations

import re
from functools import lru_cache

#: what a name ends with, without marks between its words, in lower case
_ENDS = (
    "password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "apikey", "privatekey", "secretkey",
    "signingkey", "encryptionkey", "accesskey", "authkey", "sessionkey", "authorization", "credential", "sessionid",
)  # fmt: skip
_WHOLE = frozenset({"session", "sessid", "sid", "jwt", "otp", "pin", "csrf", "xsrf", "cookie"})
#: names of several: the texts of a list are secrets; a text or a number under them says how many there are, or how they are
_PLURAL = ("passwords", "secrets", "tokens", "apikeys", "privatekeys", "credentials")
#: they end like a secret, and are places in a list
_CURSORS = ("pagetoken", "nexttoken", "previoustoken", "prevtoken", "continuationtoken", "cursortoken", "synctoken")

#: one of these is in every such name, in lower case: a text without them holds none
HINTS = (
    "passw", "passp", "passc", "pwd", "secret", "token", "key", "authorization", "credential", "session", "sessid",
    '"sid', "'sid", "<sid", "sid=", '"pin', "'pin", "<pin", "pin=", '"otp', "'otp", "<otp", "otp=", "jwt", "csrf", "xsrf", "cookie",
)  # fmt: skip


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a name says that its value is a secret.

    >>> is_secret_name("refreshToken"), is_secret_name("user[password]"), is_secret_name("X-Api-Key")
    (True, True, True)
    >>> is_secret_name("token_type"), is_secret_name("next_page_token"), is_secret_name("max_tokens")
    (False, False, False)
    """
    bare = _bare(name)
    return bare in _WHOLE or (bare.endswith(_ENDS) and not bare.endswith(_CURSORS))


@lru_cache(maxsize=4096)
def is_name_of_secrets(name: str) -> bool:
    """Whether a name says that the texts of a list are secrets, as `tokens` does."""
    return is_secret_name(name) or _bare(name) in _PLURAL


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
