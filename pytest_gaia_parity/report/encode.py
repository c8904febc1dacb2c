"""Values to JSON, whatever strings they hold."""

from __future__ import annotations

from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder()


def encode_json(value: Any) -> bytes:
    r"""Encode on one line; keys keep their order.

    A lone surrogate has no UTF-8 form and no reader would take it; it becomes its escape as text.

    >>> encode_json(["\ud800", 1])
    b'["\\\\ud800",1]'
    """
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        return _ENCODER.encode(_without_surrogates(msgspec.to_builtins(value)))


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_surrogates(item) for item in value]
    return value
