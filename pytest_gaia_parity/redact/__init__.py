"""Masks of secrets: whoever writes goes through it.

`names` says which names hold secrets, `places` finds their values, `spellings` finds a known value in any encoding, `masks` says
what stands there instead, and `redactor` joins them.
"""

from pytest_gaia_parity.redact.masks import stretched
from pytest_gaia_parity.redact.redactor import Redactor

__all__ = ["Redactor", "stretched"]
