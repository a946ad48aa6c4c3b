"""Users: who belongs to the organization; who is signed in is `auth`'s."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from kaizen_widgets.api.auth import User
from kaizen_widgets.api.endpoints import Endpoints
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.models import Input, UtcTime, read
from kaizen_widgets.api.pagination import SearchFilters, every, narrowed
from kaizen_widgets.api.resource import EditableResource

KEYS = query_keys.users

Name = Annotated[str, Field(min_length=1, max_length=100)]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
Role = Literal["org_owner", "org_admin", "developer", "viewer"]


class Member(User):
    """A user of the organization."""

    updated_at: UtcTime | None = None


class UserCreate(Input):
    """A new user of the organization, who can sign in with the password at once."""

    email: Email
    name: Name
    password: SecretStr = Field(min_length=8)
    role: Literal["org_admin", "developer", "viewer"] = "viewer"


class UserUpdate(Input):
    """What to change; what is not given stays. Roles and statuses are for owners and admins."""

    name: Name | None = None
    email: Email | None = None
    role: Role | None = None
    status: Literal["active", "suspended"] | None = None
    mfa_enabled: bool | None = None


class UserFilters(SearchFilters):
    """Which users to list; a search looks at names and emails."""

    status: Literal["active", "invited", "suspended", "deleted"] | None = None
    role: Role | None = None


class UserEndpoints(Endpoints):
    """The requests."""

    async def list(self, filters: UserFilters) -> list[Member]:
        """Return all users that fit, however many pages."""
        # The public server searches within each page, so a page of few hits would look like the last.
        params = filters.model_dump(exclude={"search"})
        found = await every(self._transport, "/users", params, "users")
        users = [read(Member, row, "user") for row in found]
        return narrowed(users, filters.search, filters.sort, ("name", "email"))

    async def get(self, id: str) -> Member:
        """Return one user."""
        return await self._one(Member, "user", "GET", "users", id)

    async def create(self, user: UserCreate) -> Member:
        """Add a user."""
        return await self._one(Member, "user", "POST", "users", json=user.model_dump())

    async def update(self, id: str, change: UserUpdate) -> Member:
        """Change a user."""
        body = change.model_dump(exclude_none=True)
        return await self._one(Member, "user", "PUT", "users", id, json=body)

    async def delete(self, id: str) -> None:
        """Take a user out of the organization."""
        await self._gone("users", id)


class Users(EditableResource):
    """Users through the cache; see `UserFilters`, `UserCreate` and `UserUpdate`."""

    keys = KEYS
    filters = UserFilters
    input = UserCreate
    change = UserUpdate
    endpoints: UserEndpoints
