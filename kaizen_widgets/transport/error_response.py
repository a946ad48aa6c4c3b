"""Turn error responses into exceptions: the server's three formats and FastAPI's own.

The formats are ``{"error": {"code", "message", "details"?}}``, ``{"error": "word", "message",
"retry_after"}`` and ``{"detail", "code"?}``. What a server says about its internal errors is not passed on.
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

ERROR_TYPES: dict[int, type[StatusError]] = {
    400: InvalidInputError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    422: InvalidInputError,
    429: RateLimitedError,
}
LOCATION_PREFIXES = ("body.", "query.", "path.", "header.")
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
MAX_MESSAGE = 300
MAX_RETRY_AFTER = 365 * 86_400
"""Longest Retry-After, in seconds; a longer one is shortened to it."""


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
    """Return the exception for an error response.

    Args:
        status: HTTP status, 400 or more.
        payload: Parsed body, or None.
        method: Method of the request.
        url: URL of the request, without its query.
        retry_after: Value of the Retry-After header, in either form.
        request_id: Value of the response's header, or the id that was sent.
        now: Current time, the server's own if known, for a Retry-After that is a date.
    """
    code, message, details = parse_error_body(payload)
    # A 500 may carry a traceback; a 503 says what is missing, such as a model's key.
    if not message or (status >= 500 and status != 503):
        message = "The server failed" if status >= 500 else "The server refused this"
    sentence = f"{message.rstrip('.')} ({method} {url}: {status}{f' {code}' if code else ''})."
    if details:
        listed = "; ".join(
            f"{field or 'input'}: {', '.join(messages).rstrip('.')}"
            for field, messages in details.items()
        )
        sentence = f"{sentence[:-1]}: {listed[:MAX_MESSAGE]}."
    wait = parse_retry_after(retry_after, now)
    if wait is None and isinstance(payload, Mapping):
        wait = parse_retry_after(payload.get("retry_after"), now)
    if wait and str(math.ceil(wait)) not in message:
        sentence = f"{sentence[:-1]}; try again in {_duration(wait)}."
    facts: dict[str, Any] = {
        "status": status,
        "code": code,
        "details": details,
        "retry_after": wait,
        "method": method,
        "url": url,
        "request_id": request_id or _request_id(payload),
    }
    return ERROR_TYPES.get(status, StatusError)(sentence, **facts)


def parse_error_body(payload: Any) -> tuple[str, str, dict[str, list[str]]]:
    """Return code, message and field errors of an error body; empty for what it does not say."""
    if not isinstance(payload, Mapping):
        return "", "", {}
    error = payload.get("error")
    if isinstance(error, Mapping):
        details = error.get("details")
        errors = details.get("errors") if isinstance(details, Mapping) else details
        return _text(error.get("code")), _text(error.get("message")), field_errors(errors)
    if isinstance(error, str):
        return _text(error), _text(payload.get("message")), {}
    detail = payload.get("detail")
    if isinstance(detail, str):
        return _text(payload.get("code")), _text(detail), {}
    return "", "", field_errors(detail)


def field_errors(errors: Any) -> dict[str, list[str]]:
    """Return messages by dotted field path; ``body.agent_type`` becomes ``agent_type``."""
    found: dict[str, list[str]] = {}
    if not isinstance(errors, list):
        return found
    for error in errors:
        if not isinstance(error, Mapping):
            continue
        location = error.get("field", error.get("loc", ""))
        path = ".".join(map(str, location)) if isinstance(location, list) else str(location)
        for prefix in LOCATION_PREFIXES:
            if f"{path}.".startswith(prefix):
                path = path[len(prefix) :]
                break
        message = _text(error.get("message") or error.get("msg")) or "is not valid"
        found.setdefault(path, []).append(message)
    return found


def parse_retry_after(value: Any, now: datetime) -> float | None:
    """Return a Retry-After (seconds, or a date) as seconds from ``now``; None if it is neither."""
    if isinstance(value, str):
        text = value.strip()
        if not (text.isascii() and text.isdigit()):
            then = http_date(text)
            if then is None:
                return None
            value = (then - now).total_seconds()
        else:
            value = float(text)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    return float(min(max(value, 0), MAX_RETRY_AFTER))


def _duration(seconds: float) -> str:
    """Return a duration in the unit that reads best, rounded up: "90 s", "15 min", "24 h"."""
    for size, unit, most in ((1, "s", 120), (60, "min", 120), (3600, "h", 72)):
        if math.ceil(seconds / size) <= most:
            return f"{math.ceil(seconds / size)} {unit}"
    return f"{math.ceil(seconds / 86_400)} days"


def _request_id(payload: Any) -> str:
    error = payload.get("error") if isinstance(payload, Mapping) else None
    return _text(error.get("request_id")) if isinstance(error, Mapping) else ""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    text = " ".join(ANSI.sub("", value).split())
    return text if len(text) <= MAX_MESSAGE else f"{text[: MAX_MESSAGE - 3]}..."
