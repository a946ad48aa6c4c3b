"""Users of the organization; see `auth` for the signed-in user."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from kaizen_widgets.api.auth import User
from kaizen_widgets.api.endpoints import CrudEndpoints
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.models import RequestModel, UtcTime
from kaizen_widgets.api.pagination import SearchFilters
from kaizen_widgets.api.resource import EditableResource

Name = Annotated[str, Field(min_length=1, max_length=100)]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
Role = Literal["org_owner", "org_admin", "developer", "viewer"]


class Member(User):
    """A user of the organization."""

    updated_at: UtcTime | None = None


class UserCreate(RequestModel):
    """A new user of the organization, who can sign in with the password."""

    email: Email
    name: Name
    password: SecretStr = Field(min_length=8)
    role: Literal["org_admin", "developer", "viewer"] = "viewer"


class UserUpdate(RequestModel):
    """Changes to a user; fields that are not given are not changed.

    Only owners and admins may change roles and statuses.
    """

    name: Name | None = None
    email: Email | None = None
    role: Role | None = None
    status: Literal["active", "suspended"] | None = None
    mfa_enabled: bool | None = None


class UserFilters(SearchFilters):
    """Filters of a list of users; a search looks in names and e-mail addresses."""

    status: Literal["active", "invited", "suspended", "deleted"] | None = None
    role: Role | None = None


class UserEndpoints(CrudEndpoints[Member, Member]):
    """The requests about users."""

    resource, noun = "users", "user"
    row = detail_model = Member
    searched_fields = ("name", "email")

    async def _params(self, filters: SearchFilters) -> dict[str, Any]:
        # The public server searches each page separately, so a page with few hits looks like the last one.
        return filters.model_dump(exclude={"search"})


class Users(EditableResource[UserEndpoints]):
    """Users through the cache; see `UserFilters`, `UserCreate` and `UserUpdate`."""

    keys = query_keys.users
    filter_model = UserFilters
    create_model = UserCreate
    update_model = UserUpdate
