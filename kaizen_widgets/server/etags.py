"""ETags: what a thing was when somebody read it, so that they change what they saw and nothing else.

The tag of a thing is its ``updated_at``, which moves with every change of it or its parts. A route tags its
answer with `tagged`; ``If-None-Match`` is then answered by `errors.EveryRequest` with 304. Whatever changes
something reads it by `rows.to_change`, which asks `check`; without ``If-Match`` the last writer wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from fastapi import Header, Response

from kaizen_widgets.server.errors import ApiError, matches

R = TypeVar("R", bound=Mapping[str, Any])

IfMatch = Annotated[
    str | None, Header(description="Change it only if its ETag is still this one (else 412).")
]


def etag_of(row: Mapping[str, Any]) -> str:
    """Return the ETag of a thing that has ``updated_at``."""
    # A user's last sign-in is no change of them, but shows.
    seen = row.get("last_login_at")
    return f'"{row["updated_at"]}/{seen}"' if seen else f'"{row["updated_at"]}"'


def tagged(response: Response, row: R) -> R:
    """Tag an answer with what it tells of; return it."""
    response.headers["ETag"] = etag_of(row)
    return row


def check(if_match: str | None, row: Mapping[str, Any], what: str) -> None:
    """Refuse to change what has changed meanwhile.

    Raises:
        ApiError: 412.
    """
    if if_match is not None and not matches(if_match, etag_of(row)):
        raise ApiError(412, f"The {what} was changed meanwhile: read it again and decide")
