"""Error answers to errors: the server's three shapes, and FastAPI's own, become one tree.

The shapes are ``{"error": {"code", "message", "details"?}}``, ``{"error": "word", "message",
"retry_after"}`` and ``{"detail", "code"?}``. What a server says about its own mistakes is not passed on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kaizen_widgets.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    StatusError,
    UnauthorizedError,
)
from kaizen_widgets.transport.http_dates import http_date

KINDS: dict[int, type[StatusError]] = {
    400: InvalidInputError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    422: InvalidInputError,
    429: RateLimitedError,
}
PLACES = ("body.", "query.", "path.", "header.")
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
MAX_MESSAGE = 300
LONGEST = 365 * 86_400
"""Seconds; a server that names more means never."""


def status_error(
    status: int,
    payload: Any,
    *,
    method: str,
    url: str,
    retry_after: str | None = None,
    request_id: str = "",
    now: datetime,
) -> StatusError:
    """Return the error for an answer.

    Args:
        status: The HTTP status, 400 or more.
        payload: The parsed body, or None.
        method: Of the request.
        url: Of the request, without its query.
        retry_after: The header, in either form.
        request_id: The header, or what was sent.
        now: The time, the server's own if it told it, for a Retry-After that is a date.
    """
    code, message, details = read(payload)
    failed = status >= 500
    # A 500 may carry a traceback; a 503 says what is missing, such as a model's key.
    if not message or (failed and status != 503):
        message = "The server failed" if failed else "The server refused this"
    sentence = f"{message.rstrip('.')} ({method} {url}: {status}{f' {code}' if code else ''})."
    if details:
        fields = "; ".join(
            f"{field or 'input'}: {', '.join(said).rstrip('.')}" for field, said in details.items()
        )
        sentence = f"{sentence[:-1]}: {fields[:MAX_MESSAGE]}."
    wait = seconds(retry_after, now)
    if wait is None and isinstance(payload, Mapping):
        wait = seconds(payload.get("retry_after"), now)
    if wait and str(math.ceil(wait)) not in message:
        sentence = f"{sentence[:-1]}; try again in {math.ceil(wait):,} s."
    facts: dict[str, Any] = {
        "status": status,
        "code": code,
        "details": details,
        "retry_after": wait,
        "method": method,
        "url": url,
        "request_id": request_id or _request_id(payload),
    }
    return KINDS.get(status, StatusError)(sentence, **facts)


def read(payload: Any) -> tuple[str, str, dict[str, list[str]]]:
    """Return code, message and field details of an error body; empty what it does not say."""
    if not isinstance(payload, Mapping):
        return "", "", {}
    error = payload.get("error")
    if isinstance(error, Mapping):
        details = error.get("details")
        errors = details.get("errors") if isinstance(details, Mapping) else details
        return _text(error.get("code")), _text(error.get("message")), fields(errors)
    if isinstance(error, str):
        return _text(error), _text(payload.get("message")), {}
    detail = payload.get("detail")
    if isinstance(detail, str):
        return _text(payload.get("code")), _text(detail), {}
    return "", "", fields(detail)


def _request_id(payload: Any) -> str:
    error = payload.get("error") if isinstance(payload, Mapping) else None
    return _text(error.get("request_id")) if isinstance(error, Mapping) else ""


def fields(errors: Any) -> dict[str, list[str]]:
    """Return dotted field paths to messages; ``body.agent_type`` reads ``agent_type``."""
    found: dict[str, list[str]] = {}
    if not isinstance(errors, list):
        return found
    for error in errors:
        if not isinstance(error, Mapping):
            continue
        place = error.get("field", error.get("loc", ""))
        path = ".".join(map(str, place)) if isinstance(place, list) else str(place)
        for prefix in PLACES:
            if f"{path}.".startswith(prefix):
                path = path[len(prefix) :]
                break
        said = _text(error.get("message") or error.get("msg")) or "is not valid"
        found.setdefault(path, []).append(said)
    return found


def seconds(value: Any, now: datetime) -> float | None:
    """Return a Retry-After (seconds, or a date) as seconds from ``now``, or None."""
    if isinstance(value, str):
        text = value.strip()
        if not (text.isascii() and text.isdigit()):
            then = http_date(text)
            return None if then is None else max((then - now).total_seconds(), 0.0)
        value = float(text)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    # Whoever is told to wait for ever is told enough by a number that can be counted.
    return float(min(max(value, 0), LONGEST))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    text = " ".join(ANSI.sub("", value).split())
    return text if len(text) <= MAX_MESSAGE else f"{text[: MAX_MESSAGE - 3]}..."
