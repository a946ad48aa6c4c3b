"""Bodies to values: JSON or one `DecodeError` that says what came instead."""

from __future__ import annotations

import json
from typing import Any, Never

from kaizen_widgets.errors import DecodeError

MAX_BYTES = 32 * 1024 * 1024
"""The largest answer read, after decompression."""


def decode(body: bytes, content_type: str, *, method: str, url: str) -> Any:
    """Return the parsed body; None for an empty one.

    Raises:
        DecodeError: It is no JSON. Nothing of the body stands in the message.
    """
    if not body.strip():
        return None
    try:
        return json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        if "html" in content_type or body.lstrip()[:1] == b"<":
            what = "sent a web page where JSON was due; is this the address of the API?"
        elif isinstance(error, json.JSONDecodeError) and error.pos >= len(error.doc.rstrip()) - 1:
            what = f"sent JSON that breaks off after {len(body):,} bytes; try again."
        else:
            what = "sent something that is not JSON; is this the address of the API?"
        raise DecodeError(f"{method} {url} {what}", method=method, url=url) from None


def too_large(*, method: str, url: str) -> DecodeError:
    """Return the error for a body over `MAX_BYTES`."""
    return DecodeError(
        f"{method} {url} sent more than {MAX_BYTES // 2**20} MB; ask for less at once.",
        method=method,
        url=url,
    )


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is not JSON")
