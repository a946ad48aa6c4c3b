"""Secrets in a body: told to the server in the request alone, and taken out of what it says back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import SecretStr

HIDDEN = "[hidden]"
SHORTEST = 4
"""Shorter ones stay: without their letters a sentence would say more than with them."""


def told(body: Any) -> tuple[Any, tuple[str, ...]]:
    """Return a body whose fields that are a `SecretStr` are text, and those texts."""
    if not isinstance(body, dict):
        return body, ()
    secrets = {
        name: value.get_secret_value()
        for name, value in body.items()
        if isinstance(value, SecretStr)
    }
    return ({**body, **secrets} if secrets else body), tuple(secrets.values())


def without(secrets: tuple[str, ...], text: str) -> str:
    """Return ``text`` without the secrets."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST:
            text = text.replace(secret, HIDDEN)
    return text


def in_texts(change: Callable[[str], str], value: Any) -> Any:
    """Return parsed JSON with every text in it, but the names, changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: in_texts(change, item) for name, item in value.items()}
    return [in_texts(change, item) for item in value] if isinstance(value, list) else value
