"""ETags: a client changes a resource only if it has not changed since the client read it.

The ETag of a resource is its ``updated_at``, which moves with every change of it or its parts. Routes tag
their responses with `tagged`; `RequestMiddleware` answers ``If-None-Match`` with 304. Every route that
changes a resource reads it with `Table.get_for_change`, which checks ``If-Match``; without that header the
last writer wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from fastapi import Response

from kaizen_widgets.server.base.api_errors import ApiError

R = TypeVar("R", bound=Mapping[str, Any])


def etag_of(row: Mapping[str, Any]) -> str:
    """Return the ETag of a row that has ``updated_at``."""
    # A sign-in does not change a user, but it shows in what a client reads.
    seen = row.get("last_login_at")
    return f'"{row["updated_at"]}/{seen}"' if seen else f'"{row["updated_at"]}"'


def tagged(response: Response, row: R) -> R:
    """Set a response's ``ETag`` to that of a row, and return the row."""
    response.headers["ETag"] = etag_of(row)
    return row


def matches(header: str, etag: str) -> bool:
    """Return whether an ``If-Match`` or ``If-None-Match`` header names an ETag."""
    named = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in named or etag in named


def check_unchanged(if_match: str | None, row: Mapping[str, Any], noun: str) -> None:
    """Refuse to change a row that has changed since the caller read it.

    Raises:
        ApiError: 412.
    """
    if if_match is not None and not matches(if_match, etag_of(row)):
        raise ApiError(412, f"The {noun} has changed since you read it: read it again and decide")
