"""Secret fields of a request body: revealed to the server only, and removed from what it sends back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import SecretStr

HIDDEN = "[hidden]"
MIN_LENGTH = 4
"""Shorter secrets are not removed: the gaps would give them away."""


def reveal_secrets(body: Any) -> tuple[Any, tuple[str, ...]]:
    """Return a body whose `SecretStr` fields are plain strings, and those strings."""
    if not isinstance(body, dict):
        return body, ()
    secrets = {
        name: value.get_secret_value()
        for name, value in body.items()
        if isinstance(value, SecretStr)
    }
    return ({**body, **secrets} if secrets else body), tuple(secrets.values())


def redact_secrets(secrets: tuple[str, ...], text: str) -> str:
    """Return ``text`` with the secrets replaced by a placeholder."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= MIN_LENGTH:
            text = text.replace(secret, HIDDEN)
    return text


def map_strings(function: Callable[[str], str], value: Any) -> Any:
    """Return parsed JSON with ``function`` applied to every string in it, except object names."""
    if isinstance(value, str):
        return function(value)
    if isinstance(value, dict):
        return {name: map_strings(function, item) for name, item in value.items()}
    return [map_strings(function, item) for item in value] if isinstance(value, list) else value
