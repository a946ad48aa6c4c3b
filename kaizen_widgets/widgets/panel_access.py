"""What the signed-in user may do, as panels ask it: whether, and why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kaizen_widgets.query import QueryClient
from kaizen_widgets.stores import AuthStore
from kaizen_widgets.stores.auth import ALL_POWERFUL


class PanelAccess:
    """The permissions of the signed-in user, and the query client of a studio or an `Api`.

    While the permissions are not known, everything is allowed here; the server still refuses.

    Args:
        resources: A `Studio`, an `Api`, or anything else with its resources as attributes.

    Attributes:
        session: Session of the user; None if ``resources`` has none.
        client: Query client of the resources.

    Raises:
        TypeError: ``resources`` has no query client.
    """

    def __init__(self, resources: Any) -> None:
        found = (getattr(resources, name, None) for name in ("auth", "session"))
        self.session: AuthStore | None = next(
            (each for each in found if isinstance(each, AuthStore)), None
        )
        client = getattr(resources, "query_client", None)
        if not isinstance(client, QueryClient):
            raise TypeError(
                f"A panel needs a Studio or an Api, such as AgentsPanel(studio), "
                f"not {type(resources).__name__}."
            )
        self.client = client

    @property
    def role(self) -> str:
        """Role of the user; empty if unknown."""
        user = None if self.session is None else self.session.user
        return str((user or {}).get("role") or "")

    def may(self, permission: str) -> bool:
        """Return whether the user has a permission such as ``agents:create``; True if that is not known."""
        session = self.session
        if not permission or session is None or not session.is_authenticated:
            return True
        if not session.permissions and self.role not in ALL_POWERFUL:
            return True
        return session.has_permission(permission)

    def reason(self, permission: str) -> str:
        """Return why the user may not do something, and who can help; empty if they may."""
        if self.may(permission):
            return ""
        role = f"your role is {self.role}" if self.role else "your role does not have it"
        return f"Needs {permission}; {role}. Ask an owner of the organization."

    def request(self, permission: str, noun: str) -> str:
        """Return a text that asks an owner for a permission; empty if none would help.

        Args:
            permission: The permission, such as ``teams:read``.
            noun: What the user wants to see, such as ``teams``.
        """
        if not permission:
            return ""
        user = (self.session.user if self.session is not None else None) or {}
        name, email = (str(user.get(field) or "")[:200] for field in ("name", "email"))
        who = f"{name} ({email})" if name and email else name or email
        role = f", with the role {self.role}" if self.role else ""
        signed = f"\nI am {who}{role}." if who else ""
        return (
            f"Please give me the permission {permission}, so that I can see {noun}: the studio refuses "
            f"it to me.{signed}"
        )

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call ``listener`` when the user or the permissions change; return the unsubscribe function."""
        if self.session is None:
            return lambda: None
        return self.session.subscribe(lambda _state, _previous: listener())

    def __repr__(self) -> str:
        return f"PanelAccess({self.role or 'role unknown'})"
