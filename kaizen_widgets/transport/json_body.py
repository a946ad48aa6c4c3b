"""Decode response bodies: JSON, or one `DecodeError` that says what arrived instead."""

from __future__ import annotations

import json
from typing import Any, Never

from kaizen_widgets.errors import DecodeError

MAX_BYTES = 32 * 1024 * 1024
"""The largest response that is read, after decompression."""


def decode_json(body: bytes, content_type: str, *, method: str, url: str) -> Any:
    """Return the parsed body; None for an empty one.

    Args:
        body: The body.
        content_type: Value of the Content-Type header.
        method: Method of the request, for the error.
        url: URL of the request without its query, for the error.

    Raises:
        DecodeError: It is not JSON. The message quotes nothing of the body.
    """
    if not body.strip():
        return None
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        if "html" in content_type or body.lstrip()[:1] == b"<":
            what = "sent a web page instead of JSON; is this the address of the API?"
        elif isinstance(error, json.JSONDecodeError) and error.pos >= len(error.doc.rstrip()) - 1:
            what = f"sent JSON that breaks off after {len(body):,} bytes; try again."
        else:
            what = "sent something that is not JSON; is this the address of the API?"
        raise DecodeError(f"{method} {url} {what}", method=method, url=url) from None


def too_large_error(*, method: str, url: str) -> DecodeError:
    """Return the error for a body of more than `MAX_BYTES`."""
    return DecodeError(
        f"{method} {url} sent more than {MAX_BYTES // 2**20} MB; request less at a time.",
        method=method,
        url=url,
    )


def _refuse_constant(constant: str) -> Never:
    raise ValueError(f"{constant} is not JSON")
